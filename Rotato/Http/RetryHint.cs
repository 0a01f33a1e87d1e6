using System.Net.Http.Headers;

namespace Rotato.Http;

/// <summary>Tells a client when to come back, in every form that the libraries of the APIs read.</summary>
internal static class RetryHint
{
    // Above it those libraries use a short pause of their own instead, unless they are told not to come back.
    private const double LongestThatIsObeyed = 60_000;

    public static void Set(HttpResponseHeaders fields, double seconds)
    {
        var milliseconds = Math.Ceiling(Math.Round(seconds * 1000, 3));
        var wholeSeconds = Math.Max(1, Math.Ceiling(milliseconds / 1000));
        Replace(fields, "Retry-After", wholeSeconds.ToString(CultureInfo.InvariantCulture));
        Replace(fields, "retry-after-ms", milliseconds.ToString(CultureInfo.InvariantCulture));
        var isLong = milliseconds > LongestThatIsObeyed;
        // An API may have said of one key what does not hold for another one.
        if (isLong || Value(fields) == "false") Replace(fields, "x-should-retry", isLong ? "false" : "true");
    }

    private static string? Value(HttpResponseHeaders fields) =>
        fields.NonValidated.TryGetValues("x-should-retry", out var values) ? values.ToString() : null;

    private static void Replace(HttpResponseHeaders fields, string name, string value)
    {
        fields.Remove(name);
        fields.TryAddWithoutValidation(name, value);
    }
}
