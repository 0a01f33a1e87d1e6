/// <summary>
/// The one mechanism behind every rest: closed until a moment because of a reason, then on trial until an answer
/// clears it. It also remembers how many requests its last window took and closes by itself after as many, so that
/// the next refusal is foreseen and not collected. Times are seconds of the ring's clock; guarded by the ring's lock.
/// </summary>
internal sealed class Limit
{
    private double _until, _pausedUntil, _restBegan, _windowBegan, _window = 60;
    private long _used, _most = int.MaxValue, _strikes;

    public bool OnTrial { get; private set; }
    public string Reason { get; private set; } = "";
    private double WindowEnds => _windowBegan + _window;
    public double ReadyAt => Math.Max(_until, Math.Max(_pausedUntil, _used >= _most ? WindowEnds : 0));

    /// <summary>A request is sent.</summary>
    public void Take(double now)
    {
        if (!OnTrial && now >= WindowEnds)
        {
            // Unused for long: what was learned may no longer be so.
            if (now >= WindowEnds + 60) (_most, _window) = (int.MaxValue, 60);
            // Is the window really over? One asks, then all.
            if (_used >= _most) (OnTrial, _restBegan) = (true, now);
            else (_windowBegan, _used) = (now, 0);
        }

        _used++;
        // The others wait for the answer of the one that tries; while it is silent, one more may try each second.
        if (OnTrial) _pausedUntil = now + 1;
    }

    /// <summary>
    /// A request sent at that time was not refused. One sent before the rest began says nothing about now.
    /// </summary>
    public void Clear(double sent)
    {
        if (OnTrial && sent < _restBegan) return;
        if (OnTrial)
        {
            (OnTrial, _until, _pausedUntil) = (false, 0, 0);
            (_windowBegan, _used) = (sent, Math.Max(1, _used - _most));
            // Nobody refused, the window was only foreseen: ask sooner the next time, and for one more, so that a
            // raised limit is found.
            if (_strikes == 0) (_window, _most) = (0.75 * _window, _most + 1);
        }

        _strikes = 0;
    }

    /// <summary>
    /// Begins a rest or lengthens it. Refusals of requests sent before it began are the same wave: no further strike.
    /// What was refused to another key that shares the limit has not been counted here.
    /// </summary>
    public void Rest(double sent, double now, Sign sign, bool isOwn = true)
    {
        if (isOwn && sign.Refused && sent >= _windowBegan) _used--;
        var sameWave = OnTrial && sent < _restBegan;
        if (sign.Refused && !sameWave) _strikes++;
        if (!sameWave || now >= _until) (OnTrial, _restBegan, _pausedUntil) = (true, now, 0);
        var backOff = Math.Min(60, Math.Pow(2, Math.Max(0, _strikes - 1))) * (0.8 + (0.4 * Random.Shared.NextDouble()));
        var rest = sign.Rest ?? (sameWave && now < _until ? 0 : backOff);
        if (now + rest > _until) (_until, Reason) = (now + rest, sign.Reason);
        // Without a hint the window ends somewhere in the rest: its middle. A long rest is no window, and what is below
        // a second is only noise.
        var window = now + (sign.Rest ?? (rest / 2)) - _windowBegan;
        if (window > 120) return;
        // A window in which nobody got through says nothing of its size.
        _most = _used > 0 ? _used : int.MaxValue;
        if (rest > 0) _window = Math.Max(1, window);
    }
}
