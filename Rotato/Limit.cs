namespace Rotato;

/// <summary>The state of one limit.</summary>
internal sealed class Limit
{
    private static readonly TimeSpan TrialPause = TimeSpan.FromSeconds(1);
    private TimeSpan _restedAt;
    private int _strikes;

    public TimeSpan Until { get; private set; }
    public bool OnTrial { get; private set; }
    public string Reason { get; private set; } = "";

    public TimeSpan ReadyAt(TimeSpan now) => Until > now ? Until : TimeSpan.Zero;

    public void Take(TimeSpan now)
    {
        if (OnTrial) Until = now + TrialPause;
    }

    public void Clear(TimeSpan sentAt)
    {
        if (!OnTrial || sentAt < _restedAt) return;
        (Until, OnTrial, _strikes) = (TimeSpan.Zero, false, 0);
    }

    public TimeSpan Rest(TimeSpan now, TimeSpan sentAt, Sign sign)
    {
        if (sign.Rest is null && OnTrial && sentAt < _restedAt) return default;
        var backoff = TimeSpan.FromSeconds(Math.Min(60, 1 << Math.Min(_strikes, 6)) * (0.8 + 0.4 * Random.Shared.NextDouble()));
        if (sign.Rest is null) _strikes++;
        var until = now + (sign.Rest ?? backoff);
        if (until <= Until) return default;
        (_restedAt, Until, OnTrial, Reason) = (now, until, true, sign.Reason);
        return until - now;
    }
}
