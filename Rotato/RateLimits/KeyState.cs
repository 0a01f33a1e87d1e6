namespace Rotato.RateLimits;

/// <summary>Limits that the user has set for every key.</summary>
/// <param name="RequestsAMinute">At most so many in any 60 seconds; null for no such limit.</param>
/// <param name="Concurrent">At most so many under way; null for no such limit.</param>
internal sealed record KeyRules(int? RequestsAMinute, int? Concurrent);

/// <summary>
/// What is known of one API key and its limits, but not the key itself: that is a number here. Times are seconds of the
/// ring's clock. Guarded by the ring's lock.
/// </summary>
/// <param name="number">From 1.</param>
/// <param name="hint">What people may see of it; null for a short one.</param>
/// <param name="api">The API that it belongs to.</param>
/// <param name="rules">Limits that the user has set.</param>
internal sealed class KeyState(int number, string? hint, Api api, KeyRules rules)
{
    private const double DeadSeconds = 600;
    private const double UnpaidSeconds = 3600;
    private const double NoAccessSeconds = 600;

    private readonly RequestsAMinute? _minute = rules.RequestsAMinute is { } most ? new(most) : null;

    public int Number => number;
    public string? Hint => hint;
    public Api Api => api;

    /// <summary>Whether it may be used at all: closed while it is dead or unpaid.</summary>
    public Limit Whole { get; private set; } = new();

    /// <summary>Its limits by scope.</summary>
    public ScopeTable Scopes { get; } = new();

    public KeyCounters Counters { get; } = new();
    public string? Organisation { get; private set; }
    public bool IsUnpaid { get; private set; }
    public int UnderWay { get; private set; }

    /// <summary>Whether the end of one request may let another one go.</summary>
    public bool HasConcurrencyLimit => rules.Concurrent is not null;

    /// <summary>Which of all requests was the last one with it.</summary>
    public long LastUse { get; private set; }

    public override string ToString() => $"key {number}";

    /// <summary>Whether it needs its owner: it is dead or unpaid.</summary>
    public bool IsUnusable(double now) => Whole.StateAt(now) == LimitState.Resting;

    /// <summary>Until when it can serve nothing at all.</summary>
    public double RestsAsAWholeUntil => Math.Max(Whole.RestsUntil, _minute?.ReadyAt ?? 0);

    /// <summary>When it may serve the scope next; a moment that has passed means now.</summary>
    public double ReadyAt(Scope scope, double now)
    {
        if (UnderWay >= rules.Concurrent) return double.PositiveInfinity;
        var ready = Math.Max(Whole.ReadyAt(now), _minute?.ReadyAt ?? 0);
        return Scopes.Find(scope) is { } state ? Math.Max(ready, state.Limit.ReadyAt(now)) : ready;
    }

    /// <summary>Until when it certainly cannot serve the scope; a trial that is under way is not counted.</summary>
    public double RestsUntil(Scope scope)
    {
        var rest = RestsAsAWholeUntil;
        return Scopes.Find(scope) is { } state ? Math.Max(rest, state.Limit.RestsUntil) : rest;
    }

    public void RecordSend(Scope scope, double now, long use)
    {
        LastUse = use;
        UnderWay++;
        _minute?.RecordSend(now);
        Whole.RecordSend(now);
        Scopes.FindOrAdd(scope).RecordSend(now);
    }

    /// <summary>The request was not sent after all.</summary>
    public void TakeBackSend(Scope scope, double sentAt, double now)
    {
        UnderWay--;
        _minute?.TakeBack();
        Whole.RecordUnknown(sentAt, now);
        Scopes.Find(scope)?.Limit.RecordUnknown(sentAt, now);
    }

    /// <summary>Its answer has ended, whatever it was.</summary>
    /// <param name="status">What the client got of it, or what became of it.</param>
    public void RecordEnd(int status)
    {
        UnderWay--;
        Counters.Count(status);
    }

    /// <summary>Takes what an answer tells of it, and lets it begin or end a rest.</summary>
    public void TakeEvidence(KeyRequest request, Evidence evidence, Verdict verdict, double now)
    {
        Organisation = evidence.Organisation ?? Organisation;
        var scope = Scopes.FindOrAdd(request.Scope);
        scope.RecordRemaining(evidence, now);
        TakeEvidenceOfWhole(request, verdict, now);
        switch (verdict)
        {
            case Verdict.Served:
                scope.Limit.RecordServed(request.SentAt, now);
                // Told in advance, so that the key rests before it gets a 429.
                if (evidence.EmptyFor is { } seconds) scope.Limit.Rest(now + seconds, "nothing left in its window");
                break;
            case Verdict.Limited:
                var isNewStrike = request.Refusals.CountBy(this) == 0;
                scope.Limit.Refuse(request.SentAt, now, evidence.Hint, isNewStrike, "rate limit");
                break;
            default:
                scope.Limit.RecordUnknown(request.SentAt, now);
                break;
        }
    }

    /// <summary>A request has failed without an answer.</summary>
    public void RecordFailure(KeyRequest request, double now)
    {
        Whole.RecordUnknown(request.SentAt, now);
        Scopes.Find(request.Scope)?.Limit.RecordUnknown(request.SentAt, now);
    }

    /// <summary>Another key has served what this one refused.</summary>
    public void Condemn(Verdict verdict, Scope scope, double now)
    {
        if (verdict == Verdict.Doubtful) MakeUnusable(Verdict.Dead, now);
        if (verdict == Verdict.NoAccess)
            Scopes.FindOrAdd(scope).Limit.Rest(now + NoAccessSeconds, "no access with this key");
    }

    /// <summary>Why it cannot serve a scope now, for people to read.</summary>
    public string WhyNotReady(Scope scope, double now)
    {
        var limit = Scopes.Find(scope)?.Limit;
        var until = RestsUntil(scope);
        if (until <= now) return $"{this} is busy";
        if (Whole.RestsUntil >= until) return $"{this}: {Whole.Reason}";
        var reason = limit?.RestsUntil >= until ? limit.Reason : "its --rpm is used up";
        return string.Create(CultureInfo.InvariantCulture, $"{this} rests {Math.Ceiling(until - now)} s ({reason})");
    }

    /// <summary>It may be tried at once: its owner has looked after the keys.</summary>
    public void Forgive() => Whole = new();

    // Even a rate limit is the answer of an API that knows the key.
    private void TakeEvidenceOfWhole(KeyRequest request, Verdict verdict, double now)
    {
        if (verdict is Verdict.Dead or Verdict.Unpaid) MakeUnusable(verdict, now);
        else if (verdict is Verdict.Served or Verdict.Limited) Whole.RecordServed(request.SentAt, now);
        else Whole.RecordUnknown(request.SentAt, now);
    }

    private void MakeUnusable(Verdict verdict, double now)
    {
        IsUnpaid = verdict == Verdict.Unpaid;
        if (IsUnpaid)
            Whole.Rest(now + UnpaidSeconds, "money, credits or plan used up; see the billing page of the API");
        else Whole.Rest(now + DeadSeconds, "the API refuses this key; replace or remove it");
    }
}
