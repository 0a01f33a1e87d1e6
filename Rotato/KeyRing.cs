/// <summary>
/// One request at the ring: its model, until when it may wait, and how far it has come. Times are seconds of the ring's
/// clock.
/// </summary>
internal sealed class Turn(string model, double deadline)
{
    public readonly string Model = model;
    public double Deadline = deadline, SentAt;
    public readonly List<ApiKey> Tried = [];

    // Made when it stands in line; most never do.
    public TaskCompletionSource<ApiKey?> Served = null!;

    /// <summary>How long until a key is ready, where none was in time.</summary>
    public double Soonest;
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
    private readonly IStrategy _strategy = IStrategy.ByName(options.Strategy);
    private readonly ApiKey[] _keys = [.. options.Keys.Select((secret, i) => new ApiKey(i + 1, secret, options.Rpm))];
    private readonly List<Turn> _line = [];
    private long _sent;

    public double Now => clock.GetElapsedTime(_began).TotalSeconds;
    public int Waiting => _line.Count;
    private ITimer Alarm => field ??=
        clock.CreateTimer(_ => { lock (_lock) Serve(); }, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public Turn Arrive(string model) => new(model[..Math.Min(model.Length, Limits.ModelName)], Now + _wait);

    /// <summary>The next key for a request, or null where none can be ready before its deadline.</summary>
    public async ValueTask<ApiKey?> NextAsync(Turn turn, CancellationToken gone)
    {
        lock (_lock)
        {
            if (_line.Count == 0 && Choose(turn, Now) is { } key) return key;
            turn.Served = new(TaskCreationOptions.RunContinuationsAsynchronously);
            // Whoever comes back after a refusal stands where it came, not behind those who came later; but one that is
            // refused again and again, by whatever it asks for, must not take every trial from them.
            var isGreedy = turn.Tried.Count >= Limits.Passes * _keys.Length;
            _line.Insert(_line.FindLastIndex(other => isGreedy || other.Deadline <= turn.Deadline) + 1, turn);
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
            var (now, limit, isKnown) = (Now, key.LimitOf(turn, sign), key.Organisation is not null);
            var was = limit.Until;
            key.Report(turn, now, status, sign);
            var kin = Array.FindAll(_keys, other => other != key && other.Organisation == (key.Organisation ?? "?"));
            if (!isKnown && kin.Length == 1) warn($"{key} and {kin[0]} share their organisation's limit");
            var rest = limit.Until - now;
            // It was not they that were refused.
            var shared = sign with { Refused = false, Rest = rest };
            if (sign.Rests && !sign.WholeKey)
                Array.ForEach(kin, other => other.LimitOf(turn, sign).Rest(turn.SentAt, now, shared));
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
    // wait too. A key on trial may be free at any moment, so whoever waits for it is told only when its own time is
    // over.
    private void Serve()
    {
        var (now, closed) = (Now, new Dictionary<string, (double Until, double Ready)>());
        _line.RemoveAll(turn =>
        {
            if (!closed.TryGetValue(turn.Model, out var soonest))
            {
                if (Choose(turn, now) is { } key) return turn.Served.TrySetResult(key);
                soonest = (_keys.Min(key => key.RestsUntil(turn.Model)), _keys.Min(key => key.ReadyAt(turn.Model)));
                closed.Add(turn.Model, soonest);
            }

            turn.Soonest = Math.Max(0.01, soonest.Ready - now);
            return (soonest.Until > turn.Deadline || now >= turn.Deadline) && turn.Served.TrySetResult(null);
        });
        if (_line.Count == 0) return;
        // Timers count whole milliseconds, rounded down: one more, or it would ring before the moment.
        var next = _line.Min(turn => Math.Min(turn.Soonest, turn.Deadline - now));
        Alarm.Change(TimeSpan.FromSeconds(next + 0.001), Timeout.InfiniteTimeSpan);
    }

    // A first pass over the keys is always made; another one, over those that are ready again, only in time.
    private ApiKey? Choose(Turn turn, double now)
    {
        if (turn.Tried.Count >= _keys.Length && now > turn.Deadline) return null;
        var ready = _keys.Where(key => key.ReadyAt(turn.Model) <= now);
        if (ready.MaxBy(key => (-turn.Tried.Count(key.Equals), _strategy.Rank(key))) is not { } key) return null;
        key.Take(turn.Model, now, ++_sent);
        turn.SentAt = now;
        turn.Tried.Add(key);
        return key;
    }
}
