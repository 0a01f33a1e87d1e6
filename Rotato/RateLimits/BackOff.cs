namespace Rotato.RateLimits;

/// <summary>
/// How long to rest after a refusal that does not say: 1 s, and twice as long after each further strike, up to a
/// minute, give or take a fifth. This random jitter keeps keys that were refused together from coming back together.
/// </summary>
/// <param name="random">Where the jitter comes from.</param>
internal sealed class BackOff(Random random)
{
    private const double FirstRest = 1;
    private const double LongestRest = 60;
    private const double Jitter = 0.2;

    // At this many the longest rest is reached.
    private const int MostStrikes = 7;

    // A hint that leads to the next refusal again and again must not make the key send without pause.
    private const int WavesThatDoubtHints = 4;
    private const double ShortestDoubtedRest = 1;

    // Waves of refusals since a request was served, and those of them that count as strikes.
    private int _waves;
    private int _strikes;

    public bool WasRefused => _waves > 0;

    /// <summary>A wave of refusals has begun.</summary>
    /// <param name="isStrike">Whether the next rest is to be longer for it.</param>
    public void RecordWave(bool isStrike)
    {
        _waves++;
        if (isStrike) _strikes = Math.Min(_strikes + 1, MostStrikes);
    }

    public void TakeStrikeBack() => _strikes = Math.Max(_strikes - 1, 0);

    public void RecordServed()
    {
        _waves = 0;
        _strikes = 0;
    }

    /// <summary>For how many seconds to rest.</summary>
    /// <param name="hint">What the refusal says of that, in seconds.</param>
    public double RestAfter(double? hint)
    {
        if (hint is null) return RestWithoutHint();
        return _waves < WavesThatDoubtHints ? hint.Value : Math.Max(hint.Value, ShortestDoubtedRest);
    }

    private double RestWithoutHint()
    {
        var doublings = Math.Max(_strikes - 1, 0);
        var rest = Math.Min(FirstRest * Math.Pow(2, doublings), LongestRest);
        var betweenMinusOneAndOne = (2 * random.NextDouble()) - 1;
        return rest * (1 + (Jitter * betweenMinusOneAndOne));
    }
}
