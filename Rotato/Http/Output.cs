namespace Rotato.Http;

/// <summary>
/// Writes answers to the client. Nothing is held back while the upstream pauses; what has come without a pause goes in
/// few sends. Where this throws, the answer is incomplete and the connection must be cut.
/// </summary>
/// <param name="send">Takes all of the bytes that it is given, or throws.</param>
/// <param name="deadline">Moved on at every step.</param>
internal sealed class Output(Func<ReadOnlyMemory<byte>, ValueTask> send, Deadline deadline)
{
    private const int SmallRoom = 1024;
    private const int LargeRoom = 16 << 10;

    // Kept from one answer to the next while small: to make them anew was a tenth of a request's processor time.
    private ArrayBufferWriter<byte> _unsent = new();
    private byte[] _room = new byte[SmallRoom];

    /// <summary>What the next answer begins with; empty before it is written.</summary>
    public StringBuilder Head { get; private set; } = new();

    /// <summary>Writes the head as Latin-1, and the body behind it as it comes.</summary>
    public async Task WriteAsync(AnswerBody body, AnswerFraming framing)
    {
        Encoding.Latin1.GetBytes(Head.ToString(), _unsent);
        Head.Clear();
        if (framing.HasBody) await CopyAsync(body, framing.IsChunked);
        await FlushAsync();
        DropLargeRooms();
    }

    private async Task CopyAsync(AnswerBody body, bool isChunked)
    {
        while (true)
        {
            var reading = body.ReadAsync(_room, deadline.Token);
            if (!reading.IsCompletedSuccessfully)
            {
                await FlushAsync();
                deadline.Enter(Phase.Upstream);
            }
            else if (_unsent.WrittenCount > _room.Length)
            {
                await FlushAsync();
                // An answer that comes without a pause must not keep the thread from all others.
                await Task.Yield();
            }

            var count = await reading;
            Append(_room.AsSpan(0, count), isChunked);
            if (count == 0) return;
            // A stream of events keeps the small room, for there may be thousands; a file gets a larger one.
            if (count == _room.Length && count < LargeRoom) _room = new byte[4 * count];
        }
    }

    // The last chunk is one of no bytes, and its end is that of the trailers, of which there are none.
    private void Append(ReadOnlySpan<byte> bytes, bool isChunked)
    {
        if (isChunked) Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n", _unsent);
        _unsent.Write(bytes);
        if (isChunked) _unsent.Write("\r\n"u8);
    }

    private async ValueTask FlushAsync()
    {
        deadline.Enter(Phase.Client);
        await send(_unsent.WrittenMemory);
        _unsent.ResetWrittenCount();
    }

    // Thousands of idle connections would each hold what their largest answer took.
    private void DropLargeRooms()
    {
        if (_unsent.Capacity <= 4 * SmallRoom) return;
        _unsent = new();
        Head = new();
        _room = new byte[SmallRoom];
    }
}
