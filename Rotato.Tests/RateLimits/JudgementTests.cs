using static Rotato.Tests.RateLimits.Examining;

namespace Rotato.Tests.RateLimits;

/// <summary>From an answer's status and words to whose fault it is, row by row.</summary>
internal sealed class JudgementTests
{
    private static readonly int[] Statuses =
        [101, 200, 201, 204, 206, 301, 304, 400, 401, 402, 403, 404, 405, 408, 409, 413, 415, 422, 425, 429, 498, 500,
         502, 503, 504, 529];

    /// <summary>The table: for each meaning the statuses at which it counts, and as what.</summary>
    private static readonly Dictionary<Meaning, (Verdict Verdict, int[] Statuses)> Table = new()
    {
        [Meaning.KeyInvalid] = (Verdict.Dead, [400, 401, 403]),
        [Meaning.FundsUsedUp] = (Verdict.Unpaid, [400, 402, 403, 429]),
        [Meaning.RequestImpossible] = (Verdict.Impossible, [429]),
        [Meaning.RequestCostsTooMuch] = (Verdict.TooExpensive, [402]),
        [Meaning.NoAccess] = (Verdict.NoAccess, [400, 403, 404]),
        [Meaning.MadeWithAnotherKey] = (Verdict.MadeWithAnotherKey, [400, 403, 404]),
        [Meaning.None] = (Verdict.SaysNothing, []),
    };

    [Test]
    public void WordsCountAtTheStatusesThatTheTableNames([Values] Meaning meaning)
    {
        var (verdict, statuses) = Table[meaning];
        foreach (var status in Statuses)
        {
            var expected = statuses.Contains(status) ? verdict : OfStatusAlone(status);
            Assert.That(
                Judgement.Of(new Evidence(status) { Meaning = meaning, Hint = 5 }), Is.EqualTo(expected), $"{status}");
        }
    }

    [TestCase(Verdict.Served, false)]
    [TestCase(Verdict.SaysNothing, false)]
    [TestCase(Verdict.Impossible, false)]
    [TestCase(Verdict.Limited, true)]
    [TestCase(Verdict.Unpaid, true)]
    [TestCase(Verdict.Dead, true)]
    [TestCase(Verdict.Doubtful, true)]
    [TestCase(Verdict.NoAccess, true)]
    [TestCase(Verdict.TooExpensive, true)]
    [TestCase(Verdict.MadeWithAnotherKey, true)]
    public void TheNextKeyIsTriedWhereItMayHelp(Verdict verdict, bool isTried) =>
        Assert.That(Judgement.WantsNextKey(verdict), Is.EqualTo(isTried));

    [Test]
    public void WhereTheNextKeyIsTriedARequestMayBeSentAgain()
    {
        foreach (var status in Statuses)
        {
            foreach (var meaning in Enum.GetValues<Meaning>())
            {
                var verdict = Judgement.Of(new Evidence(status) { Meaning = meaning });
                if (!Judgement.WantsNextKey(verdict)) continue;
                Assert.That(Resending.MayFollowAnswer(status, default), $"{status} {meaning}");
            }
        }
    }

