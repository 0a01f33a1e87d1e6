/// <summary>
/// One request's body in memory, because it must be repeatable for the next key. Counts against the bodies of all
/// requests until it is disposed of.
/// </summary>
internal sealed class RequestBody(long max) : IDisposable
{
    private static long _heldInAll;

    // Never from a pool: an upstream that answers early leaves HttpClient still reading from it.
    private readonly MemoryStream _bytes = new();
    private long _held;

    public ReadOnlyMemory<byte> Content => _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);

    /// <summary>
    /// chunked-body = *( chunk-size CRLF chunk-data CRLF ) 1*"0" CRLF trailer-section CRLF (RFC 9112 s7.1), or a
    /// length.
    /// </summary>
    /// <exception cref="Refusal">Not a chunked body, or larger than allowed.</exception>
    public async ValueTask ReadAsync(RequestHead head, Input input)
    {
        if (head.Length is > 0 and var length) await AppendAsync(input, length);
        if (head.Length is not null) return;
        while (ParseSize(await LineAsync(input)) is > 0 and var size)
        {
            await AppendAsync(input, size);
            if (await LineAsync(input) != "") throw Bad();
        }

        // Trailers must be fields, and are dropped: nothing behind the body may still change what the head has said.
        for (var left = Limits.HeadFields; await LineAsync(input) is not "" and var trailer; left--)
        {
            RequestHead.ParseField(trailer);
            if (left == 0) throw Bad();
        }
    }

    public void Dispose() => Interlocked.Add(ref _heldInAll, -_held);

    private static ValueTask<string> LineAsync(Input input) => input.LineAsync(Limits.RequestLine, BadRequest);

    // 1*HEXDIG, at most eight, and checked before it is parsed: the parser lets trailing NULs pass, and sixteen
    // digits wrap around to a negative number. Chunk extensions are refused, not skipped: no client of an LLM API
    // sends them, and reading past them is where other parsers went wrong.
    private static long ParseSize(string line) => line.Length is > 0 and <= 8 && line.All(char.IsAsciiHexDigit)
        ? long.Parse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : throw Bad();

    private static Refusal Bad() => RequestHead.Bad("its chunked body is malformed");

    // Counted before there is room for it. The stream grows to a known length at once, and doubles for chunks, so that
    // many small ones do not copy the body many times.
    private async ValueTask AppendAsync(Input input, long more)
    {
        if (_held + more > max) throw new Refusal(PayloadTooLarge, "Over --max-body; send less or raise it.");
        _held += more;
        if (Interlocked.Add(ref _heldInAll, more) > Limits.BodiesInAll)
            throw new Refusal(TooBusy, "Bodies under way fill the memory; try again.");
        _bytes.SetLength(_held);
        await input.ReadAsync(_bytes.GetBuffer().AsMemory((int)(_held - more), (int)more));
    }
}
