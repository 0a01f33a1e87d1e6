using System.IO;
using System.Net.Http;
using System.Net.Sockets;

namespace Rotato;

/// <summary>
/// A connection to an upstream, with two corrections of what HttpClient does with it.
/// <para>
/// An upstream may answer before it has read the whole request, and close. HttpClient would give up at the first write
/// that fails; here it goes on to read the answer, which the system has kept.
/// </para>
/// <para>
/// An upstream may send more than its answer. HttpClient notices that on a connection that was idle, but not where it
/// gives one that has just become free to a request that waits: it would take the surplus for the answer (RFC 9112
/// section 9.2). Here such a connection fails before anything is sent. Over TLS a request cannot be recognised here, so
/// there it holds only what HttpClient itself does.
/// </para>
/// </summary>
internal sealed class UpstreamStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private bool _takesNoMore;
    private bool _isWatched;
    private bool _mayHoldSurplus;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // With a read of no bytes HttpClient watches an idle connection, and the next read only fetches what it has
        // seen, perhaps while a request is still being sent. All others are of an answer to one that was sent.
        _mayHoldSurplus = !buffer.IsEmpty && !_isWatched;
        _isWatched = buffer.IsEmpty;
        return base.ReadAsync(buffer, cancellationToken);
    }

    /// <exception cref="HttpIOException">Nothing was sent, and nothing can be.</exception>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var holdsSurplus = _mayHoldSurplus && BeginsRequest(buffer.Span) && Socket.Poll(0, SelectMode.SelectRead);
        if (holdsSurplus) throw new HttpIOException(HttpRequestError.ConnectionError);
        _mayHoldSurplus = false;
        if (_takesNoMore) return ValueTask.CompletedTask;
        var writing = base.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? writing : AfterAsync(writing);
    }

    // And no part of a body, nor of a tunnel after a 101, where both sides may send at any time.
    private static bool BeginsRequest(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n"u8);
        return end > 0 && bytes[..end].EndsWith(" HTTP/1.1"u8);
    }

    private async ValueTask AfterAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (IOException)
        {
            _takesNoMore = true;
        }
    }
}