    // OpenAI and those who speak like it, Anthropic, Gemini, OpenRouter, DeepSeek, and one without a word.
    [TestCase(429, """{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}""")]
    [TestCase(429, """{"error": {"type": "insufficient_quota", "code": "credit_balance_exhausted"}}""")]
    [TestCase(429, """{"error":{"type":"billing","code":"organization_spend_limit_exceeded"}}""")]
    [TestCase(429, """{"error":{"type":"billing","code":"organization_usage_limit_exceeded"}}""")]
    [TestCase(429, """{"error":{"type":"billing","code":"project_spend_limit_exceeded"}}""")]
    [TestCase(429, """{"error":{"type":"billing_not_active","code":"billing_not_active"}}""")]
    [TestCase(429, """{"error":{"code":"billing_hard_limit_reached"}}""")]
    [TestCase(400, """{"error":{"message":"Billing hard limit has been reached","code":"billing_hard_limit_reached"}}""")]
    [TestCase(429, """{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}}""")]
    [TestCase(400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}""")]
    [TestCase(400, """{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC."}}""")]
    [TestCase(400, """{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified workspace API usage limits."}}""")]
    [TestCase(402, """{"type":"error","error":{"type":"billing_error","message":"x"}}""")]
    [TestCase(403, """{"type":"error","error":{"type":"billing_error","message":"x"}}""")]
    [TestCase(402, """{"error":{"code":402,"status":"RESOURCE_EXHAUSTED","message":"prepay"}}""", Description = "Gemini")]
    [TestCase(402, """{"error":{"code":402,"message":"Insufficient credits","metadata":{"limit_source":"openrouter_credits"}}}""")]
    [TestCase(402, """{"error":{"code":402,"message":"Key limit exceeded","metadata":{"limit_source":"openrouter_key_limit"}}}""")]
    [TestCase(402, """{"error":{"message":"Insufficient Balance","type":"unknown_error"}}""", Description = "DeepSeek")]
    [TestCase(429, """{"error":{"code":1113,"message":"x"}}""", Description = "Z.ai")]
    [TestCase(402, "")]
    public void WhatSaysThatTheMoneyIsGoneIsAboutTheKey(int status, string body)
    {
        Assert.That(VerdictOn(status, body), Is.EqualTo(Verdict.Unpaid));
        Assert.That(VerdictOn(status, body, ("Retry-After", "1")), Is.EqualTo(Verdict.Unpaid), "a hint changes nothing");
    }

