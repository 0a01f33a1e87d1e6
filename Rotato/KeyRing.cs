namespace Rotato;

/// <summary>One request's place in the ring: for which model, since when, which keys it has tried, and the key it has now.</summary>
internal sealed class Turn(string model, TimeSpan arrival, TimeSpan deadline)
{
    public string Model => model;
    public TimeSpan Arrival => arrival;
    public TimeSpan Deadline => deadline;
    public List<ApiKey> Tried { get; } = [];
    public int Tries { get; set; }
    public TimeSpan SentAt { get; set; }

    /// <summary>How long until the soonest key, where the ring had none in time.</summary>
    public TimeSpan Soonest { get; set; }
    public TaskCompletionSource<ApiKey?>? Served { get; set; }
}

/// <summary>
/// The keys and the line before them. A request gets a ready key by the strategy, each key at most once a pass; where none is ready
/// it stands in line, first come first served, until one is or its time is over. One lock around everything: the keys are few.
/// Time is monotonic, counted from the start of the ring, so that setting the clock neither frees nor jails a key.
/// </summary>
internal sealed class KeyRing : IDisposable
{
    private static readonly TimeSpan LongRest = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly IStrategy _strategy;
    private readonly TimeSpan _wait;
    private readonly Action<string> _warn;
    private readonly long _started;
    private readonly ITimer _alarm;
    private readonly List<ApiKey> _ready = [];
    private readonly List<Turn> _line = [];
    private ApiKey? _last;

    public KeyRing(IReadOnlyList<ApiKey> keys, IStrategy strategy, TimeSpan wait, TimeProvider clock, Action<string> warn)
    {
        (Keys, _strategy, _wait, _clock, _warn) = (keys, strategy, wait, clock, warn);
        _started = clock.GetTimestamp();
        _alarm = clock.CreateTimer(_ => Serve(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public IReadOnlyList<ApiKey> Keys { get; }

    public TimeSpan Now => _clock.GetElapsedTime(_started);

    public int Waiting
    {
        get
        {
            lock (_lock) return _line.Count;
        }
    }

    public Turn Arrive(string model) => new(model, Now, Now + _wait);

    /// <summary>The next key for a request, or null where none can be ready before its deadline.</summary>
    public async ValueTask<ApiKey?> NextAsync(Turn turn, CancellationToken gone)
    {
        lock (_lock)
        {
            if (_line.Count > 0) ServeLine();
            if (Choose(turn) is { } key) return key;
            // The pass is over. Back in line it stands where it came, not behind those who came after it.
            turn.Tried.Clear();
            turn.Served = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _line.Insert(_line.FindLastIndex(other => other.Arrival <= turn.Arrival) + 1, turn);
            ServeLine();
        }

        try
        {
            return await turn.Served.Task.WaitAsync(gone);
        }
        finally
        {
            lock (_lock) _line.Remove(turn);
        }
    }

    /// <summary>What came of a request: counted, turned into a rest or the end of one, and those in line served if that helps.</summary>
    public void Report(ApiKey key, Turn turn, int status, Sign sign)
    {
        lock (_lock)
        {
            key.Count(status, sign);
            if (sign.Refused || sign.Rest is not null) Rest(key, turn, sign);
            else if (status < 500) key.Clear(turn.Model, turn.SentAt);
            if (_line.Count > 0) ServeLine();
        }
    }

    /// <summary>The keys as users may see them, all at one moment.</summary>
    public List<KeyView> Show()
    {
        lock (_lock) return [.. Keys.Select(key => key.Show(Now))];
    }

    public void Dispose() => _alarm.Dispose();

    // Keys of one organisation share its rate limit, so they rest together; a refused key rests alone.
    private void Rest(ApiKey key, Turn turn, Sign sign)
    {
        var sharers = Keys.Where(other => other == key || (!sign.WholeKey && other.Organisation is not null && other.Organisation == key.Organisation));
        foreach (var each in sharers)
        {
            var rested = each.Rest(sign.WholeKey ? "" : turn.Model, Now, turn.SentAt, sign);
            if (rested > LongRest) _warn($"key {each.Number} rests for {rested.TotalMinutes:0.#} minutes: {sign.Reason}");
        }
    }

    private ApiKey? Choose(Turn turn)
    {
        var now = Now;
        _ready.Clear();
        foreach (var key in Keys)
            if (key.ReadyAt(turn.Model, now) <= now && !turn.Tried.Contains(key)) _ready.Add(key);
        if (_ready.Count == 0) return null;
        _last = _strategy.Choose(_ready, _last);
        _last.Take(turn.Model, now);
        turn.SentAt = now;
        turn.Tries++;
        turn.Tried.Add(_last);
        return _last;
    }

    private void Serve()
    {
        lock (_lock) ServeLine();
    }

    // One walk along the line: whoever can be served is, whoever can no longer be in time is told so, and the alarm is set to the
    // moment at which the next of them changes. A model that has no key now has none for those behind either.
    private void ServeLine()
    {
        var (now, wake) = (Now, TimeSpan.MaxValue);
        var soonest = new Dictionary<string, TimeSpan>();
        for (var i = 0; i < _line.Count;)
        {
            var turn = _line[i];
            ApiKey? key = null;
            if (!soonest.TryGetValue(turn.Model, out var at) && (key = Choose(turn)) is null)
                soonest[turn.Model] = at = Keys.Min(each => each.ReadyAt(turn.Model, now));
            if (key is null && at <= turn.Deadline && now < turn.Deadline)
            {
                wake = new[] { wake, at, turn.Deadline }.Min();
                i++;
                continue;
            }

            turn.Soonest = at - now;
            _line.RemoveAt(i);
            turn.Served!.SetResult(key);
        }

        // Timers count whole milliseconds, rounded down: one more, or it would ring before the moment and again.
        if (_line.Count > 0) _alarm.Change(wake - now + TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
    }
}
