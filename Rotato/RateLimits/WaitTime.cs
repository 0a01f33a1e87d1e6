namespace Rotato.RateLimits;

/// <summary>Reads every form in which an API says how long to wait.</summary>
internal static class WaitTime
{
    private const double LongestSeconds = 86_400;
    private const double EpochMilliseconds = 1e12;
    private const double EpochSeconds = 1e9;
    private const int LongestText = 30;

    // The three HTTP dates (RFC 9110 section 5.6.7), the last with a day of one digit or two, and RFC 3339.
    private static readonly string[] Dates = ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM  d HH:mm:ss yyyy",
        "ddd MMM d HH:mm:ss yyyy", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private static readonly (string Unit, double Seconds)[] Units = [("h", 3600), ("m", 60), ("s", 1)];

    /// <summary>
    /// Seconds from now, in any of these forms: seconds, seconds or milliseconds since 1970, "6m0s", "20ms", a date.
    /// Null for nonsense, and for zero or less, by which some APIs say that they do not know; 24 hours at most.
    /// </summary>
    public static double? Parse(string? text, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var seconds = text.Length < LongestText ? Number(text, now) : 0;
        if (DateTimeOffset.TryParseExact(
                text, Dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            seconds = (date - now).TotalSeconds;
        }

        return seconds > 0 && double.IsFinite(seconds) ? Math.Min(seconds, LongestSeconds) : null;
    }

    private static double Number(string text, DateTimeOffset now)
    {
        var number = Duration(text.Replace("ms", "e-3s", StringComparison.Ordinal));
        if (number > EpochMilliseconds) return (number / 1000) - now.ToUnixTimeSeconds();
        return number > EpochSeconds ? number - now.ToUnixTimeSeconds() : number;
    }

    // Go's durations ("34.07s", "6m0s", "114h0m0s"); what has no unit is seconds.
    private static double Duration(string text)
    {
        var sum = 0.0;
        var rest = text;
        foreach (var (unit, seconds) in Units)
        {
            if (rest.Split(unit, 2) is not [var count, var behind]) continue;
            sum += seconds * Count(count);
            rest = behind;
        }

        return rest == "" ? sum : sum + Count(rest);
    }

    private static double Count(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var count) ? count : double.NaN;
}
