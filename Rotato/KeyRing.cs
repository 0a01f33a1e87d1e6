/// <summary>
/// One request at the ring: its model, since when and until when it waits, and how far it has come. Times are seconds
/// of the ring's clock.
/// </summary>
internal sealed class Turn(string model, double arrival, int wait)
{
    public string Model => model;
    public double Arrival => arrival;
    public double Deadline { get; set; } = arrival + wait;
    public TaskCompletionSource<ApiKey?> Served { get; set; } = new();
    public int Tries { get; set; }
    public double SentAt { get; set; }

    /// <summary>How long until a key is ready, where none was in time.</summary>
    public double Soonest { get; set; }
}

/// <summary>
/// The keys and the line before them. A request gets a ready key by the strategy; while none is ready it stands in
/// line, first come first served. One lock around everything: the keys are few. Time is monotonic, so that setting the
/// clock neither frees nor jails a key.
/// </summary>
internal sealed class KeyRing(Options options, TimeProvider clock, Action<string> warn)
{
    private readonly Lock _lock = new();
    private readonly long _began = clock.GetTimestamp();
    private readonly int _wait = options.Wait;
    private readonly IStrategy _strategy = Strategies.ByName(options.Strategy);
    private readonly ApiKey[] _keys = [.. options.Keys.Select((secret, i) => new ApiKey(i + 1, secret, options.Rpm))];
    private readonly List<Turn> _line = [];
    private ApiKey? _last;

    public double Now => clock.GetElapsedTime(_began).TotalSeconds;
    public int Waiting => _line.Count;
    private ITimer Alarm => field ??=
        clock.CreateTimer(_ => { lock (_lock) Serve(); }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public Turn Arrive(string model) => new(model[..Math.Min(model.Length, Limits.ModelName)], Now, _wait);

    /// <summary>The next key for a request, or null where none can be ready before its deadline.</summary>
    public async ValueTask<ApiKey?> NextAsync(Turn turn, CancellationToken gone)
    {
        lock (_lock)
        {
            if (_line.Count == 0 && Choose(turn, Now) is { } key) return key;
            turn.Served = new(TaskCreationOptions.RunContinuationsAsynchronously);
            // Whoever comes back after a refusal stands where it came, not behind those who came later; but one that is
            // refused again and again, by whatever it asks for, must not take every trial from them.
            var place = _line.FindLastIndex(other => other.Arrival <= turn.Arrival) + 1;
            _line.Insert(turn.Tries < Limits.Passes * _keys.Length ? place : _line.Count, turn);
            Serve();
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

    /// <summary>What came of a request. Keys of one organisation share its rate limit, so they rest together.</summary>
    public void Report(ApiKey key, Turn turn, int status, Sign sign)
    {
        lock (_lock)
        {
            var (now, was) = (Now, key.ReadyAt(turn.Model));
            var isNews = key.Organisation is null && sign.Organisation is not null;
            key.Report(turn, now, status, sign);
            var others = Array.FindAll(_keys, other => other != key && other.Organisation == (key.Organisation ?? "?"));
            if (isNews && others.Length == 1) warn($"{key} and {others[0]} share their organisation's limit");
            // It was not they that sent the request, so it does not count among theirs.
            if (sign.Rests && !sign.WholeKey) Array.ForEach(others, other => other.Rest(turn, now, sign, isOwn: false));
            var rest = key.ReadyAt(turn.Model) - now;
            if (was - now <= 60 && rest > 60) warn($"{key} rests for {rest:0} s: {sign.Reason}");
            if (_line.Count > 0) Serve();
        }
    }

    public KeyView[] Show()
    {
        lock (_lock) return Array.ConvertAll(_keys, key => key.Show(Now));
    }

    // Under the lock: one walk along the line. Who can be served is, who can no longer be in time is told so, and the
    // alarm is set to the next change. Where one request finds no key for its model, those behind it that want the same
    // wait too. A key on trial may be free at any moment: whoever waits for it is told only when its own time is over.
    private void Serve()
    {
        var (now, soonest) = (Now, new Dictionary<string, (double Ready, double Rested)>());
        _line.RemoveAll(turn =>
        {
            var key = soonest.ContainsKey(turn.Model) ? null : Choose(turn, now);
            if (key is null) soonest.TryAdd(turn.Model, Soonest(turn.Model));
            var (ready, rested) = soonest.GetValueOrDefault(turn.Model);
            turn.Soonest = Math.Max(0, ready - now);
            var isOver = key is not null || now >= turn.Deadline || rested > turn.Deadline;
            return isOver && turn.Served.TrySetResult(key);
        });
        if (_line.Count == 0) return;
        var wake = _line.Min(turn => Math.Min(turn.Soonest, turn.Deadline - now));
        // Timers count whole milliseconds, rounded down: one more, or it would ring before the moment.
        Alarm.Change(TimeSpan.FromSeconds(wake + 0.001), Timeout.InfiniteTimeSpan);
    }

    private (double Ready, double Rested) Soonest(string model) =>
        (_keys.Min(key => key.ReadyAt(model)), _keys.Min(key => key.RestsUntil(model)));

    // A first pass over the keys is always made; another one, over those that are ready again, only in time.
    private ApiKey? Choose(Turn turn, double now)
    {
        var ready = Array.FindAll(_keys, key => key.ReadyAt(turn.Model) <= now);
        if (ready.Length == 0 || (turn.Tries >= _keys.Length && now > turn.Deadline)) return null;
        _last = _strategy.Choose(ready, _last);
        _last.Take(turn.Model, now);
        (turn.SentAt, turn.Tries) = (now, turn.Tries + 1);
        return _last;
    }
}
