namespace Rotato;

/// <summary>
/// The one mechanism behind every rest: closed until a moment because of a reason, then on trial until an answer
/// clears it. It also remembers how many requests its last window took and closes by itself after as many, so that
/// the next refusal is foreseen and not collected. Times are those of the ring's clock; guarded by the ring's lock.
/// </summary>
internal sealed class Limit
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Minute = TimeSpan.FromMinutes(1);

    private TimeSpan _until, _pausedUntil, _restBegan, _windowBegan, _window = Minute;
    private int _used, _most = int.MaxValue, _strikes;

    public bool OnTrial { get; private set; }
    public string Reason { get; private set; } = "";
    public TimeSpan ReadyAt => new[] { _until, _pausedUntil, _used >= _most ? _windowBegan + _window : default }.Max();

    /// <summary>A request is sent.</summary>
    public void Take(TimeSpan now)
    {
        if (!OnTrial && now >= _windowBegan + _window)
        {
            // Unused for long: what was learned may no longer be so.
            if (now >= _windowBegan + _window + Minute) (_most, _window) = (int.MaxValue, Minute);
            // Is the window really over? One asks, then all.
            if (_used >= _most) (OnTrial, _restBegan) = (true, now);
            else (_windowBegan, _used) = (now, 0);
        }

        _used++;
        // The others wait for the answer of the one that tries; while it is silent, one more may try each second.
        if (OnTrial) _pausedUntil = now + Second;
    }

    /// <summary>
    /// A request sent at that time was not refused. One sent before the rest began says nothing about now.
    /// </summary>
    public void Clear(TimeSpan sent)
    {
        if (OnTrial && sent < _restBegan) return;
        // Nobody refused, the window was only foreseen: ask sooner the next time, so that a raised limit is found.
        if (OnTrial && _strikes == 0) _window -= _window / 4;
        if (OnTrial) (_windowBegan, _used) = (sent, Math.Max(1, _used - _most));
        if (OnTrial) (OnTrial, _until, _pausedUntil) = (false, default, default);
        _strikes = 0;
    }

    /// <summary>
    /// Begins a rest or lengthens it. Refusals of requests sent before it began are the same wave: no further strike.
    /// </summary>
    public void Rest(TimeSpan sent, TimeSpan now, Sign sign)
    {
        if (sign.Refused && sent >= _windowBegan) _used--;
        var sameWave = OnTrial && sent < _restBegan;
        if (sign.Refused && !sameWave) _strikes++;
        if (!sameWave || now >= _until) (OnTrial, _restBegan, _pausedUntil) = (true, now, default);
        var jitter = 0.8 + (0.4 * Random.Shared.NextDouble());
        var backOff = Math.Min(60, Math.Pow(2, Math.Max(0, _strikes - 1))) * jitter * Second;
        var rest = sign.Rest ?? (sameWave && now < _until ? TimeSpan.Zero : backOff);
        if (now + rest > _until) (_until, Reason) = (now + rest, sign.Reason);
        // Without a hint the window ends somewhere in the rest: its middle. A long rest is no window, and what is below
        // a second is only noise.
        var window = now + (sign.Rest is null ? rest / 2 : rest) - _windowBegan;
        if (window > 2 * Minute) return;
        // A window in which nobody got through says nothing of its size.
        _most = _used > 0 ? _used : int.MaxValue;
        if (rest > TimeSpan.Zero) _window = window > Second ? window : Second;
    }
}
