namespace Rotato.Http;

/// <summary>
/// One request's body in memory, because it must be repeatable for the next key. It lies in pieces, so that it is never
/// copied, and what it holds counts against the bodies of all requests until it is disposed of: at most twice what has
/// come. Announced bytes that have not arrived do not count.
/// </summary>
/// <param name="mostBytes">The largest body.</param>
internal sealed class RequestBody(long mostBytes) : IDisposable
{
    private const long MostBytesInAll = 512L << 20;
    private const int SmallestPiece = 16 << 10;
    private const int LargestPiece = 1 << 20;

    // Large pieces of earlier bodies are freed only when the collector looks at them.
    private const long BytesWorthACollection = 4 << 20;

    // A client that sends without a pause must not keep the thread from all others, however small its chunks are.
    private const int ChunksATurn = 32;
    private const int BytesATurn = 64 << 10;

    private static long _bytesHeldInAll;

    // Never from a pool: an upstream that answers early leaves HttpClient still reading from them.
    private readonly List<Memory<byte>> _pieces = [];
    private int _filledOfLast;
    private int _bytesThisTurn;
    private bool _hasLength;
    private long _held;

    /// <summary>Bytes that have come.</summary>
    public long Length { get; private set; }

    /// <summary>The body; complete when it has been read.</summary>
    public ReadOnlySequence<byte> Content => Pieces.Join(_pieces, _filledOfLast);

    /// <exception cref="Refusal">More is announced than is allowed.</exception>
    public void CheckAnnounced(long? length)
    {
        if (length > mostBytes) throw TooLarge();
    }

    /// <summary>
    /// chunked-body = *( chunk-size [ chunk-ext ] CRLF chunk-data CRLF ) 1*"0" CRLF trailer-section CRLF (RFC 9112
    /// section 7.1), or as many bytes as announced.
    /// </summary>
    /// <exception cref="Refusal">Malformed, or larger than allowed.</exception>
    public async ValueTask ReadAsync(RequestHead head, Input input)
    {
        _hasLength = head.BodyLength is not null;
        if (head.BodyLength is { } length)
        {
            await AppendAsync(input, length);
            return;
        }

        for (var count = 1; ; count++)
        {
            var size = RequestFraming.ChunkSize(ChunkLine.SizeIn(await input.LineAsync()));
            if (size == 0) break;
            await AppendAsync(input, size);
            if (await input.LineAsync() != "") throw Refusal.BadRequest("a chunk is longer than its size says");
            if (count % ChunksATurn == 0) await Task.Yield();
        }

        // Trailers must be fields, and are dropped: nothing behind the body may still change what the head has said.
        var trailers = await HeadReader.ReadFieldsAsync(input);
        RequestHead.CheckFields(trailers);
    }

    public void Dispose()
    {
        Interlocked.Add(ref _bytesHeldInAll, -_held);
        _held = 0;
    }

    private async ValueTask AppendAsync(Input input, long more)
    {
        if (Length + more > mostBytes) throw TooLarge();
        while (more > 0)
        {
            var room = TakeRoom(more);
            var count = await input.ReadAsync(room);
            _filledOfLast += count;
            Length += count;
            more -= count;
            _bytesThisTurn += count;
            if (_bytesThisTurn < BytesATurn) continue;
            _bytesThisTurn = 0;
            await Task.Yield();
        }
    }

    // What is left of the last piece, or a new one.
    private Memory<byte> TakeRoom(long more)
    {
        if (_pieces.Count == 0 || _filledOfLast == _pieces[^1].Length) AddPiece(more);
        var left = _pieces[^1][_filledOfLast..];
        return left.Length > more ? left[..(int)more] : left;
    }

    private void AddPiece(long more)
    {
        var size = (int)Math.Clamp(Length, SmallestPiece, LargestPiece);
        // The end of a body in chunks is not known, and its chunks may be tiny.
        if (_hasLength && more < size) size = (int)more;
        _held += size;
        if (Interlocked.Add(ref _bytesHeldInAll, size) > MostBytesInAll)
            throw new Refusal(ErrorCode.TooBusy, "The bodies of all requests together fill the memory; try again.");
        if (Length < BytesWorthACollection && Length + size >= BytesWorthACollection) GC.Collect();
        _pieces.Add(new byte[size]);
        _filledOfLast = 0;
    }

    private static Refusal TooLarge() => new(
        ErrorCode.PayloadTooLarge, "The body is larger than --max-body allows; send less or raise it.");
}
