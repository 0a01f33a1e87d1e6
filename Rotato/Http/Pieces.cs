using System.IO;
using System.Net;
using System.Net.Http;

namespace Rotato.Http;

/// <summary>A body that lies in pieces, as the framework wants it.</summary>
internal static class Pieces
{
    /// <summary>All pieces in a row; the last one may be filled in part.</summary>
    public static ReadOnlySequence<byte> Join(List<Memory<byte>> pieces, int filledOfLast)
    {
        if (pieces.Count == 0) return ReadOnlySequence<byte>.Empty;
        if (pieces.Count == 1) return new(pieces[0][..filledOfLast]);
        var first = new Piece(pieces[0]);
        var last = first;
        foreach (var memory in pieces[1..]) last = last.Append(memory);
        return new(first, 0, last, filledOfLast);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(Memory<byte> memory) => Memory = memory;

        public Piece Append(Memory<byte> memory)
        {
            var next = new Piece(memory) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}

/// <summary>The same body as what a request to the upstream carries.</summary>
internal sealed class BodyContent(ReadOnlySequence<byte> body) : HttpContent
{
    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        foreach (var piece in body) await stream.WriteAsync(piece);
    }

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        foreach (var piece in body) await stream.WriteAsync(piece, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
