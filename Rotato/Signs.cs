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
    // What errors say, by what it means.
    private static readonly ILookup<string, string> Words = Options.Resource("Signs.txt").Split('\n')
        .Select(line => line.Split(' ', 2)).ToLookup(line => line[0], line => line[^1]);
    // The three HTTP dates (RFC 9110 s5.6.7), the last with a day of one digit or two, and RFC 3339.
    private static readonly string[] Dates = ["r", "dddd, dd-MMM-yy HH:mm:ss 'GMT'", "ddd MMM  d HH:mm:ss yyyy",
        "ddd MMM d HH:mm:ss yyyy", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>
    /// Judges an answer. The body of an error that may mean the key is read whole, also to give it to the client later
    /// if no other key serves; everything else streams past.
    /// </summary>
    public static async ValueTask<Sign> ReadAsync(
        HttpResponseMessage response, DateTimeOffset wallClock, CancellationToken gone)
    {
        var (status, fields) = ((int)response.StatusCode, response.Headers.NonValidated);
        var left = Field("x-ratelimit-remaining-requests") ?? Field("anthropic-ratelimit-requests-remaining");
        // Of the buckets with nothing left the longest reset. OpenAI has x-ratelimit-remaining-requests and
        // x-ratelimit-reset-requests, Anthropic anthropic-ratelimit-requests-remaining and -reset, others something
        // between: one name with the other word.
        var sign = new Sign(false, "nothing left in its window", fields
            .Where(field => field.Key.Contains("remaining", OrdinalIgnoreCase) && field.Value.ToString() == "0")
            .Max(field => Wait(Field(field.Key.Replace("remaining", "reset", OrdinalIgnoreCase)))),
            Remaining: int.TryParse(left, NumberStyles.None, null, out var n) ? n : null,
            Organisation: Field("openai-organization") ?? Field("anthropic-organization-id"));
        if (status is not ((>= 400 and <= 403) or 429)) return sign;
        await response.Content.LoadIntoBufferAsync(Limits.ErrorBody, gone);
        // What an error says of the key stands near its beginning.
        var body = await response.Content.ReadAsByteArrayAsync(gone);
        var text = Encoding.UTF8.GetString([.. body.Take(Limits.HeadBytes)]).Replace(": \"", ":\"", Ordinal);
        // The order of providers.md 2.5. A bucket's reset means "full again" and over-estimates, so it comes last.
        var hint = Wait(Field("retry-after-ms") + "ms") ?? Wait(Field("Retry-After"))
            ?? text.Split(["\"retryDelay\":\"", "\"X-RateLimit-Reset\":\""], StringSplitOptions.None).Skip(1)
                .Max(tail => Wait(tail.Split('"')[0])) ?? sign.Rest;
        // What the API says counts before its status.
        if (status == 401 || Says("invalid")) return Dead("the API refuses the key; mend or remove it", 600);
        if (Says("passes")) return sign;
        if (Says("unpaid") || (status == 402 && hint is null)) return Dead("money or plan used up; see billing", 3600);
        return status is 402 or 429 ? sign with { Refused = true, Reason = "rate limit", Rest = hint } : sign;

        string? Field(string name) => fields.TryGetValues(name, out var values) ? values.ToString() : null;
        // The API's own clock where it tells it: a wrong clock on this machine does not make of a date a wrong rest.
        double? Wait(string? told) => ParseWait(told, response.Headers.Date ?? wallClock);
        // Within a JSON string a quote has a backslash before it, never a colon: words of the request that an error
        // echoes there are not taken for the API's own.
        bool Says(string what) => Words[what].Any(words => text.Contains($":\"{words}", Ordinal));
        Sign Dead(string why, double rest) => sign with { Refused = true, Reason = why, Rest = rest, WholeKey = true };
    }

    /// <summary>
    /// Seconds to wait in any form of providers.md 2: seconds, epoch seconds or milliseconds, "6m0s", "20ms", the three
    /// HTTP dates, RFC 3339. Null for nonsense and for zero or less, which are sentinels; 24 hours at most.
    /// </summary>
    public static double? ParseWait(string? text, DateTimeOffset now)
    {
        // The build knows no culture but the invariant one (InvariantGlobalization).
        var seconds = DateTimeOffset.TryParseExact(text, Dates, null, DateTimeStyles.AssumeUniversal, out var date)
            ? (date - now).TotalSeconds
            : text is { Length: < 30 } ? ParseUnits(text.Replace("ms", "e-3s", Ordinal)) : 0;
        if (seconds > 1e12) seconds /= 1000;
        if (seconds > 1e9) seconds -= now.ToUnixTimeSeconds();
        return seconds > 0 && double.IsFinite(seconds) ? Math.Min(seconds, Limits.LongestRest) : null;
    }

    // Go's durations: "20e-3s" for "20ms", "34.07s", "6m0s", "2m59.56s", "114h0m0s"; and what has no unit is seconds.
    private static double ParseUnits(string text)
    {
        foreach (var (name, seconds) in new[] { ('h', 3600), ('m', 60), ('s', 1) })
        {
            if (text.Split(name, 2) is [var count, var rest])
                return (seconds * ParseUnits(count)) + (rest == "" ? 0 : ParseUnits(rest));
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var sum) ? sum : double.NaN;
    }
}
