namespace Rotato.RateLimits;

/// <summary>Reads every form in which an API says how long to wait.</summary>
internal static class WaitTime
{
    private const double LongestSeconds = 86_400;
    private const double EpochMilliseconds = 1e12;
    private const double EpochSeconds = 1e9;
    private const int LongestText = 30;

    // The three HTTP dates (RFC 9110 section 5.6.7), the last one in two spellings, for its day may have one digit, and
    // RFC 3339.
    private static readonly string[] Dates = ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM  d HH:mm:ss yyyy",
        "ddd MMM d HH:mm:ss yyyy", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>
    /// Seconds from now, in any of these forms: seconds, seconds or milliseconds since 1970, "6m0s", "20ms", a date.
    /// Null for nonsense, and for zero or less, by which some APIs say that they do not know; 24 hours at most.
    /// </summary>
    public static double? Parse(string? text, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var seconds = text.Length < LongestText ? Number(text.Trim(), now) : null;
        if (DateTimeOffset.TryParseExact(
                text, Dates, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            seconds = (date - now).TotalSeconds;
        }

        return seconds is > 0 and < double.PositiveInfinity ? Math.Min(seconds.Value, LongestSeconds) : null;
    }

    private static double? Number(string text, DateTimeOffset now)
    {
        var number = Duration(text);
        if (number > EpochMilliseconds) return (number / 1000) - now.ToUnixTimeSeconds();
        return number > EpochSeconds ? number - now.ToUnixTimeSeconds() : number;
    }

    // Numbers, each with its unit, as Go writes them: "34.07s", "6m0s", "20ms". What has no unit is seconds.
    private static double? Duration(string text)
    {
        var sum = 0.0;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var number = Until(rest, rest.IndexOfAnyExcept(Digits));
            rest = rest[number.Length..];
            var unit = Until(rest, rest.IndexOfAny(Digits));
            rest = rest[unit.Length..];
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
                return null;
            if (SecondsOf(unit) is not { } seconds) return null;
            sum += count * seconds;
        }

        return sum;
    }

    private static double? SecondsOf(ReadOnlySpan<char> unit) => unit switch
    {
        "h" => 3600,
        "m" => 60,
        "s" or "" => 1,
        "ms" => 0.001,
        _ => null,
    };

    private static ReadOnlySpan<char> Until(ReadOnlySpan<char> text, int end) => end < 0 ? text : text[..end];
}
