/// <summary>
/// What a client has sent and nobody has taken yet. Where the bytes come from is the caller's:
/// <paramref name="receive"/> fills a part of the memory it is given and says how much, at least one byte, or throws.
/// </summary>
internal sealed class Input(Func<Memory<byte>, ValueTask<int>> receive)
{
    // What field-vchar, SP and HTAB leave out (RFC 9110 s5.5). Bytes above 0x7F pass as they are.
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 128).Where(i => i is (< ' ' and not '\t') or 127).Select(i => (byte)i)]);
    private byte[] _buffer = new byte[Limits.Receive];
    private int _start;
    // Moved on by the receive that is under way: whoever sees it moved must see the bytes before it as well.
    private volatile int _end;
    private Task _filling = Task.CompletedTask;

    private Span<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    /// <summary>
    /// Takes one line without its CR LF, as Latin-1. A line ends at its first control character, and that must be the
    /// CR of a CR LF. So bare line ends, control characters and TLS sent to this port are refused by one rule, and as
    /// soon as they are seen: who speaks TLS sends no line end, and waits for an answer.
    /// </summary>
    public async ValueTask<string> LineAsync(int longest = Limits.RequestLine, ErrorCode tooLong = BadRequest)
    {
        var (seen, end) = (0, -1);
        while (end < 0 || end + 1 == seen)
        {
            await MoreAsync(seen);
            // Counted first: what a receive adds from here on has not been looked at.
            seen = Waiting.Length;
            end = Waiting[..seen].IndexOfAny(Controls);
            if ((end < 0 ? seen : end) > longest) throw new Refusal(tooLong, "Over 8 KiB a line or 32 KiB in all.");
            if (end >= 0 && !"\r\n"u8.StartsWith(Waiting[end..Math.Min(end + 2, seen)]))
                throw RequestHead.Bad("a line holds a control character; this port speaks HTTP/1.1");
        }

        var line = Encoding.Latin1.GetString(Waiting[..end]);
        _start += end + 2;
        return line;
    }

    /// <summary>Fills at least so much of <paramref name="room"/>; what has not come yet is received straight into
    /// it.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> room, int least)
    {
        if (Waiting.Length < least) await _filling;
        var taken = Math.Min(room.Length, Waiting.Length);
        Waiting[..taken].CopyTo(room.Span);
        for (_start += taken; taken < least; taken += await receive(room[taken..])) { }
        return taken;
    }

    /// <summary>Waits until there are more bytes than the caller has seen.</summary>
    public async ValueTask MoreAsync(int seen)
    {
        // The receive that is under way may end between two looks: it is awaited before the second.
        if (Waiting.Length <= seen) await _filling;
        if (Waiting.Length <= seen) await FillAsync();
    }

    /// <summary>Begins to receive behind what is there, unless that is under way: one at a time.</summary>
    public Task FillAsync() => _filling.IsCompleted ? _filling = ReceiveAsync() : _filling;

    private async Task ReceiveAsync()
    {
        if (_start == 0 && _end == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
        Waiting.CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        _end += await receive(_buffer.AsMemory(_end));
    }
}
