using System.Globalization;
using System.Net;
using System.Text;
using Rotato.Tests.Infra;

namespace Rotato.Tests;

/// <summary>Every form of providers.md 2 and 3 in which an API says "this key, not now", and what must not be taken for one.</summary>
internal sealed class SignsTests
{
    // A Monday.
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1);

    [Test]
    public void ADayOfOneDigitHasABlankBeforeIt() =>
        Assert.That(Signs.ParseWait("Thu Dec  3 12:00:30 2026", new(2026, 12, 3, 12, 0, 0, TimeSpan.Zero)), Is.EqualTo(30));

    // Milliseconds since 1970, as OpenRouter has them.
    private static string InHalfAMinute => Now.AddSeconds(30).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    [TestCase("30", 30)]
    [TestCase(" 30 ", 30)]
    [TestCase("1", 1)]
    [TestCase("0.5", 0.5)]
    [TestCase("2.75", 2.75)]
    [TestCase("33011.382867", 33011.382867, Description = "Cerebras")]
    [TestCase("1s", 1)]
    [TestCase("20ms", 0.02)]
    [TestCase("12ms", 0.012)]
    [TestCase("900ms", 0.9)]
    [TestCase("940ms", 0.94)]
    [TestCase("1.5ms", 0.0015)]
    [TestCase("34s", 34)]
    [TestCase("34.074824224s", 34.074824224)]
    [TestCase("16.239999999s", 16.239999999)]
    [TestCase("7.66s", 7.66)]
    [TestCase("6m0s", 360)]
    [TestCase("1m30s", 90)]
    [TestCase("1m23.45s", 83.45)]
    [TestCase("2m59.56s", 179.56)]
    [TestCase("1h2m3s", 3723)]
    [TestCase("1h", 3600)]
    [TestCase("1m30", 90, Description = "what has no unit is seconds")]
    [TestCase("Mon, 23 Nov 2026 12:00:30 GMT", 30, Description = "IMF-fixdate")]
    [TestCase("Monday, 23-Nov-26 12:00:30 GMT", 30, Description = "RFC 850")]
    [TestCase("Mon Nov 23 12:00:30 2026", 30, Description = "asctime")]
    [TestCase("Tue Nov 24 00:00:00 2026", 43200, Description = "asctime")]
    [TestCase("2026-11-23T12:00:30Z", 30)]
    [TestCase("2026-11-23T12:00:30.5Z", 30.5)]
    [TestCase("2026-11-23T14:00:30+02:00", 30)]
    [TestCase("2026-11-23T04:30:30-07:30", 30)]
    [TestCase("1795435230000", 30, Description = "epoch milliseconds")]
    [TestCase("1795435230", 30, Description = "epoch seconds")]
    public void EveryFormOfATimeToWaitIsRead(string text, double seconds) =>
        Assert.That(Signs.ParseWait(text, Now), Is.EqualTo(seconds).Within(1e-6));

    [TestCase("86400")]
    [TestCase("86401")]
    [TestCase("410000")]
    [TestCase("99999999")]
    [TestCase("114h0m0s")]
    [TestCase("99999999999999999999h")]
    [TestCase("Mon, 30 Nov 2026 12:00:00 GMT")]
    [TestCase("2026-12-01T00:00:00Z")]
    [TestCase("1999999999999")]
    public void NoWaitIsLongerThanADay(string text) => Assert.That(Signs.ParseWait(text, Now), Is.EqualTo(Day.TotalSeconds));

    [TestCase(null)]
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("-0.5")]
    [TestCase("0s")]
    [TestCase("0ms")]
    [TestCase("-5s")]
    [TestCase("ms")]
    [TestCase("s")]
    [TestCase("soon")]
    [TestCase("null")]
    [TestCase("NaN")]
    [TestCase("5 apples")]
    [TestCase("s5")]
    [TestCase("P1D")]
    [TestCase("PT5S")]
    [TestCase("30, 60")]
    [TestCase("2026-13-45T99:99:99Z")]
    [TestCase("Tomorrow")]
    [TestCase("Mon, 23 Nov 2026 11:59:59 GMT", Description = "past")]
    [TestCase("Mon, 23 Nov 2026 12:00:00 GMT", Description = "now")]
    [TestCase("2026-11-23T11:59:59Z", Description = "past")]
    [TestCase("1795435199000", Description = "past")]
    public void NonsensePastAndSentinelsAreNoWait(string? text) => Assert.That(Signs.ParseWait(text, Now), Is.Null);

    [Test]
    public async Task AnEndlessHintIsNonsenseAndNoWork([Values("h", "1s", "ms", "1")] string piece)
    {
        var hint = string.Concat(Enumerable.Repeat(piece, 1_000_000));

        Assert.That(await Task.Run(() => Signs.ParseWait(hint, Now)).WaitAsync(Hang.Limit), Is.Null);
    }

    [Test]
    public void OnlyTheBeginningOfALongErrorIsLookedAt()
    {
        var error = $$$"""{"error": {"echo": "{{{new string('x', 1 << 20)}}}", "retryDelay": "7s", "code": "insufficient_quota"}}""";

        Assert.That(Known(Read(429, error)), Is.EqualTo((true, (TimeSpan?)null, false)));
    }

    [TestCase("Infinity")]
    [TestCase("-Infinity")]
    public void WhatAGatewayDividedByZeroIsNoWait(string text) => Assert.That(Signs.ParseWait(text, Now), Is.Null);

    [TestCase("retry-after-ms", "1500", 1.5)]
    [TestCase("retry-after-ms", "812.5", 0.8125)]
    [TestCase("Retry-After-Ms", "250", 0.25)]
    [TestCase("Retry-After", "56", 56)]
    [TestCase("retry-after", "1.25", 1.25)]
    [TestCase("retry-after", "86400", 86400)]
    [TestCase("Retry-After", "Mon, 23 Nov 2026 12:01:00 GMT", 60)]
    [TestCase("Retry-After", "Monday, 23-Nov-26 12:01:00 GMT", 60)]
    [TestCase("Retry-After", "Mon Nov 23 12:01:00 2026", 60)]
    public void A429SaysInAFieldWhenToComeBack(string name, string value, double seconds)
    {
        var sign = Read(429, "", (name, value));

        Assert.That(sign.Rest, Is.EqualTo(seconds).Within(1e-6));
        Assert.That((sign.Refused, sign.WholeKey), Is.EqualTo((true, false)));
    }

    [TestCase("retry-after-ms", "0")]
    [TestCase("retry-after-ms", "-20")]
    [TestCase("retry-after-ms", "fast")]
    [TestCase("Retry-After", "0")]
    [TestCase("Retry-After", "-1")]
    [TestCase("Retry-After", "later")]
    [TestCase("Retry-After", "Mon, 23 Nov 2026 11:00:00 GMT")]
    [TestCase("x-unrelated", "30")]
    public void A429WithoutAUsableHintIsStillARefusal(string name, string value) =>
        Assert.That(Known(Read(429, "", (name, value))), Is.EqualTo((true, (TimeSpan?)null, false)));

    // The same answer, and a machine whose clock is right, an hour slow, an hour fast, and in another century.
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(-300_000)]
    public void ADateIsReadAgainstTheAnswersOwnDate(int hoursWrong)
    {
        var clock = Now.AddHours(hoursWrong);
        var date = ("Date", "Mon, 23 Nov 2026 12:00:00 GMT");

        Assert.That(ReadAt(clock, 429, "", date, ("Retry-After", "Mon, 23 Nov 2026 12:00:45 GMT")).Rest, Is.EqualTo(45));
        Assert.That(ReadAt(clock, 429, "", date, ("Retry-After", "Mon, 23 Nov 2026 11:59:00 GMT")).Rest, Is.Null);
        Assert.That(
            ReadAt(clock, 200, "", date, ("anthropic-ratelimit-tokens-remaining", "0"), ("anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:45Z")).Rest,
            Is.EqualTo(45));
        Assert.That(ReadAt(clock, 429, OpenRouterBody, date).Rest, Is.EqualTo(30));
    }

    [Test]
    public void WithoutOneTheLocalClockHasToDo() =>
        Assert.That(ReadAt(Now.AddSeconds(-15), 429, "", ("Retry-After", "Mon, 23 Nov 2026 12:00:30 GMT")).Rest, Is.EqualTo(45));

    [TestCase("34s", 34)]
    [TestCase("34.074824224s", 34.074824224)]
    [TestCase("900ms", 0.9)]
    [TestCase("6m0s", 360)]
    public void GeminiSaysItInTheBody(string delay, double seconds)
    {
        Assert.That(Read(429, GeminiBody(delay)).Rest, Is.EqualTo(seconds).Within(1e-6));
        Assert.That(Read(429, $"[{GeminiBody(delay)}]").Rest, Is.EqualTo(seconds).Within(1e-6), "in an array");
        Assert.That(
            Read(429, GeminiBody(delay).Replace(" ", "", StringComparison.Ordinal)).Rest, Is.EqualTo(seconds).Within(1e-6), "without blanks");
    }

    [TestCase("12s", "30s")]
    [TestCase("30s", "12s")]
    [TestCase("30s", "never")]
    [TestCase("0s", "30s")]
    public void OfSeveralDelaysTheLongestCounts(string first, string second) =>
        Assert.That(Read(429, $"[{GeminiBody(first)},{GeminiBody(second)}]").Rest, Is.EqualTo(30));

    [TestCase("""{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}""")]
    [TestCase("""{"error":{"details":[{"retryDelay":null}]}}""")]
    [TestCase("""{"error":{"details":[{"retryDelay":{}}]}}""")]
    [TestCase("""{"error":{"details":[{"retryDelay":""")]
    [TestCase("""{"error":{"message":"the text said \"retryDelay\": \"77s\" to me"}}""", Description = "quoted from the request")]
    [TestCase("""{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM)","type":"tokens","code":"rate_limit_exceeded"}}""")]
    [TestCase("""{"type":"error","error":{"type":"rate_limit_error","message":"This would exceed the rate limit"}}""")]
    [TestCase("""{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error","code":"3505"}""")]
    [TestCase("<html><body>429</body></html>")]
    [TestCase("\"429\"")]
    [TestCase("429")]
    [TestCase("")]
    [TestCase("\0\u001f\ufffd")]
    public void ABodyWithoutADelayGivesNoHint(string body) =>
        Assert.That(Known(Read(429, body)), Is.EqualTo((true, (TimeSpan?)null, false)));

    [Test]
    public void OpenRouterSaysItInEpochMilliseconds()
    {
        Assert.That(Read(429, OpenRouterBody).Rest, Is.EqualTo(30), "in the body");
        Assert.That(Read(429, "", ("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", InHalfAMinute)).Rest,
            Is.EqualTo(30), "in fields");
    }

    // Name of the count, name of the reset, value, seconds.
    private static readonly (string Left, string Reset, string Value, double Seconds)[] Buckets =
    [
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "1s", 1),
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "20ms", 0.02),
        ("X-RateLimit-Remaining-Requests", "x-ratelimit-reset-requests", "12ms", 0.012),
        ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens", "6m0s", 360),
        ("x-ratelimit-remaining-project-tokens", "x-ratelimit-reset-project-tokens", "1m30s", 90),
        ("x-ratelimit-remaining-tokens_usage_based", "x-ratelimit-reset-tokens_usage_based", "59.998s", 59.998),
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "2m59.56s", 179.56),
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "1h2m3s", 3723),
        ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "4", 4),
        ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset", "2026-11-23T12:00:20Z", 20),
        ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset", "2026-11-23T13:00:20+01:00", 20),
        ("anthropic-priority-output-tokens-remaining", "anthropic-priority-output-tokens-reset", "2026-11-23T12:01:00Z", 60),
        ("x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day", "33011.382867", 33011.382867),
        ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute", "11.38", 11.38),
        ("x-ratelimit-remaining", "x-ratelimit-reset", "7", 7),
        ("RateLimit-Remaining", "RateLimit-Reset", "50", 50),
    ];

    [TestCaseSource(nameof(Buckets))]
    public void ABucketWithNothingLeftTellsItsReset((string Left, string Reset, string Value, double Seconds) bucket)
    {
        var foreseen = Read(200, "", (bucket.Left, "0"), (bucket.Reset, bucket.Value));
        var refused = Read(429, "", (bucket.Left, "0"), (bucket.Reset, bucket.Value));

        Assert.That(foreseen.Rest, Is.EqualTo(bucket.Seconds).Within(1e-6), "on a 200");
        Assert.That((foreseen.Refused, foreseen.WholeKey), Is.EqualTo((false, false)), "the answer counts all the same");
        Assert.That(refused.Rest, Is.EqualTo(bucket.Seconds).Within(1e-6), "on a 429");
        Assert.That(refused.Refused);
        Assert.That(Read(200, "", (bucket.Left, "1"), (bucket.Reset, bucket.Value)).Rest, Is.Null, "one is left");
        Assert.That(Read(429, "", (bucket.Left, "1"), (bucket.Reset, bucket.Value)).Rest, Is.Null, "not that bucket's refusal");
        Assert.That(Read(200, "", (bucket.Left, "0")).Rest, Is.Null, "it does not say until when");
    }

    [TestCase("-1", "0")]
    [TestCase("0", "0")]
    [TestCase("0", "-1")]
    [TestCase("0", "0s")]
    [TestCase("0", "")]
    [TestCase("0", "whenever")]
    [TestCase("-1", "30")]
    [TestCase("00x", "30")]
    public void SentinelsOfABucketAreNoHint(string left, string reset)
    {
        Assert.That(Read(200, "", ("x-ratelimit-remaining-requests", left), ("x-ratelimit-reset-requests", reset)).Rest, Is.Null);
        Assert.That(Read(429, "", ("x-ratelimit-remaining-requests", left), ("x-ratelimit-reset-requests", reset)).Rest, Is.Null);
    }

    [TestCase("6m0s", "1s", 360)]
    [TestCase("1s", "6m0s", 360)]
    [TestCase("nonsense", "1s", 1)]
    [TestCase("1s", "nonsense", 1)]
    public void OfSeveralEmptyBucketsTheLongestCounts(string tokens, string requests, double seconds) => Assert.That(
        Read(200, "", ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-tokens", tokens), ("x-ratelimit-reset-requests", requests)).Rest,
        Is.EqualTo(seconds));

    [Test]
    public void OnlyTheEmptyBucketCounts() => Assert.That(
        Read(429, "", ("x-ratelimit-remaining-tokens", "149984"), ("x-ratelimit-reset-tokens", "6m0s"),
            ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1s")).Rest,
        Is.EqualTo(1));

    // From the end of the order of providers.md 2.5 to its beginning: each further hint beats those before.
    [Test]
    public void TheMorePreciseHintCounts()
    {
        (string, string)[] reset = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "40s")];
        (string, string)[] seconds = [.. reset, ("Retry-After", "20")];
        (string, string)[] milliseconds = [.. seconds, ("retry-after-ms", "10000")];

        Assert.That(Read(429, "", reset).Rest, Is.EqualTo(40));
        Assert.That(Read(429, GeminiBody("30s"), reset).Rest, Is.EqualTo(30));
        Assert.That(Read(429, GeminiBody("30s"), seconds).Rest, Is.EqualTo(20));
        Assert.That(Read(429, GeminiBody("30s"), milliseconds).Rest, Is.EqualTo(10));
    }

    [TestCase("retry-after-ms", "-1")]
    [TestCase("retry-after-ms", "x")]
    public void ABadHintGivesWayToTheNext(string name, string value) =>
        Assert.That(Read(429, "", (name, value), ("Retry-After", "20")).Rest, Is.EqualTo(20));

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
    [TestCase(402, "")]
    public void WhatSaysThatTheMoneyIsGoneRestsTheWholeKeyForAnHour(int status, string body)
    {
        var sign = Read(status, body);

        Assert.That(Known(sign), Is.EqualTo((true, (TimeSpan?)Hour, true)));
        Assert.That(sign.Reason, Does.Contain("money").IgnoreCase);
    }

    [Test]
    public void AHintDoesNotMakeARateLimitOfEmptyPockets() =>
        Assert.That(Known(Read(429, """{"error":{"code":"insufficient_quota"}}""", ("Retry-After", "1"))), Is.EqualTo((true, (TimeSpan?)Hour, true)));

    [Test]
    public void A402ThatSaysWhenToComeBackIsARateLimit()
    {
        var body = """{"error":{"code":402,"metadata":{"reason":"in_flight_budget_exhausted"}}}""";

        Assert.That(Known(Read(402, body, ("Retry-After", "3"))), Is.EqualTo((true, (TimeSpan?)Seconds(3), false)));
    }

    [TestCase(401, "")]
    [TestCase(401, """{"error":{"message":"Incorrect API key provided: sk-12***90.","type":"invalid_request_error","code":"invalid_api_key"}}""")]
    [TestCase(401, """{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}""")]
    [TestCase(400, """{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}""")]
    [TestCase(400, """[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason": "API_KEY_INVALID"}]}}]""")]
    [TestCase(403, """{"error":{"code":403,"message":"Your API key was reported as leaked. Please use another API key.","status":"PERMISSION_DENIED"}}""")]
    [TestCase(403, """{"error":{"message":"no","code":"invalid_api_key"}}""")]
    [TestCase(400, """{"error":{"message":"no","type":"authentication_error"}}""")]
    [TestCase(400, """{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT"}}""")]
    [TestCase(400, """{"code":"Client specified an invalid argument","error":"Incorrect API key provided: xa***9."}""")]
    public void ADeadKeyRestsWhollyForTenMinutes(int status, string body)
    {
        var sign = Read(status, body);

        Assert.That(Known(sign), Is.EqualTo((true, (TimeSpan?)TimeSpan.FromMinutes(10), true)));
        Assert.That(sign.Reason, Does.Contain("key"));
    }

    [TestCase(200, "")]
    [TestCase(101, "")]
    [TestCase(204, "")]
    [TestCase(304, "")]
    [TestCase(400, "")]
    [TestCase(400, """{"error":{"message":"Invalid value","type":"invalid_request_error","param":"messages","code":null}}""")]
    [TestCase(400, """{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}""")]
    [TestCase(403, "")]
    [TestCase(403, """{"error":{"code":"unsupported_country_region_territory"}}""")]
    [TestCase(403, """{"error":{"code":403,"message":"You do not have permission to access the File abc or it may not exist.","status":"PERMISSION_DENIED"}}""")]
    [TestCase(403, """{"error":{"code":403,"message":"Input was flagged","metadata":{"reasons":["x"]}}}""")]
    [TestCase(404, "")]
    [TestCase(405, "")]
    [TestCase(408, "")]
    [TestCase(409, "")]
    [TestCase(413, """{"error":{"message":"Request too large","type":"tokens","code":"rate_limit_exceeded"}}""")]
    [TestCase(422, "")]
    [TestCase(425, "")]
    [TestCase(498, "")]
    [TestCase(500, "")]
    [TestCase(502, "")]
    [TestCase(503, """{"error":{"code":"server_is_overloaded"}}""")]
    [TestCase(504, "")]
    [TestCase(529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""")]
    public void WhatIsNotTheKeysFaultPasses(int status, string body)
    {
        Assert.That(Known(Read(status, body)), Is.EqualTo((false, (TimeSpan?)null, false)));
        Assert.That(Known(Read(status, body, ("Retry-After", "30"))), Is.EqualTo((false, (TimeSpan?)null, false)), "busy is not limited");
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

        Assert.That(Known(Read(400, body)), Is.EqualTo((false, (TimeSpan?)null, false)));
        Assert.That(Known(Read(403, body)), Is.EqualTo((false, (TimeSpan?)null, false)));
        Assert.That(Known(Read(429, body)), Is.EqualTo((true, (TimeSpan?)null, false)), "a rate limit, and nothing more");
    }

    // providers.md 3.2: the request is too heavy for what is left, and a lighter one would pass.
    [Test]
    public void A402AboutTheWeightOfOneRequestPasses() => Assert.That(
        Known(Read(402, """{"error":{"code":402,"metadata":{"reason":"weight_exceeds_budget"}}}""")), Is.EqualTo((false, (TimeSpan?)null, false)));

    [TestCase("x-ratelimit-remaining-requests", "59", 59)]
    [TestCase("anthropic-ratelimit-requests-remaining", "17", 17)]
    [TestCase("x-ratelimit-remaining-requests", "0", 0)]
    [TestCase("x-ratelimit-remaining-requests", "many", null)]
    [TestCase("x-ratelimit-remaining-requests", "", null)]
    [TestCase("x-ratelimit-remaining-requests", "99999999999999", null)]
    [TestCase("x-ratelimit-remaining-requests", "-1", null, Description = "Azure's \"not known\"")]
    [TestCase("x-ratelimit-remaining-tokens", "5", null)]
    public void RequestsLeftAreRead(string name, string value, int? left)
    {
        Assert.That(Read(200, "", (name, value)).Remaining, Is.EqualTo(left));
        Assert.That(Read(429, "", (name, value)).Remaining, Is.EqualTo(left));
        Assert.That(Read(401, "", (name, value)).Remaining, Is.EqualTo(left));
    }

    [TestCase("openai-organization")]
    [TestCase("OpenAI-Organization")]
    [TestCase("anthropic-organization-id")]
    public void TheOrganisationIsRead(string name)
    {
        Assert.That(Read(200, "", (name, "org-1")).Organisation, Is.EqualTo("org-1"));
        Assert.That(Read(429, "", (name, "org-1")).Organisation, Is.EqualTo("org-1"));
        Assert.That(Read(500, "").Organisation, Is.Null);
    }

    [Test]
    public async Task OnlyErrorsThatMayMeanTheKeyAreReadAndHeld()
    {
        var read = new List<int>();
        for (var status = 100; status < 600; status++)
        {
            using var body = new MemoryStream([1]);
            using var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(body) };
            await Signs.ReadAsync(response, Now, default);
            if (body.Position > 0) read.Add(status);
        }

        Assert.That(read, Is.EqualTo([400, 401, 402, 403, 429]));
    }

    [Test]
    public void NoAnswerMakesItThrow()
    {
        var random = new Random(1);
        string[] names = ["Retry-After", "retry-after-ms", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "Date"];
        string[] pieces = ["0", "-", "9", "e", "1", "ms", "s", "h", "T", "Z", ":", ".", "Mon, 23 Nov 2026 ", "\"", "é", ",", "retryDelay", "∞", "2026-"];
        for (var i = 0; i < 5000; i++)
        {
            var sign = Read(random.Next(2) == 0 ? 429 : 200, "{\"retryDelay\":\"" + Text(), [.. names.Select(name => (name, Text()))]);
            if (sign.Rest is { } rest) Assert.That(rest, Is.GreaterThan(0).And.LessThanOrEqualTo(Day.TotalSeconds));
        }

        string Text() => string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)]));
    }

    private static string OpenRouterBody =>
        """{"error":{"message":"Rate limit exceeded","code":429,"metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Reset":"EPOCH"}}}}"""
            .Replace("EPOCH", InHalfAMinute, StringComparison.Ordinal);

    private static string GeminiBody(string delay) => $$$"""
        {"error": {"code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED", "details": [
          {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "GenerateRequestsPerMinute", "quotaValue": "15"}]},
          {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "{{{delay}}}"}]}}
        """;

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);

    private static Sign Read(int status, string body, params (string Name, string Value)[] fields) => ReadAt(Now, status, body, fields);

    // What follows is all that these tests know of the product besides ParseWait.
    private static Sign ReadAt(DateTimeOffset clock, int status, string body, params (string Name, string Value)[] fields)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        foreach (var (name, value) in fields) response.Headers.TryAddWithoutValidation(name, value);
        response.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        return Signs.ReadAsync(response, clock, default).AsTask().GetAwaiter().GetResult();
    }

    private static (bool Refused, TimeSpan? For, bool WholeKey) Known(Sign sign) =>
        (sign.Refused, sign.Rest is { } seconds ? TimeSpan.FromSeconds(seconds) : null, sign.WholeKey);
}
