namespace Rotato;

/// <summary>
/// What a client has sent and nobody has taken yet. Where the bytes come from is the caller's:
/// <paramref name="receive"/> fills a part of the memory it is given and says how much, at least one byte, or throws.
/// </summary>
internal sealed class Input(Func<Memory<byte>, ValueTask<int>> receive)
{
    private byte[] _buffer = new byte[2048];
    private int _start, _end;
    private Task _filling = Task.CompletedTask;

    public bool IsEmpty => _start == _end;
    private ReadOnlySpan<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Takes one line without its CR LF, as Latin-1. A line that ends in anything else is refused.</summary>
    public async ValueTask<string> LineAsync(int longest, ErrorCode tooLong)
    {
        int end;
        while ((end = Waiting.IndexOf((byte)'\n')) < 0 && Waiting.Length < longest + 2)
        {
            // TLS, most likely: no line of HTTP begins so, and its sender now waits for an answer.
            if (Waiting is [< (byte)' ' and not (byte)'\r', ..]) throw RequestHead.Bad("this port speaks HTTP/1.1");
            await FillAsync();
        }

        if (end < 0 || end > longest + 1) throw new Refusal(tooLong, $"A line is longer than {longest} bytes.");
        if (end == 0 || Waiting[end - 1] != '\r') throw RequestHead.Bad("a line does not end in CR LF");
        var line = Encoding.Latin1.GetString(Waiting[..(end - 1)]);
        _start += end + 1;
        return line;
    }

    /// <summary>Fills all of <paramref name="room"/>; what has not come yet is received straight into it.</summary>
    public async ValueTask ReadAsync(Memory<byte> room)
    {
        if (!_filling.IsCompleted && room.Length > Waiting.Length) await FillAsync();
        var taken = Math.Min(room.Length, Waiting.Length);
        Waiting[..taken].CopyTo(room.Span);
        for (_start += taken; taken < room.Length; taken += await receive(room[taken..])) { }
    }

    /// <summary>Takes all that is there, at least one byte.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> TakeAsync()
    {
        if (IsEmpty) await FillAsync();
        var taken = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return taken;
    }

    /// <summary>
    /// Receives more behind what is there. One receive at a time: a second caller gets the one under way.
    /// </summary>
    public Task FillAsync() => _filling.IsCompleted ? _filling = MoreAsync() : _filling;

    private async Task MoreAsync()
    {
        if (_start == 0 && _end == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
        Waiting.CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        _end += await receive(_buffer.AsMemory(_end));
    }
}
