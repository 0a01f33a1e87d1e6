/// <summary>
/// The one mechanism behind every rest: closed until a moment because of a reason, then on trial until an answer
/// clears it; then two go, and three for every two that succeed, so that no crowd runs into the next refusal. It also
/// remembers how many requests its last window took and rests by itself after as many, so that the next refusal is
/// foreseen and not collected. Times are seconds of the ring's clock; guarded by the ring's lock.
/// </summary>
internal sealed class Limit(string of = "")
{
    // The window: when it began, how long it is, how many were sent in it and not refused. How many it takes at most,
    // and how many more the next one is tried with.
    private double _began, _window, _used, _most = int.MaxValue, _step;
    // How many may go before another answer comes, and when the last one went.
    private double _room = int.MaxValue, _asked;
    private int _strikes;

    public bool OnTrial { get; private set; }
    public string Reason { get; private set; } = "";

    /// <summary>Until when it is closed; a trial that is under way is not counted.</summary>
    public double Until { get; private set; }

    /// <summary>When another may go. While those that were let go are silent, that is one a second.</summary>
    public double ReadyAt => Math.Max(Until, _room < 1 ? _asked + 1 : 0);

    /// <summary>A request is sent.</summary>
    public void Take(double now)
    {
        // Not used up for long: what was learned may no longer be so. A window that is merely over goes on counting:
        // where answers are slow, a crowd would be on its way before the next refusal. While nothing is known, a window
        // begins after any pause: with an idle minute in it, the first refusal would teach one that is far too long.
        if (!OnTrial && now >= (_most < int.MaxValue ? _began + _window + 60 : _asked + 5))
            (_began, _used, _most, _room) = (now, 0, int.MaxValue, int.MaxValue);
        (_used, _room, _asked) = (_used + 1, _room - 1, now);
        if (!OnTrial && _used + 1 > _most) Rest(now, now, new(false, "its window is used up", _began + _window - now));
    }

    /// <summary>
    /// A request sent at that time was not refused. One sent before the end of the rest says nothing about now.
    /// </summary>
    public void Clear(double sent, bool isSuccess)
    {
        if (OnTrial && sent < Until) return;
        _room = isSuccess ? Math.Max(0, _room) + 1.5 : Math.Max(1, _room);
        if (!OnTrial || !isSuccess) return;
        // Nobody refused, the window was only foreseen: let it take more, the sooner the longer that goes well, so that
        // a raised limit is found.
        if (_strikes == 0) (_most, _step, _room) = (_most + _step, 2 * _step, int.MaxValue);
        // The trial is the new window's first, and perhaps its only one.
        (OnTrial, _began, _used, _strikes, _room) = (false, sent, 0, 0, _room + 1.5);
        Take(sent);
    }

    /// <summary>
    /// Begins a rest or lengthens it. Refusals of requests sent before its end are the same wave: no further strike.
    /// </summary>
    public void Rest(double sent, double now, Sign sign)
    {
        if (sign.Refused && sent >= _began) _used = Math.Max(0, _used - 1);
        if (sign.Refused && (_strikes == 0 || sent >= Until)) _strikes++;
        var backOff = Math.Min(60, Math.Pow(2, _strikes - 1)) * (0.8 + (0.4 * Random.Shared.NextDouble()));
        // Refused again and again whatever it says: a hint of milliseconds is then no answer, but a way to spin.
        var rest = Math.Max(sign.Rest ?? backOff, _strikes > 3 ? 1 : 0);
        (OnTrial, _room) = (true, 1);
        Pause(now + rest, sign.Reason);
        // Without a hint the window ends somewhere in the rest: its middle. Below a second it is noise, the more so
        // the more were sent; a long rest is no window; and one in which nobody got through says nothing of its size.
        var window = Math.Max(Math.Min(1, 0.2 * _used), Until - _began - (sign.Rest is null ? rest / 2 : 0));
        if (!sign.Refused || window > 120) return;
        // A small part more at first: to find out that there is no more costs about one refusal in a hundred requests.
        (_window, _step, _most) = (window, _used / 40, _used > 0 ? _used : int.MaxValue);
    }

    /// <summary>Closes it, without a trial afterwards.</summary>
    public void Pause(double until, string reason)
    {
        if (until > Until) (Until, Reason) = (until, reason + of);
    }
}
