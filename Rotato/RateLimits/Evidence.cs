using System.Net.Http;

namespace Rotato.RateLimits;

/// <summary>What an answer tells of its key.</summary>
/// <param name="Status">As the client sees it.</param>
internal sealed record Evidence(int Status)
{
    // Buckets, and when they are full again, as the documentation of OpenAI, Anthropic, Groq, Azure, Cerebras and
    // OpenRouter names them.
    private static readonly Dictionary<string, string> ResetOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["x-ratelimit-remaining-requests"] = "x-ratelimit-reset-requests",
        ["x-ratelimit-remaining-tokens"] = "x-ratelimit-reset-tokens",
        ["x-ratelimit-remaining-tokens_usage_based"] = "x-ratelimit-reset-tokens_usage_based",
        ["x-ratelimit-remaining-project-tokens"] = "x-ratelimit-reset-project-tokens",
        ["x-ratelimit-remaining-requests-minute"] = "x-ratelimit-reset-requests-minute",
        ["x-ratelimit-remaining-requests-day"] = "x-ratelimit-reset-requests-day",
        ["x-ratelimit-remaining-tokens-minute"] = "x-ratelimit-reset-tokens-minute",
        ["x-ratelimit-remaining"] = "x-ratelimit-reset",
        ["anthropic-ratelimit-requests-remaining"] = "anthropic-ratelimit-requests-reset",
        ["anthropic-ratelimit-tokens-remaining"] = "anthropic-ratelimit-tokens-reset",
        ["anthropic-ratelimit-input-tokens-remaining"] = "anthropic-ratelimit-input-tokens-reset",
        ["anthropic-priority-input-tokens-remaining"] = "anthropic-priority-input-tokens-reset",
        ["anthropic-priority-output-tokens-remaining"] = "anthropic-priority-output-tokens-reset",
        ["anthropic-ratelimit-output-tokens-remaining"] = "anthropic-ratelimit-output-tokens-reset",
    };

    /// <summary>What the words of its error mean.</summary>
    public Meaning Meaning { get; init; }

    /// <summary>In how many seconds the API wants to be asked again; null where it does not say.</summary>
    public double? Hint { get; init; }

    /// <summary>In how many seconds a bucket that is empty now is full again; null where none is empty.</summary>
    public double? EmptyFor { get; init; }

    /// <summary>How many requests are left, and for how many seconds that holds.</summary>
    public int? Remaining { get; init; }
    public double? RemainingFor { get; init; }

    /// <summary>Whose limits it counted against.</summary>
    public string? Organisation { get; init; }

    /// <summary>Reads the fields of an answer, and its error where it has one.</summary>
    /// <param name="response">Status and fields.</param>
    /// <param name="error">What its body says; null where that was not looked at.</param>
    /// <param name="words">The table of words.</param>
    /// <param name="clock">For dates, where the API does not send its own time.</param>
    public static Evidence Of(HttpResponseMessage response, ErrorBody? error, ErrorWords words, TimeProvider clock)
    {
        var fields = new AnswerFields(response, clock);
        var emptyFor = LongestReset(fields);
        var remaining = fields.Number("x-ratelimit-remaining-requests")
            ?? fields.Number("anthropic-ratelimit-requests-remaining");
        var evidence = new Evidence((int)response.StatusCode)
        {
            EmptyFor = emptyFor,
            Remaining = remaining,
            RemainingFor = remaining is null ? null : fields.Wait("x-ratelimit-reset-requests")
                ?? fields.Wait("anthropic-ratelimit-requests-reset"),
            Organisation = fields["openai-organization"] ?? fields["anthropic-organization-id"],
        };
        if (error is null) return evidence;
        return evidence with
        {
            Meaning = words.MeaningOf(error),
            // A bucket's reset means "full again" and says too much, so it comes last.
            Hint = fields.WaitOfMilliseconds("retry-after-ms") ?? fields.Wait("Retry-After")
                ?? error.Waits.Max(fields.Parsed) ?? emptyFor,
        };
    }

    // Of the buckets with nothing left the longest. The cheap test comes first: few values are a zero.
    private static double? LongestReset(AnswerFields fields)
    {
        double? longest = null;
        foreach (var name in fields.NamesOfZeros())
        {
            if (!ResetOf.TryGetValue(name, out var reset)) continue;
            var wait = fields.Wait(reset);
            if (wait > (longest ?? 0)) longest = wait;
        }

        return longest;
    }
}
