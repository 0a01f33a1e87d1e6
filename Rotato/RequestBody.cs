/// <summary>
/// One request's body in memory, because it must be repeatable for the next key. There is room for sixteen times what
/// has come, at least for one piece, and that counts against the bodies of all requests until it is disposed of. What
/// is only announced does not: however many clients send nothing, they do not keep out the others.
/// </summary>
internal sealed class RequestBody(long max) : IDisposable
{
    private static long _heldInAll;

    // Never from a pool: an upstream that answers early leaves HttpClient still reading from it.
    private readonly MemoryStream _bytes = new();

    public ReadOnlyMemory<byte> Content => _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);

    /// <summary>
    /// chunked-body = *( chunk-size CRLF chunk-data CRLF ) 1*"0" CRLF trailer-section CRLF (RFC 9112 s7.1), or a
    /// length. Chunk extensions are refused, not skipped: no client of an LLM API sends them, and reading past them is
    /// where other parsers went wrong.
    /// </summary>
    /// <exception cref="Refusal">Not a chunked body, or larger than allowed.</exception>
    public async ValueTask ReadAsync(RequestHead head, Input input)
    {
        if (head.Length is { } length) await AppendAsync(input, length);
        if (head.Length is not null) return;
        while (RequestHead.ParseLength(await input.LineAsync(), 8, NumberStyles.AllowHexSpecifier) is > 0 and var size)
        {
            await AppendAsync(input, size);
            if (await input.LineAsync() != "") throw RequestHead.Bad("its chunked body is malformed");
        }

        // Trailers must be fields, and are dropped: nothing behind the body may still change what the head has said.
        await RequestHead.ReadFieldsAsync(input);
    }

    public void Dispose() => Interlocked.Add(ref _heldInAll, -_bytes.Capacity);

    private async ValueTask AppendAsync(Input input, long more)
    {
        if (_bytes.Length + more > max) throw new Refusal(PayloadTooLarge, "Over --max-body; send less or raise it.");
        for (int step; more > 0; more -= step)
        {
            step = (int)Math.Min(more, Math.Max(Limits.BodyPiece, 15 * _bytes.Length));
            var room = _bytes.Capacity;
            _bytes.SetLength(_bytes.Length + step);
            if (Interlocked.Add(ref _heldInAll, _bytes.Capacity - room) > Limits.BodiesInAll)
                throw new Refusal(TooBusy, "Bodies under way fill the memory; try again.");
            await input.ReadAsync(_bytes.GetBuffer().AsMemory((int)_bytes.Length - step, step), step);
        }
    }
}
