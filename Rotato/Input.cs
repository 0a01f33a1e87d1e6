/// <summary>
/// What a client has sent and nobody has taken yet. Where the bytes come from is the caller's:
/// <paramref name="receive"/> fills a part of the memory it is given and says how much, at least one byte, or throws.
/// </summary>
internal sealed class Input(Func<Memory<byte>, ValueTask<int>> receive)
{
    private byte[] _buffer = new byte[2048];
    private int _start, _end;
    private Task _filling = Task.CompletedTask;

    private ReadOnlySpan<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Takes one line without its CR LF, as Latin-1. A line that ends in anything else is refused.</summary>
    public async ValueTask<string> LineAsync(int longest, ErrorCode tooLong)
    {
        var (seen, end) = (0, -1);
        while (end < 0 && seen < longest + 2)
        {
            await MoreAsync(seen);
            // TLS, most likely: no line of HTTP begins so, and its sender now waits for an answer.
            if (Waiting is [< (byte)' ' and not (byte)'\r', ..]) throw RequestHead.Bad("this port speaks HTTP/1.1");
            // Counted first: what a receive adds from here on has not been looked at.
            seen = Waiting.Length;
            end = Waiting[..seen].IndexOf((byte)'\n');
        }

        if (end < 0 || end > longest + 1) throw new Refusal(tooLong, "Over 8 KiB a line or 32 KiB in all; send less.");
        if (end == 0 || Waiting[end - 1] != '\r') throw RequestHead.Bad("a line does not end in CR LF");
        var line = Encoding.Latin1.GetString(Waiting[..(end - 1)]);
        _start += end + 1;
        return line;
    }

    /// <summary>Fills all of <paramref name="room"/>; what has not come yet is received straight into it.</summary>
    public async ValueTask ReadAsync(Memory<byte> room)
    {
        if (room.Length > Waiting.Length) await _filling;
        var taken = Math.Min(room.Length, Waiting.Length);
        Waiting[..taken].CopyTo(room.Span);
        for (_start += taken; taken < room.Length; taken += await receive(room[taken..])) { }
    }

    /// <summary>Takes all that is there, at least one byte.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync()
    {
        await MoreAsync(0);
        var taken = _buffer.AsMemory(_start, Waiting.Length);
        _start += taken.Length;
        return taken;
    }

    /// <summary>Waits until there are more bytes than the caller has seen.</summary>
    public async ValueTask MoreAsync(int seen)
    {
        // The receive that is under way may end between two looks: it is awaited before the second, and only then may
        // another begin, or that one would wait for bytes behind those that nobody has seen.
        // Why it may have failed is no matter: if the client has gone, so does the other.
        if (Waiting.Length <= seen) await _filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Waiting.Length <= seen) await FillAsync();
    }

    /// <summary>Begins to receive behind what is there, unless that is under way.</summary>
    public Task FillAsync() => _filling.IsCompleted ? _filling = ReceiveAsync() : _filling;

    private async Task ReceiveAsync()
    {
        if (_start == 0 && _end == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
        Waiting.CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        _end += await receive(_buffer.AsMemory(_end));
    }
}