    [TestCase(401, """{"error":{"message":"Incorrect API key provided: sk-12***90.","type":"invalid_request_error","code":"invalid_api_key"}}""")]
    [TestCase(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""")]
    [TestCase(400, """{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}""")]
    [TestCase(400, """[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason": "API_KEY_INVALID"}]}}]""")]
    [TestCase(403, """{"error":{"code":403,"message":"Your API key was reported as leaked. Please use another API key.","status":"PERMISSION_DENIED"}}""")]
    [TestCase(403, """{"error":{"message":"no","code":"invalid_api_key"}}""")]
    [TestCase(400, """{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}""")]
    [TestCase(400, """{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***9."}""")]
    public void WhatSaysThatTheKeyIsInvalidIsAboutTheKey(int status, string body) =>
        Assert.That(VerdictOn(status, body), Is.EqualTo(Verdict.Dead));

    [TestCase(401, "")]
    [TestCase(403, "")]
    [TestCase(401, """{"error":{"message":"You have insufficient permissions for this operation. Missing scopes: api.model.read."}}""")]
    [TestCase(401, """{"type":"error","error":{"type":"authentication_error","message":"CORS requests are not allowed for this Organization"}}""")]
    [TestCase(403, """{"error":{"code":"unsupported_country_region_territory"}}""")]
    [TestCase(403, """{"error":{"code":403,"message":"Input was flagged","metadata":{"reasons":["x"]}}}""")]
    public void ARefusalWithoutSuchWordsIsDoubtful(int status, string body) =>
        Assert.That(VerdictOn(status, body), Is.EqualTo(Verdict.Doubtful));

    [TestCase(400, "")]
    [TestCase(400, """{"error":{"message":"Invalid value","type":"invalid_request_error","param":"messages","code":null}}""")]
    [TestCase(400, """{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}""")]
    [TestCase(400, """{"error":{"message":"no","type":"authentication_error"}}""")]
    [TestCase(404, "")]
    [TestCase(405, "")]
    [TestCase(408, "")]
    [TestCase(409, "")]
    [TestCase(413, """{"error":{"message":"Request too large for model","type":"tokens","code":"rate_limit_exceeded"}}""")]
    [TestCase(422, "")]
    [TestCase(425, "")]
    [TestCase(498, "")]
    [TestCase(500, "")]
    [TestCase(502, "")]
    [TestCase(503, """{"error":{"code":"server_is_overloaded"}}""")]
    [TestCase(504, "")]
    [TestCase(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""")]
    public void WhatIsNobodysFaultSaysNothing(int status, string body)
    {
        Assert.That(VerdictOn(status, body), Is.EqualTo(Verdict.SaysNothing));
        Assert.That(VerdictOn(status, body, ("Retry-After", "30")), Is.EqualTo(Verdict.SaysNothing), "busy is not limited");
    }

    [TestCase(200)]
    [TestCase(101)]
    [TestCase(204)]
    [TestCase(304)]
    public void WhatIsServedIsServed(int status) => Assert.That(VerdictOn(status, ""), Is.EqualTo(Verdict.Served));

    [TestCase("You do not have permission to access the File abc or it may not exist.")]
    [TestCase("CachedContent not found (or permission denied)")]
    public void AFileOfAnotherKeyIsNobodysFault(string message)
    {
        var body = $$$"""{"error":{"code":403,"message":"{{{message}}}","status":"PERMISSION_DENIED"}}""";

        Assert.That(VerdictOn(403, body), Is.EqualTo(Verdict.MadeWithAnotherKey));
    }

    // The request is too heavy for what is left; a lighter one, or another key, may pass.
    [TestCase("""{"error":{"code":402,"metadata":{"reason":"weight_exceeds_budget"}}}""")]
    [TestCase("""{"error":{"code":402,"metadata":{"reason":"in_flight_budget_exhausted"}}}""")]
    [TestCase("""{"error":{"code":402,"message":"This request requires more credits, or fewer max_tokens. You requested up to 9, but can only afford 5."}}""")]
    [TestCase("""{"error":{"code":402,"message":"Prompt tokens limit exceeded: 9 > 5."}}""")]
    public void A402AboutTheWeightOfOneRequestIsAboutThatRequest(string body)
    {
        Assert.That(VerdictOn(402, body), Is.EqualTo(Verdict.TooExpensive));
        Assert.That(VerdictOn(402, body, ("Retry-After", "3")), Is.EqualTo(Verdict.TooExpensive));
    }

    // An API that quotes the request in its message must not let a request bench keys.
    [TestCase("insufficient_quota")]
    [TestCase("Unknown word insufficient_quota in your prompt")]
    [TestCase("Expected a number, got \\\"insufficient_quota\\\"")]
    [TestCase("Your text was: {\\\"reason\\\":\\\"API_KEY_INVALID\\\"}")]
    [TestCase("\\\"API_KEY_INVALID\\\"")]
    [TestCase("Invalid: '\\\"Your API key was reported as leaked\\\"'")]
    [TestCase("You said \\\"Your credit balance is too low\\\"")]
    [TestCase("the tool said API_KEY_INVALID")]
    [TestCase("a backslash and a quote: \\\\\\\"billing_error\\\"")]
    public void WordsOfARequestThatAnErrorEchoesRestNoKey(string message)
    {
        // Behind words of the API: a message that was nothing but the echo could not be told from the API's own.
        var body = $$$"""{"error":{"message":"Invalid request: {{{message}}}","type":"invalid_request_error","code":null}}""";

        Assert.That(VerdictOn(400, body), Is.EqualTo(Verdict.SaysNothing));
        Assert.That(VerdictOn(403, body), Is.EqualTo(Verdict.Doubtful));
        Assert.That(VerdictOn(429, body), Is.EqualTo(Verdict.Limited), "a rate limit, and nothing more");
    }

    private static Verdict OfStatusAlone(int status) => status switch
    {
        < 400 => Verdict.Served,
        401 or 403 => Verdict.Doubtful,
        402 => Verdict.Unpaid,
        429 => Verdict.Limited,
        _ => Verdict.SaysNothing,
    };
}
