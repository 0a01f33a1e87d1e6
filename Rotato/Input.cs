namespace Rotato;

/// <summary>
/// What a client has sent and nobody has taken yet. Where the bytes come from is the caller's:
/// <paramref name="receive"/> fills a part of the memory it is given and says how much, at least one byte, or throws.
/// </summary>
internal sealed class Input(Func<Memory<byte>, ValueTask<int>> receive)
{
    private byte[] _buffer = new byte[2048];
    private int _start, _end;
    private Task? _filling;

    public bool IsEmpty => _start == _end;

    /// <summary>Takes one line without its CR LF, as Latin-1. A line that ends in anything else is refused.</summary>
    public async ValueTask<string> LineAsync(int longest, ErrorCode tooLong)
    {
        int length;
        while ((length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n')) < 0 && _end - _start < longest + 2)
        {
            // TLS sent to this port, most likely: no line of HTTP begins so, and its sender waits for an answer.
            if (!IsEmpty && _buffer[_start] < ' ' && _buffer[_start] != '\r')
                throw RequestHead.Bad("this port speaks plain HTTP/1.1");
            await FillAsync();
        }

        if (length < 0 || length > longest + 1) throw new Refusal(tooLong, $"A line is longer than {longest} bytes.");
        if (length == 0 || _buffer[_start + length - 1] != '\r') throw RequestHead.Bad("a line does not end in CR LF");
        var line = Encoding.Latin1.GetString(_buffer, _start, length - 1);
        _start += length + 1;
        return line;
    }

    /// <summary>Fills all of <paramref name="room"/>; what has not come yet is received straight into it.</summary>
    public async ValueTask ReadAsync(Memory<byte> room)
    {
        if (_filling is { IsCompleted: false } && room.Length > _end - _start) await FillAsync();
        var taken = Math.Min(room.Length, _end - _start);
        _buffer.AsMemory(_start, taken).CopyTo(room);
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
    public Task FillAsync() => _filling is { IsCompleted: false } ? _filling : _filling = MoreAsync();

    private async Task MoreAsync()
    {
        if (_end == _buffer.Length || IsEmpty)
        {
            var bigger = _start == 0 && _end > 0 ? new byte[2 * _buffer.Length] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(bigger);
            (_buffer, _start, _end) = (bigger, 0, _end - _start);
        }

        _end += await receive(_buffer.AsMemory(_end));
    }
}
