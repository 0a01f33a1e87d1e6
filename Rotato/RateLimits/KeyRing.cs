namespace Rotato.RateLimits;

/// <summary>
/// The keys and the line before them. A request gets a ready key by the strategy; while none is ready it stands in
/// line, first come first served. One lock around everything. Time is monotonic, so that setting the clock
/// neither ends nor extends a rest.
/// </summary>
/// <param name="strategy">Which of the ready keys is next.</param>
/// <param name="wait">How many seconds a request may stand in line.</param>
/// <param name="clock">The time.</param>
/// <param name="warn">Takes what people should know.</param>
internal sealed class KeyRing(Strategy strategy, int wait, TimeProvider clock, Action<string> warn)
{
    // Timers count whole milliseconds, rounded down: with one more the alarm never comes too early.
    private const double TimerGrain = 0.001;
    private const int MostPassesAhead = 3;

    private readonly Lock _lock = new();
    private readonly long _began = clock.GetTimestamp();
    private readonly RecentKeys _conversations = new();
    private KeyState[] _keys = [];
    private long _sent;

    private WaitingLine Line => field ??= new(TryTake, request => Readiness.Of(_keys, request, Now));

    public double Now => clock.GetElapsedTime(_began).TotalSeconds;
    public int Waiting => Line.Count;

