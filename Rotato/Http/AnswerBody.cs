using System.IO;
using System.Net.Http;

namespace Rotato.Http;

/// <summary>
/// The body of an answer. Its beginning can be looked at before anybody reads it, for a judgement. Whoever reads it
/// afterwards first gets the bytes that were seen, then those of a read that was still waiting (or the error that it
/// ended with), then the rest as it comes.
/// </summary>
internal sealed class AnswerBody(Stream stream)
{
    // The bytes that were seen, and how many of them have been read since.
    private byte[] _beginning = [];
    private int _seen;
    private int _read;

    // A read that is not over, or that has failed: its end belongs behind the bytes that were seen.
    private Task<int>? _pending;
    private bool _isAtEnd;

    /// <summary>The bytes that a look at the beginning has seen.</summary>
    public ReadOnlyMemory<byte> Beginning => _beginning.AsMemory(0, _seen);

    /// <summary>Is shown all bytes as they are read, and at the end none.</summary>
    public Action<ReadOnlyMemory<byte>>? Observer { get; set; }

    /// <summary>
    /// The first bytes. Where they are late or the answer breaks off, those that are there: the rest stays to be read.
    /// </summary>
    /// <param name="most">Bytes at most.</param>
    /// <param name="time">How long it may take.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancel">The end of the request.</param>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(
        int most, TimeSpan time, TimeProvider clock, CancellationToken cancel)
    {
        _beginning = new byte[most];
        var end = clock.GetTimestamp() + (long)(time.TotalSeconds * clock.TimestampFrequency);
        var isInTime = true;
        while (isInTime && !_isAtEnd && _seen < most)
        {
            var reading = ReadStreamAsync(_beginning.AsMemory(_seen), cancel);
            if (reading.IsCompletedSuccessfully) Take(await reading);
            else isInTime = await WaitAsync(reading.AsTask(), end, clock, cancel);
        }

        cancel.ThrowIfCancellationRequested();
        return Beginning;
    }

    /// <summary>Reads on, from the first byte; 0 at the end.</summary>
    public ValueTask<int> ReadAsync(Memory<byte> room, CancellationToken cancel) =>
        Observer is null ? ReadOnAsync(room, cancel) : ReadObservedAsync(room, cancel);

    private async ValueTask<int> ReadObservedAsync(Memory<byte> room, CancellationToken cancel)
    {
        var count = await ReadOnAsync(room, cancel);
        Observer?.Invoke(room[..count]);
        return count;
    }

    private ValueTask<int> ReadOnAsync(Memory<byte> room, CancellationToken cancel)
    {
        if (_read < _seen) return new(TakeSeen(room));
        if (_isAtEnd) return new(0);
        return _pending is null ? ReadStreamAsync(room, cancel) : ReadPendingAsync(room);
    }

    // HttpClient throws before it gives a task where the bytes that it holds already are malformed. What has come
    // before them must be treated as at any other error.
    private ValueTask<int> ReadStreamAsync(Memory<byte> room, CancellationToken cancel)
    {
        try
        {
            return stream.ReadAsync(room, cancel);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            return ValueTask.FromException<int>(e);
        }
    }

    // Whether it came in time, and whole.
    private async Task<bool> WaitAsync(Task<int> reading, long end, TimeProvider clock, CancellationToken cancel)
    {
        _pending = reading;
        var timeLeft = clock.GetElapsedTime(clock.GetTimestamp(), end);
        if (timeLeft < TimeSpan.Zero) return false;
        var inTime = reading.WaitAsync(timeLeft, clock, cancel);
        await ((Task)inTime).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCompletedSuccessfully) return false;
        await TakePendingAsync();
        return true;
    }

    private async ValueTask<int> ReadPendingAsync(Memory<byte> room)
    {
        await TakePendingAsync();
        return TakeSeen(room);
    }

    private async Task TakePendingAsync()
    {
        var count = await _pending!;
        _pending = null;
        Take(count);
    }

    private void Take(int count)
    {
        _seen += count;
        _isAtEnd = count == 0;
    }

    private int TakeSeen(Memory<byte> room)
    {
        var count = Math.Min(room.Length, _seen - _read);
        _beginning.AsMemory(_read, count).CopyTo(room);
        _read += count;
        return count;
    }
}
