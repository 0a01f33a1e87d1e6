namespace Rotato;

/// <summary>
/// What an answer says about its key. <paramref name="Refused"/>: this key, not now; another may serve. <paramref name="Rest"/>:
/// for how long, null where the answer does not tell. <paramref name="WholeKey"/>: for every model, because it is the key itself
/// and not its rate limit. The last two are facts that any answer may carry.
/// </summary>
internal readonly record struct Sign(
    bool Refused, string Reason, TimeSpan? Rest = null, bool WholeKey = false, int? Remaining = null, string? Organisation = null);

/// <summary>Reads every form in which an API says "this key, not now" (providers.md 2 and 3): fields first, then the error body.</summary>
internal static class Signs
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");
    private static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    // Error codes, types and the beginnings of messages that mean the money or the plan is used up (providers.md 3.2).
    private static readonly string[] Broke =
    [
        "insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "credit_balance_exhausted", "billing_error",
        "organization_spend_limit_exceeded", "organization_usage_limit_exceeded", "project_spend_limit_exceeded",
        "enforced_spend_limit_reached", "openrouter_credits", "openrouter_key_limit", "Your credit balance is too low",
        "You have reached your specified",
    ];

    // Only these members of an error are looked at, so that a request's own words, echoed elsewhere in it, cannot rest a key.
    private static readonly string[] ErrorMembers = ["code", "type", "error_code", "limit_source", "reason", "message"];

    /// <summary>Whether the body has to be read to judge: errors that may mean the key. Everything else streams past.</summary>
    public static bool AreInBody(HttpStatusCode status) => (int)status is (>= 400 and <= 403) or 429;

    /// <summary>Judges an answer. <paramref name="body"/> is empty where it was not read or is compressed.</summary>
    public static Sign Read(HttpResponseMessage response, ReadOnlySpan<byte> body, DateTimeOffset wallClock) =>
        Judge(response, body, response.Headers.Date ?? wallClock) with
        {
            Remaining = int.TryParse(Field(response, "x-ratelimit-remaining-requests")
                ?? Field(response, "anthropic-ratelimit-requests-remaining"), out var count) ? count : null,
            Organisation = Field(response, "openai-organization") ?? Field(response, "anthropic-organization-id"),
        };

    // "Now" is the API's own clock where it tells it: a wrong clock on this machine does not make a date a wrong rest.
    private static Sign Judge(HttpResponseMessage response, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        var status = (int)response.StatusCode;
        if (status < 400) return new(false, "nothing left until then", Exhausted(response, now));
        var texts = Texts(body);
        if (status == 401 || texts.Contains(("reason", "API_KEY_INVALID")))
            return new(true, "the API refuses this key; mend or remove it", TimeSpan.FromMinutes(10), WholeKey: true);
        var hint = Hint(response, texts, now);
        if (texts.Exists(IsBroke) || (status == 402 && hint is null))
            return new(true, "its money or plan is used up; see the API's billing page", TimeSpan.FromHours(1), WholeKey: true);
        return status is 402 or 429 ? new(true, "rate limit", hint) : new(false, "nothing left until then", Exhausted(response, now));
    }

    private static bool IsBroke((string Name, string Text) found) =>
        ErrorMembers.Contains(found.Name) && Array.Exists(Broke, word => found.Text.StartsWith(word, StringComparison.Ordinal));

    // The order of providers.md 2.5. A bucket's reset means "full again" and over-estimates, so it comes late.
    private static TimeSpan? Hint(HttpResponseMessage response, List<(string Name, string Text)> texts, DateTimeOffset now) =>
        ParseWait(Field(response, "retry-after-ms") + "ms", now)
        ?? ParseWait(Field(response, "Retry-After"), now)
        ?? texts.Where(found => found.Name is "retryDelay" or "X-RateLimit-Reset").Max(found => ParseWait(found.Text, now))
        ?? Exhausted(response, now);

    // OpenAI writes x-ratelimit-remaining-requests and x-ratelimit-reset-requests, Anthropic anthropic-ratelimit-requests-remaining
    // and -reset, others something between: the reset of a bucket has its name with the one word for the other.
    private static TimeSpan? Exhausted(HttpResponseMessage response, DateTimeOffset now)
    {
        TimeSpan? longest = null;
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            if (values.ToString() != "0" || !name.Contains("remaining", StringComparison.OrdinalIgnoreCase)) continue;
            var reset = ParseWait(Field(response, name.Replace("remaining", "reset", StringComparison.OrdinalIgnoreCase)), now);
            if (longest is null || reset > longest) longest = reset;
        }

        return longest;
    }

    private static string? Field(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    /// <summary>
    /// A time to wait in any of the forms of providers.md 2.1: seconds, epoch seconds or milliseconds, a duration with units, the
    /// three HTTP dates, RFC 3339. Null for nonsense and for zero or less, which are sentinels; at most 24 hours.
    /// </summary>
    public static TimeSpan? ParseWait(string? text, DateTimeOffset now)
    {
        if (text is null) return null;
        double seconds;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            seconds = number > 1e12 ? (number - now.ToUnixTimeMilliseconds()) / 1000 : number > 1e9 ? number - now.ToUnixTimeSeconds() : number;
        else if (RetryConditionHeaderValue.TryParse(text, out var retry) && retry.Date is { } date)
            seconds = (date - now).TotalSeconds;
        else if (text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out date))
            seconds = (date - now).TotalSeconds;
        else
            seconds = ParseUnits(text);
        return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds)) : null;
    }

    // As Go writes durations: "6m0s", "2m59.56s", "20ms". NaN for anything else.
    private static double ParseUnits(ReadOnlySpan<char> text)
    {
        double seconds = 0;
        while (!text.IsEmpty)
        {
            var digits = text.IndexOfAnyExcept(Digits);
            var unit = digits > 0 ? text[digits..] : default;
            if (unit.IndexOfAny(Digits) is > 0 and var next) unit = unit[..next];
            var factor = unit switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 1e-3, "us" or "µs" => 1e-6, "ns" => 1e-9, _ => double.NaN };
            if (!double.TryParse(text[..Math.Max(digits, 0)], NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return double.NaN;
            seconds += number * factor;
            text = text[(digits + unit.Length)..];
        }

        return seconds;
    }

    // All string members of a JSON error, however deep, also inside an array. Not JSON, or cut off: what was found counts.
    private static List<(string Name, string Text)> Texts(ReadOnlySpan<byte> json)
    {
        var found = new List<(string, string)>();
        try
        {
            var reader = new Utf8JsonReader(json);
            var name = "";
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName) name = reader.GetString()!;
                else if (reader.TokenType == JsonTokenType.String) found.Add((name, reader.GetString()!));
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
        }

        return found;
    }
}
