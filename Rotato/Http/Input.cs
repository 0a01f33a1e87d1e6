namespace Rotato.Http;

/// <summary>
/// What a client has sent and nobody has taken yet. One receive may be under way while others look at what is there:
/// it writes behind <c>_end</c> and then moves <c>_end</c> on. Nobody else moves <c>_end</c>, and nobody moves the
/// bytes, while it is under way. Only the reader of requests moves <c>_start</c>.
/// </summary>
/// <param name="receive">Fills a part of the memory that it is given and tells how much, at least one byte; throws
/// where the client has gone.</param>
internal sealed class Input(Func<Memory<byte>, ValueTask<int>> receive)
{
    private const int FirstSize = 2048;
    private const int LongestLine = 8192;

    // What ends a line or has no place in one. Bytes above 0x7F pass.
    private static readonly SearchValues<byte> ControlBytes = SearchValues.Create(
        [.. Enumerable.Range(0, 128).Select(code => (byte)code).Where(b => char.IsControl((char)b) && b != '\t')]);

    private byte[] _buffer = new byte[FirstSize];
    private int _start;

    // Volatile: whoever sees it moved must see the bytes before it as well.
    private volatile int _end;
    private Task _receiving = Task.CompletedTask;

    // Guards the beginning of a receive.
    private readonly Lock _lock = new();
    private bool _isWatching;

    /// <summary>Whether nothing is there that nobody has taken.</summary>
    public bool IsEmpty => _start == _end;

    private Span<byte> Waiting => _buffer.AsSpan(_start, _end - _start);

    /// <summary>
    /// Takes one line without its CR LF, as Latin-1. A line ends at its first control character, and that must be the
    /// CR of a CR LF. So bare line ends, control characters and TLS are refused by one rule, and as soon as they are
    /// seen: a client that speaks TLS sends no line end, and waits for an answer.
    /// </summary>
    /// <param name="longest">Bytes at most.</param>
    /// <param name="tooLong">What a longer one is refused with.</param>
    public async ValueTask<string> LineAsync(int longest = LongestLine, ErrorCode? tooLong = null)
    {
        while (true)
        {
            // Counted once: what a receive adds from here on has not been looked at.
            var seen = Waiting.Length;
            if (TakeLine(seen, longest, tooLong ?? ErrorCode.BadRequest) is { } line) return line;
            await MoreThanAsync(seen);
        }
    }

    /// <summary>Takes what is there, at least one byte; what has not come yet is received straight into the
    /// room.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> room)
    {
        // One that has failed, because a deadline was over, is forgotten: after that there may be a new deadline.
        if (IsEmpty && !_receiving.IsCompleted) await _receiving;
        if (IsEmpty) return await receive(room);
        var count = Math.Min(room.Length, Waiting.Length);
        Waiting[..count].CopyTo(room.Span);
        _start += count;
        return count;
    }

    /// <summary>
    /// Waits for the first byte of a request. One empty line before it is no part of it: some clients end a body with
    /// one (RFC 9112 section 2.2).
    /// </summary>
    public async ValueTask WaitForRequestAsync()
    {
        await MoreThanAsync(0);
        if (Waiting[0] != '\r') return;
        await MoreThanAsync(1);
        if (Waiting[1] != '\n') return;
        _start += 2;
        await MoreThanAsync(0);
    }

    /// <summary>Waits until there are more bytes than the caller has seen.</summary>
    public ValueTask MoreThanAsync(int seen) =>
        Waiting.Length > seen ? ValueTask.CompletedTask : WaitForMoreThanAsync(seen);

    /// <summary>
    /// Receives on, until <see cref="StopWatching"/>, while nobody reads: only so the client's going away is noticed,
    /// also behind bytes that it has sent too early. Of these as many are kept as there is room for.
    /// </summary>
    public void Watch()
    {
        lock (_lock)
        {
            _isWatching = true;
            _ = BeginReceive();
        }
    }

    /// <summary>Somebody reads again. A receive that is under way goes on.</summary>
    public void StopWatching()
    {
        lock (_lock) _isWatching = false;
    }

    /// <summary>Begins to receive behind what is there, unless a receive is under way.</summary>
    public Task BeginReceive()
    {
        lock (_lock) return _receiving.IsCompleted ? BeginNext() : _receiving;
    }

    // A line that is there with its end; null if more of it has to come.
    private string? TakeLine(int seen, int longest, ErrorCode tooLong)
    {
        var bytes = Waiting[..seen];
        var end = bytes.IndexOfAny(ControlBytes);
        var isOpen = end < 0;
        if ((isOpen ? seen : end) > longest) throw TooLong(tooLong);
        if (isOpen) return null;
        var ending = bytes[end..];
        // The byte behind it has not come yet.
        if (ending is [(byte)'\r']) return null;
        if (!ending.StartsWith("\r\n"u8)) throw NoLine(bytes);
        _start += end + 2;
        return Encoding.Latin1.GetString(bytes[..end]);
    }

    private async ValueTask WaitForMoreThanAsync(int seen)
    {
        // The receive that is under way may end between two looks: it is awaited before the second.
        await _receiving;
        if (Waiting.Length > seen) return;
        await BeginReceive();
    }

    private async Task ReceiveAsync()
    {
        MoveToFront();
        var count = await receive(_buffer.AsMemory(_end));
        // Behind the receive: whoever sees it moved must see the bytes.
        _end += count;
        WatchOn();
    }

    // Not by awaiting one receive after the other in a method of its own: where two wait for one task, the runtime
    // resumes one of them on another thread.
    private void WatchOn()
    {
        lock (_lock)
        {
            if (!_isWatching) return;
            var isFull = Waiting.Length == _buffer.Length;
            if (!isFull) _ = BeginNext();
        }
    }

    private Task BeginNext()
    {
        var receiving = ReceiveAsync();
        // One that has ended already may have begun another, which is then the one that is under way.
        if (!receiving.IsCompleted) _receiving = receiving;
        return receiving;
    }

    private void MoveToFront()
    {
        if (_start == 0 && _end == _buffer.Length) Array.Resize(ref _buffer, 2 * _buffer.Length);
        Waiting.CopyTo(_buffer);
        _end -= _start;
        _start = 0;
    }

    private static Refusal NoLine(ReadOnlySpan<byte> bytes)
    {
        // The header of a TLS record that holds a handshake (RFC 8446 section 5.1).
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0x16, 0x03]))
        {
            return Refusal.Misdirected(
                ErrorCode.BadRequest, "This port speaks no TLS; give clients a base URL that begins with http://.");
        }

        return Refusal.BadRequest("a line holds a control character; this port speaks plain HTTP/1.1");
    }

    private static Refusal TooLong(ErrorCode code) => new(
        code, "The head of the request is too long: 8 KiB at most for its first line and 32 KiB for its fields.");
}
