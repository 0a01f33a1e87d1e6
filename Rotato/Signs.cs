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
    private static readonly Sign Dead = new(true, "the API refuses the key; mend or remove it", 600, WholeKey: true);
    private static readonly Sign Broke = new(true, "money or plan used up; see the billing page", 3600, WholeKey: true);
    // How an error's JSON says that the key is invalid (providers.md 3.2): values begin so.
    private static readonly string[] Invalid = ["API_KEY_INVALID", "invalid_api_key", "authentication_error",
        "Invalid API key", "API key not valid", "Incorrect API key", "Your API key was reported as leaked"];
    // How an error's JSON says that money or plan is used up (providers.md 3.2): values begin so.
    private static readonly string[] Unpaid = ["insufficient_quota", "billing_", "credit_balance_exhausted",
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
        var fields = response.Headers.NonValidated;
        var left = Field(fields, "x-ratelimit-remaining-requests", "anthropic-ratelimit-requests-remaining");
        return Judge(response.StatusCode, fields, Encoding.UTF8.GetString(body), Now) with
        {
            Remaining = int.TryParse(left, NumberStyles.None, null, out var n) ? n : null,
            Organisation = Field(fields, "openai-organization", "anthropic-organization-id"),
        };

        // The API's own clock where it tells it: a wrong clock on this machine does not make of a date a wrong rest.
        DateTimeOffset Now() => response.Headers.Date ?? wallClock;
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

    // What the API says counts before its status: a dead key; a request that no key would do for; nothing to pay with.
    private static Sign Judge(
        HttpStatusCode status, HttpHeadersNonValidated fields, string text, Func<DateTimeOffset> now)
    {
        var foreseen = new Sign(false, "nothing left in its window", Exhausted(fields, now));
        if (!AreInBody(status)) return foreseen;
        var hint = Hint(fields, text, now) ?? foreseen.Rest;
        if ((int)status == 401 || Says(text, Invalid)) return Dead;
        if (Says(text, "weight_exceeds_budget", "linked_organization_")) return foreseen;
        if (Says(text, Unpaid) || ((int)status == 402 && hint is null)) return Broke;
        return (int)status is 402 or 429 ? new(true, "rate limit", hint) : foreseen;
    }

    // A member's value begins so. Within a JSON string a quote has a backslash before it, never a colon: words of the
    // request that an error echoes are not taken for the API's own.
    private static bool Says(string text, params string[] words) =>
        Array.Exists(words, word => text.Contains($":\"{word}", Ordinal) || text.Contains($": \"{word}", Ordinal));

    // The order of providers.md 2.5. A bucket's reset means "full again" and over-estimates, so it comes last.
    private static double? Hint(HttpHeadersNonValidated fields, string text, Func<DateTimeOffset> now) =>
        ParseWait(Field(fields, "retry-after-ms") + "ms", now()) ?? ParseWait(Field(fields, "Retry-After"), now())
        ?? text.Split(["\"retryDelay\"", "\"X-RateLimit-Reset\""], StringSplitOptions.None).Skip(1)
            .Max(tail => ParseWait(tail.Split('"').ElementAtOrDefault(1), now()));

    // The longest reset among the buckets with nothing left. OpenAI has x-ratelimit-remaining-requests and
    // x-ratelimit-reset-requests, Anthropic anthropic-ratelimit-requests-remaining and -reset, others something
    // between: one name with the other word.
    private static double? Exhausted(HttpHeadersNonValidated fields, Func<DateTimeOffset> now) => fields
        .Where(field => field.Key.Contains("remaining", OrdinalIgnoreCase) && field.Value.ToString() == "0")
        .Max(field => ParseWait(Field(fields, field.Key.Replace("remaining", "reset", OrdinalIgnoreCase)), now()));

    private static string? Field(HttpHeadersNonValidated fields, string name, string other = "") =>
        fields.TryGetValues(name, out var values) || fields.TryGetValues(other, out values) ? values.ToString() : null;
}
