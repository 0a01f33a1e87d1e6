namespace Rotato;

/// <summary>
/// What an answer says about its key. <paramref name="Refused"/>: this key, not now; another may serve.
/// <paramref name="Rest"/>: for how many seconds, null where the answer does not tell. <paramref name="WholeKey"/>: it
/// is about the key itself, so for every model. The last two are facts that any answer may tell: requests left, and
/// whose limit it is.
/// </summary>
internal readonly record struct Sign(bool Refused, string Reason = "", double? Rest = null, bool WholeKey = false,
    int? Remaining = null, string? Organisation = null)
{
    public bool Rests => Refused || Rest is not null;
}

/// <summary>
/// Reads every form in which an API says "this key, not now" (providers.md 2 and 3): fields first, then the error's
/// body.
/// </summary>
internal static class Signs
{
    // Beginnings of values in an error's JSON (providers.md 3.2) that mean: a dead key; no key would do; money or
    // plan used up.
    private static readonly string[] Dead = ["API_KEY_INVALID", "Your API key was reported as leaked"];
    private static readonly string[] Hopeless = ["weight_exceeds_budget", "linked_organization_"];
    private static readonly string[] Broke = ["insufficient_quota", "billing_", "credit_balance_exhausted",
        "project_spend_limit", "organization_spend_limit", "organization_usage_limit", "enforced_spend_limit",
        "contract_spend_limit", "openrouter_credits", "openrouter_key_limit", "Your credit balance is too low",
        "You have reached your specified"];
    // The three HTTP dates (RFC 9110 s5.6.7) and RFC 3339.
    private static readonly string[] Dates = ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM d HH:mm:ss yyyy",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
    private static readonly (string Name, double Seconds)[] Units = [("ms", 0.001), ("h", 3600), ("m", 60), ("s", 1)];

    /// <summary>
    /// Whether the body has to be read to judge: errors that may mean the key. Everything else streams past.
    /// </summary>
    public static bool AreInBody(HttpStatusCode status) => (int)status is (>= 400 and <= 403) or 429;

    /// <summary>Judges an answer; <paramref name="body"/> is empty where it was not read or is compressed.</summary>
    public static Sign Read(HttpResponseMessage response, ReadOnlySpan<byte> body, DateTimeOffset wallClock)
    {
        var left = Field(response, "x-ratelimit-remaining-requests")
            ?? Field(response, "anthropic-ratelimit-requests-remaining");
        var owner = Field(response, "openai-organization") ?? Field(response, "anthropic-organization-id");
        // The API's own clock where it tells it: a wrong clock on this machine does not make of a date a wrong rest.
        var now = response.Headers.Date ?? wallClock;
        var sign = AreInBody(response.StatusCode) ? Judge(response, Encoding.UTF8.GetString(body), now) : default;
        if (!sign.Refused) sign = new(false, "nothing left in its window", Exhausted(response, now));
        var isKnown = int.TryParse(left, NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        return sign with { Remaining = isKnown ? count : null, Organisation = owner };
    }

    /// <summary>
    /// Seconds to wait in any form of providers.md 2: seconds, epoch seconds or milliseconds, "6m0s", "20ms", the three
    /// HTTP dates, RFC 3339. Null for nonsense and for zero or less, which are sentinels; 24 hours at most.
    /// </summary>
    public static double? ParseWait(string? text, DateTimeOffset now)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowWhiteSpaces;
        var isNumber = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        var seconds = number > 1e12 ? (number / 1000) - now.ToUnixTimeSeconds()
            : number > 1e9 ? number - now.ToUnixTimeSeconds() : isNumber ? number
            : DateTimeOffset.TryParseExact(text, Dates, CultureInfo.InvariantCulture, Utc, out var date)
                ? (date - now).TotalSeconds : ParseUnits(text?.Trim() ?? "");
        return seconds > 0 && double.IsFinite(seconds) ? Math.Min(seconds, Limits.LongestRest) : null;
    }

    // Go's durations: "20ms", "34.07s", "6m0s", "2m59.56s", "114h0m0s".
    private static double ParseUnits(string text)
    {
        var sum = 0.0;
        foreach (var (name, seconds) in Units)
        {
            if (text.Split(name, 2) is not [var count, var rest]) continue;
            if (!double.TryParse(count, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return 0;
            (sum, text) = (sum + (number * seconds), rest);
        }

        return text == "" ? sum : 0;
    }

    private static Sign Judge(HttpResponseMessage response, string text, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        if (status == 401 || Says(text, Dead))
            return new(true, "the API refuses the key; mend or remove it", 10 * 60, WholeKey: true);
        if (Says(text, Hopeless)) return default;
        var hint = Hint(response, text, now);
        if (Says(text, Broke) || (status == 402 && hint is null))
            return new(true, "money or plan is used up; see the billing page", 60 * 60, WholeKey: true);
        return status is 402 or 429 ? new(true, "rate limit", hint) : default;
    }

    // A member's value begins so. Within a JSON string a quote has a backslash before it, never a colon: words of the
    // request that an error echoes are not taken for the API's own.
    private static bool Says(string text, string[] words) =>
        Array.Exists(words, word => text.Contains($":\"{word}", Ordinal) || text.Contains($": \"{word}", Ordinal));

    // The order of providers.md 2.5. A bucket's reset means "full again" and over-estimates, so it comes last.
    private static double? Hint(HttpResponseMessage response, string text, DateTimeOffset now) =>
        ParseWait(Field(response, "retry-after-ms") is { } ms ? $"{ms}ms" : null, now)
        ?? ParseWait(Field(response, "Retry-After"), now)
        ?? text.Split("\"retryDelay\"").Skip(1).Concat(text.Split("\"X-RateLimit-Reset\"").Skip(1))
            .Max(tail => ParseWait(tail.Split('"').ElementAtOrDefault(1), now))
        ?? Exhausted(response, now);

    // The longest reset among the buckets with nothing left. OpenAI has x-ratelimit-remaining-requests and
    // x-ratelimit-reset-requests, Anthropic anthropic-ratelimit-requests-remaining and -reset, others something
    // between: one name with the other word.
    private static double? Exhausted(HttpResponseMessage response, DateTimeOffset now) => response.Headers.NonValidated
        .Where(field => field.Value.ToString() == "0" && field.Key.Contains("remaining", OrdinalIgnoreCase))
        .Max(field => ParseWait(Field(response, field.Key.Replace("remaining", "reset", OrdinalIgnoreCase)), now));

    private static string? Field(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
