namespace Rotato.RateLimits;

/// <summary>What a rate limit lets happen.</summary>
internal enum LimitState
{
    /// <summary>Requests may go.</summary>
    Open,

    /// <summary>No request may go before the rest is over.</summary>
    Resting,

    /// <summary>The rest is over. One request goes ahead and finds out whether the limit lets it through.</summary>
    Trial,
}

/// <summary>
/// One rate limit of one key. Times are seconds of a monotonic clock. The caller's lock guards it.
/// <code>
///          Refuse, Rest, window used up              the rest is over
///   Open ------------------------------> Resting -----------------------> Trial
///     ^                                     ^                               |
///     |                                     +-------- Refuse, Rest ---------+
///     +--------------------------- RecordServed ----------------------------+
/// </code>
/// <see cref="BackOff"/> says how long a rest is, <see cref="SlowStart"/> how many requests may be under way after one,
/// and <see cref="LearnedWindow"/> when to rest although nothing was refused. None of the three can shorten a rest.
/// </summary>
/// <param name="random">Where the jitter of the back-off comes from. Tests give one with a seed.</param>
internal sealed class Limit(Random? random = null)
{
    // Nobody waits for the answer to a trial longer than this. Then another one may go.
    private const double TrialSeconds = 1;

    // Refusals come at once. A request without an answer after so long was let through, and only takes its time.
    private const double LetThroughSeconds = 5;

    // Unused for so long, the limit may have become another one: what was learned is forgotten.
    private const double ForgetSeconds = 60;

    private readonly BackOff _backOff = new(random ?? Random.Shared);
    private readonly SlowStart _slowStart = new();
    private readonly LearnedWindow _window = new();

    // A rest has begun, and no answer has shown since then that the limit lets requests through again.
    private bool _needsTrial;
    private bool _isTrialUnderWay;
    private double _lastSentAt;

    /// <summary>The end of the last rest; 0 where it never rested.</summary>
    public double RestsUntil { get; private set; }

    /// <summary>Why it rests, or last rested; "" at first.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>What it lets happen at this time.</summary>
    public LimitState StateAt(double now)
    {
        if (now < RestsUntil) return LimitState.Resting;
        return _needsTrial ? LimitState.Trial : LimitState.Open;
    }

    /// <summary>
    /// When another request may go; a time that has passed means now. Where that depends on answers it is the latest
    /// time, and each answer may bring it forward.
    /// </summary>
    public double ReadyAt(double now)
    {
        if (StateAt(now) == LimitState.Resting) return RestsUntil;
        if (!_slowStart.HasRoom) return _lastSentAt + LetThroughSeconds;
        return _isTrialUnderWay ? _lastSentAt + TrialSeconds : now;
    }

    /// <summary>A request is sent.</summary>
    public void RecordSend(double now)
    {
        ForgetIfUnused(now);
        _isTrialUnderWay = StateAt(now) == LimitState.Trial;
        _lastSentAt = now;
        _slowStart.RecordSend();
        _window.RecordSend(now);
        FollowWindow(now);
    }

    /// <summary>An answer shows that the limit let a request through.</summary>
    public void RecordServed(double sentAt, double now)
    {
        _slowStart.RecordServed();
        _window.RecordServed(sentAt);
        if (IsTrial(sentAt, now)) Open(sentAt, now);
    }

    /// <summary>An answer says nothing of the limit, or the client has left. The next request is the trial.</summary>
    public void RecordUnknown(double sentAt, double now)
    {
        _slowStart.RecordUnknown();
        if (IsTrial(sentAt, now)) _isTrialUnderWay = false;
    }

    /// <summary>The limit refused a request.</summary>
    /// <param name="sentAt">When the request was sent.</param>
    /// <param name="now">The time.</param>
    /// <param name="hint">For how many seconds to rest, where the refusal says so.</param>
    /// <param name="isNewStrike">Whether this is the first time that this limit refuses this request.</param>
    /// <param name="reason">Why it rests, for people to read.</param>
    public void Refuse(double sentAt, double now, double? hint, bool isNewStrike, string reason)
    {
        // A request that was sent before the end of a rest belongs to the wave of refusals that began this rest.
        var isSameWave = _backOff.WasRefused && sentAt < RestsUntil;
        if (!isSameWave) _backOff.RecordWave(isNewStrike);
        var rest = _backOff.RestAfter(hint);
        BeginRest(now + rest, reason);
        _slowStart.RecordRefused();
        // Without a hint the upstream's window may end anywhere in the rest. Its middle is the best guess.
        var windowEnd = hint is null ? RestsUntil - (rest / 2) : RestsUntil;
        _window.RecordRefused(sentAt, windowEnd, isHinted: hint is not null);
    }

    /// <summary>A refusal proved to be the request's own fault. A rest that has begun goes on.</summary>
    public void Pardon()
    {
        _backOff.TakeStrikeBack();
        _window.Pardon();
    }

    /// <summary>
    /// An answer told of this rest before anything was refused, or a key with the same limit was refused. That is no
    /// strike and teaches nothing.
    /// </summary>
    public void Rest(double until, string reason)
    {
        if (until > RestsUntil) BeginRest(until, reason);
    }

    // What was sent before the end of the rest says nothing of the time after it.
    private bool IsTrial(double sentAt, double now) => StateAt(now) == LimitState.Trial && sentAt >= RestsUntil;

    private void Open(double sentAt, double now)
    {
        _needsTrial = false;
        _isTrialUnderWay = false;
        _window.BeginNext(sentAt, mayGrow: !_backOff.WasRefused);
        _backOff.RecordServed();
        FollowWindow(now);
    }

    private void FollowWindow(double now)
    {
        if (_needsTrial || _window.UsedUpUntil is not { } end) return;
        if (end > now) BeginRest(end, "its window is used up");
        // It took so long to use it up that it is over: this request begins the next.
        else _window.BeginNext(now, mayGrow: true);
    }

    // Nothing else moves the end of a rest, and it never moves to an earlier time.
    private void BeginRest(double until, string reason)
    {
        if (until > RestsUntil)
        {
            RestsUntil = until;
            Reason = reason;
        }

        // Even if the new rest ends before the current one: there was another refusal, so the next request is a trial.
        _needsTrial = true;
        _isTrialUnderWay = false;
    }

    private void ForgetIfUnused(double now)
    {
        var lastUsable = Math.Max(_lastSentAt, RestsUntil);
        if (now < lastUsable + ForgetSeconds) return;
        _slowStart.Forget();
        _window.Forget(now);
    }
}
