namespace Rotato.Monitoring;

/// <summary>A request that has ended, as it may be shown.</summary>
/// <param name="Time">When it came.</param>
/// <param name="Request">What it was.</param>
/// <param name="Status">What its client got; 499 if the client left first.</param>
/// <param name="Key">The key that served it; null where none did.</param>
/// <param name="Tries">How many keys were tried.</param>
/// <param name="Seconds">How long it took in all.</param>
/// <param name="SecondsToHead">How long until its answer began; null where none did.</param>
/// <param name="IsCut">Whether its answer broke off.</param>
internal sealed record EndedRequest(DateTimeOffset Time, ShownRequest Request, int Status, int? Key, int Tries,
    double Seconds, double? SecondsToHead, bool IsCut);

/// <summary>What happened in the last ten minutes, and the last requests. Any thread may call it.</summary>
/// <param name="clock">The time.</param>
internal sealed class Journal(TimeProvider clock)
{
    public const int SecondsPerStep = 5;
    private const int Steps = 120;
    private const int MostRecent = 100;

    private readonly Lock _lock = new();
    private readonly long _began = clock.GetTimestamp();
    private readonly long[] _requests = new long[Steps];
    private readonly long[] _limited = new long[Steps];
    private readonly long[] _failed = new long[Steps];
    private readonly Queue<EndedRequest> _recent = new();
    private readonly SortedDictionary<int, long> _answers = [];
    private readonly Histogram _secondsToHead = new();
    private long _step;

    /// <summary>A request to an upstream has ended.</summary>
    public void RecordTry(int status)
    {
        lock (_lock)
        {
            AdvanceToNow();
            var step = _step % Steps;
            _requests[step]++;
            if (status == 429) _limited[step]++;
            else if (status >= 400) _failed[step]++;
        }
    }

    /// <summary>A client's request has ended.</summary>
    public void RecordEnd(EndedRequest request)
    {
        lock (_lock)
        {
            if (_recent.Count == MostRecent) _recent.Dequeue();
            _recent.Enqueue(request);
            _answers[request.Status] = _answers.GetValueOrDefault(request.Status) + 1;
            if (request.SecondsToHead is { } seconds) _secondsToHead.Add(seconds);
        }
    }

    /// <summary>The steps of the last ten minutes, the oldest first, and the running one at the end.</summary>
    public (long[] Requests, long[] Limited, long[] Failed) History()
    {
        lock (_lock)
        {
            AdvanceToNow();
            return (InOrder(_requests), InOrder(_limited), InOrder(_failed));
        }
    }

    /// <summary>The last requests, the newest first.</summary>
    public EndedRequest[] Recent()
    {
        lock (_lock) return [.. _recent.Reverse()];
    }

    /// <summary>How long clients waited for the heads of their answers.</summary>
    public Histogram SecondsToHead()
    {
        lock (_lock) return _secondsToHead.Copy();
    }

    /// <summary>How many answers clients got, by status.</summary>
    public (int Status, long Count)[] Answers()
    {
        lock (_lock) return [.. _answers.Select(pair => (pair.Key, pair.Value))];
    }

    // Empties the steps that have begun since the last look.
    private void AdvanceToNow()
    {
        var now = (long)clock.GetElapsedTime(_began).TotalSeconds / SecondsPerStep;
        if (now - _step >= Steps) _step = now - Steps;
        while (_step < now)
        {
            _step++;
            _requests[_step % Steps] = 0;
            _limited[_step % Steps] = 0;
            _failed[_step % Steps] = 0;
        }
    }

    private long[] InOrder(long[] ring)
    {
        var first = (int)((_step + 1) % Steps);
        return [.. ring[first..], .. ring[..first]];
    }
}