    private ITimer Alarm => field ??=
        clock.CreateTimer(_ => OnAlarm(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Reads the keys under the lock.</summary>
    public T Show<T>(Func<KeyState[], double, T> show)
    {
        lock (_lock) return show(_keys, Now);
    }

    /// <summary>Takes other keys in place of all. Those that stay keep their state, but may be tried at once if they
    /// were unusable.</summary>
    public void Replace(KeyState[] keys)
    {
        lock (_lock)
        {
            foreach (var key in keys) key.Forgive();
            _keys = keys;
            ServeAll();
        }
    }

    /// <summary>Until when a request that comes now may wait.</summary>
    public double DeadlineFromNow => Now + wait;

    /// <summary>The next key for a request; null where none can be ready before its deadline.</summary>
    public async ValueTask<KeyState?> NextAsync(KeyRequest request, CancellationToken gone)
    {
        lock (_lock)
        {
            var isNobodyBefore = Line.GroupOf(request) is null;
            if (isNobodyBefore && TryTake(request) is { } key) return key;
            StandInLine(request);
        }

        try
        {
            return await request.Turn!.Task.WaitAsync(gone);
        }
        catch (OperationCanceledException)
        {
            Leave(request);
            throw;
        }
    }

    /// <summary>Takes what an answer says of its key, and gives until when the key now rests for such a
    /// request.</summary>
    public double Report(KeyState key, KeyRequest request, Evidence evidence, Verdict verdict)
    {
        lock (_lock)
        {
            var now = Now;
            var before = new RestWatch(key, request.Scope);
            var wasKnown = key.Organisation is not null;
            key.TakeEvidence(request, evidence, verdict, now);
            // Behind that: one request gives a limit one strike, which is that of its first refusal.
            if (Judgement.WantsNextKey(verdict)) request.Refusals.Record(key, verdict, evidence.Hint is not null);
            if (verdict == Verdict.Served) RecordServed(key, request, now);
            if (!wasKnown) Kinship.Tell(key, _keys, warn);
            var isAboutLimit = verdict == Verdict.Limited || evidence.EmptyFor is not null;
            if (isAboutLimit) Kinship.Share(key, request.Scope, _keys, before.RestThatHasBegun);
            before.Tell(now, warn);
            ServeAfter(verdict, request);
            return key.RestsUntil(request.Scope);
        }
    }

    /// <summary>A request has failed, or its client has left: that says nothing of the key.</summary>
    public void ReportFailure(KeyState key, KeyRequest request)
    {
        lock (_lock)
        {
            key.RecordFailure(request, Now);
            ServeScope(request);
        }
    }

    /// <summary>What was sent with a key has ended: its answer went to the client, or to nobody.</summary>
    public void End(KeyState key, int status)
    {
        lock (_lock)
        {
            key.RecordEnd(status);
            if (key.HasConcurrencyLimit) ServeAll();
        }
    }

    /// <summary>
    /// Whether every key has refused a request, and none said how long to wait: then the request is at fault and not
    /// they, and their strikes are taken back.
    /// </summary>
    public bool TryPardonKeys(KeyRequest request)
    {
        lock (_lock)
        {
            var now = Now;
            var usable = Array.FindAll(_keys, key => request.IsFor(key) && !key.IsUnusable(now));
            if (usable.Length == 0 || !usable.All(request.Refusals.BlameItBy)) return false;
            foreach (var key in usable) key.Scopes.Find(request.Scope)?.Limit.Pardon();
            return true;
        }
    }

    private void RecordServed(KeyState key, KeyRequest request, double now)
    {
        request.Refusals.CondemnSuspects(request.Scope, now, warn);
        // The conversation stays where the key knows what it holds.
        if (request.Refusals.SayAnotherKeyMadeIt) _conversations.Remember(request.Conversation, key.Number);
    }

    // Its turn may come at once: with a key, or with none if waiting cannot help.
    private void StandInLine(KeyRequest request)
    {
        if (HasHadItsTurns(request)) request.StandBehind(DeadlineFromNow);
        else if (IsSuspect(request)) request.StandBehind(Readiness.Of(_keys, request, Now).RestsUntil + wait);
        request.Turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Line.Serve(Line.Add(request), Now);
        SetAlarm();
    }

    // Refused again and again, by whatever it asks for, it must not take every trial from others.
    private bool HasHadItsTurns(KeyRequest request) => request.Tries >= MostPassesAhead * _keys.Length;

    // Every key has refused it once and not said how long to wait: perhaps the request is at fault. Those that come
    // before a key is ready again go first, so that it does not cost them a second rest.
    private bool IsSuspect(KeyRequest request) => request.Tries > 0
        && Array.TrueForAll(_keys, key => !request.MayUse(key) || request.Refusals.AreWithoutHintBy(key));

    private void OnAlarm()
    {
        lock (_lock)
        {
            var now = Now;
            foreach (var group in Line.InOrder)
                if (group.NextEvent <= now) Line.Serve(group, now);
            SetAlarm();
        }
    }

    // A served or limited request changes one scope of its key; anything else may change the whole key.
    private void ServeAfter(Verdict verdict, KeyRequest request)
    {
        if (verdict is Verdict.Served or Verdict.SaysNothing or Verdict.Limited) ServeScope(request);
        else ServeAll();
    }

    private void ServeScope(KeyRequest request)
    {
        if (Line.Count == 0) return;
        foreach (var group in Line.OfScope(request.Api, request.Scope)) Line.Serve(group, Now);
        SetAlarm();
    }

    private void ServeAll()
    {
        if (Line.Count == 0) return;
        foreach (var group in Line.InOrder) Line.Serve(group, Now);
        SetAlarm();
    }

    // A client that leaves in the moment in which its request is served gives the key back.
    private void Leave(KeyRequest request)
    {
        lock (_lock)
        {
            Line.Remove(request);
            if (!request.Turn!.Task.IsCompletedSuccessfully || request.Turn.Task.Result is not { } key) return;
            key.TakeBackSend(request.Scope, request.SentAt, Now);
            ServeAll();
        }
    }

    private void SetAlarm()
    {
        var next = Line.NextEvent;
        if (double.IsPositiveInfinity(next)) return;
        var seconds = Math.Max(0, next - Now) + TimerGrain;
        Alarm.Change(TimeSpan.FromSeconds(seconds), Timeout.InfiniteTimeSpan);
    }

    private KeyState? TryTake(KeyRequest request)
    {
        var now = Now;
        var preferred = request.Conversation == "" ? null : _conversations.Of(request.Conversation);
        var key = KeyChoice.Best(_keys, request, strategy, preferred, now);
        if (key is null) return null;
        _sent++;
        key.RecordSend(request.Scope, now, _sent);
        request.RecordSend(now);
        return key;
    }
}
