/// <summary>
/// The one mechanism behind every rest: closed until a moment because of a reason, then on trial until an answer
/// clears it; after a refusal each answer that is none lets two more go, so that no crowd runs into the next one. It
/// also remembers how many requests its last window took and closes by itself after as many, so that the next refusal
/// is foreseen and not collected. Times are seconds of the ring's clock; guarded by the ring's lock.
/// </summary>
internal sealed class Limit
{
    private double _until, _asked, _restBegan, _windowBegan, _window = 60;
    // How many a window took at most, and how many more the next one is tried with.
    private double _most = double.PositiveInfinity, _step;
    // How many may go before another answer comes.
    private double _room = double.PositiveInfinity;
    private long _used, _strikes;

    public bool OnTrial { get; private set; }
    public string Reason { get; private set; } = "";
    private bool IsFull => _used + 1 > _most;
    private double WindowEnds => _windowBegan + _window;

    /// <summary>Until when it is closed; a trial that is under way is not counted.</summary>
    public double RestsUntil => Math.Max(_until, IsFull ? WindowEnds : 0);

    /// <summary>When another may go. While those that were let go are silent, that is one a second.</summary>
    public double ReadyAt => Math.Max(RestsUntil, _room < 1 ? _asked + 1 : 0);

    /// <summary>A request is sent.</summary>
    public void Take(double now)
    {
        if (!OnTrial && now >= WindowEnds)
        {
            // Unused for long: what was learned may no longer be so.
            if (now >= WindowEnds + 60) (_most, _window) = (double.PositiveInfinity, 60);
            // Is the window really over? One asks, then all.
            if (IsFull) (OnTrial, _restBegan, _room) = (true, now, 1);
            else (_windowBegan, _used, _room) = (now, 0, double.PositiveInfinity);
        }

        (_used, _room, _asked) = (_used + 1, _room - 1, now);
    }

    /// <summary>
    /// A request sent at that time was not refused. One sent before the rest began says nothing about now.
    /// </summary>
    public void Clear(double sent)
    {
        if (OnTrial && sent < _restBegan) return;
        _room = Math.Max(0, _room) + 2;
        if (OnTrial)
        {
            (OnTrial, _until, _windowBegan, _used) = (false, 0, sent, 1);
            // Nobody refused, the window was only foreseen: let it take more, the sooner the longer that goes well, so
            // that a raised limit is found.
            if (_strikes == 0) (_most, _step, _room) = (_most + _step, 3 * _step, double.PositiveInfinity);
        }

        _strikes = 0;
    }

    /// <summary>A request got no answer that says anything: another one may go in its place.</summary>
    public void Reopen() => _room = Math.Max(1, _room);

    /// <summary>
    /// Begins a rest or lengthens it. Refusals of requests sent before it began are the same wave: no further strike.
    /// What was refused to another key that shares the limit has not been counted here.
    /// </summary>
    public void Rest(double sent, double now, Sign sign, bool isOwn = true)
    {
        if (isOwn && sign.Refused && sent >= _windowBegan) _used--;
        var sameWave = OnTrial && sent < _restBegan;
        if (sign.Refused && !sameWave) _strikes++;
        if (!sameWave || now >= _until) (OnTrial, _restBegan, _room) = (true, now, 1);
        var backOff = Math.Min(60, Math.Pow(2, Math.Max(0, _strikes - 1))) * (0.8 + (0.4 * Random.Shared.NextDouble()));
        // Refused again and again whatever it says: a hint of milliseconds is then no answer, but a way to spin.
        var least = sign.Refused && _strikes > 3 ? 1 : 0;
        var rest = sign.Rest is { } told ? Math.Max(told, least) : sameWave && now < _until ? 0 : backOff;
        if (now + rest > _until) (_until, Reason) = (now + rest, sign.Reason);
        // Without a hint the window ends somewhere in the rest: its middle. A long rest is no window; what is below a
        // second is mostly noise, the more so the more were sent in it.
        var window = now + (sign.Rest ?? (rest / 2)) - _windowBegan;
        if (window > 120) return;
        // A window in which nobody got through says nothing of its size.
        (_most, _step) = (_used > 0 ? _used : double.PositiveInfinity, 0.5);
        if (rest > 0) _window = Math.Max(Math.Min(1, 0.2 * _used), window);
    }
}
