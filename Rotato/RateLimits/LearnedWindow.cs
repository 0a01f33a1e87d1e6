namespace Rotato.RateLimits;

/// <summary>
/// Many APIs serve a fixed number of requests in each window of time and refuse the rest. This learns from refusals how
/// many and how long, so that the next ones are foreseen. All it ever says is "used up until then": it can add a
/// pause, and end none.
/// <para>
/// An example: 20 requests are served from second 0 on, then three in a row are refused at second 1 with "wait 3
/// seconds". So a window takes 20 requests in 4 seconds, and after the next 20 it is used up until its 4 seconds are
/// over.
/// </para>
/// <para>
/// Only refusals that agree teach the first window: several in a row, with nothing served that was sent after them. One
/// that stands alone teaches nothing. Later each refusal corrects the window, and each window that passes without one
/// lets the next take more, so that a raised limit is found.
/// </para>
/// </summary>
internal sealed class LearnedWindow
{
    private const int RefusalsThatAgree = 3;

    // Refusals at random come several in a row now and then, mostly after few requests. So a small window is believed
    // only if the refusals say when it ends. It costs little not to foresee a small one.
    private const int SmallestWithoutHint = 4;
    private const double LongestSeconds = 120;

    // After so many seconds without a refusal the capacity has doubled and grown by ten.
    private const double SecondsToDouble = 90;
    private const double ExtraGrowth = 10;

    // Before a window is learned, each pause of this length is taken for the beginning of a new one. Idle time would
    // make it too long.
    private const double IdleSeconds = 5;

    private double _began;
    private Window? _learned;

    // Those that were refused do not count.
    private int _sentInWindow;
    private int _refusedInARow;
    private double _lastRefusedSentAt;
    private double _lastSentAt;

    /// <summary>The end of the window, if it has taken as many as it is believed to take; null while it has
    /// room.</summary>
    public double? UsedUpUntil =>
        _learned is { } window && _sentInWindow + 1 > window.Capacity ? _began + window.Seconds : null;

    /// <summary>A request is sent.</summary>
    public void RecordSend(double now)
    {
        var wasIdle = now >= _lastSentAt + IdleSeconds;
        if (wasIdle && _learned is null) Begin(now);
        _sentInWindow++;
        _lastSentAt = now;
    }

    /// <summary>A request was served. Refusals of earlier ones did not mean that a window was used up.</summary>
    public void RecordServed(double sentAt)
    {
        if (sentAt > _lastRefusedSentAt) _refusedInARow = 0;
    }

    /// <summary>A request was refused.</summary>
    /// <param name="sentAt">When it was sent.</param>
    /// <param name="end">When the API's window seems to end.</param>
    /// <param name="isHinted">Whether the refusal says so; otherwise it is a guess.</param>
    public void RecordRefused(double sentAt, double end, bool isHinted)
    {
        if (sentAt >= _began) _sentInWindow = Math.Max(_sentInWindow - 1, 0);
        _refusedInARow++;
        _lastRefusedSentAt = Math.Max(_lastRefusedSentAt, sentAt);
        var mayLearn = _learned is not null || _refusedInARow >= RefusalsThatAgree;
        if (mayLearn) _learned = WindowUntil(end, isHinted);
    }

    /// <summary>A refusal proved to be the request's own fault.</summary>
    public void Pardon() => _refusedInARow = 0;

    /// <summary>The next window begins with a request that has been sent.</summary>
    /// <param name="sentAt">When it was sent.</param>
    /// <param name="mayGrow">Whether the last window passed without a refusal.</param>
    public void BeginNext(double sentAt, bool mayGrow)
    {
        if (mayGrow && _learned is { } window) _learned = Grown(window);
        Begin(sentAt);
        _sentInWindow = 1;
    }

    /// <summary>What was learned may no longer be true.</summary>
    public void Forget(double now)
    {
        _learned = null;
        _refusedInARow = 0;
        Begin(now);
    }

    // A window that is too small or too long to be believed is none: what was known of an earlier one goes as well.
    private Window? WindowUntil(double end, bool isHinted)
    {
        var smallest = isHinted ? 1 : SmallestWithoutHint;
        var seconds = end - _began;
        var isBelievable = _sentInWindow >= smallest && seconds <= LongestSeconds;
        return isBelievable ? new(_sentInWindow, seconds) : null;
    }

    private static Window Grown(Window window)
    {
        var growth = (window.Capacity + ExtraGrowth) * window.Seconds / SecondsToDouble;
        return window with { Capacity = window.Capacity + growth };
    }

    private void Begin(double now)
    {
        _began = now;
        _sentInWindow = 0;
    }

    // So many requests in so many seconds.
    private sealed record Window(double Capacity, double Seconds);
}
