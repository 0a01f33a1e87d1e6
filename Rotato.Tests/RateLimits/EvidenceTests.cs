using System.Globalization;
using Rotato.Tests.Infra;
using static Rotato.Tests.RateLimits.Examining;

namespace Rotato.Tests.RateLimits;

/// <summary>Every form in which an API tells how long to wait, what is left and whose limits it counted against.</summary>
internal sealed class EvidenceTests
{
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
        ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:20Z", 20),
        ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset",
            "2026-11-23T13:00:20+01:00", 20),
        ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset",
            "2026-11-23T12:00:20Z", 20),
        ("anthropic-priority-input-tokens-remaining", "anthropic-priority-input-tokens-reset",
            "2026-11-23T12:01:00Z", 60),
        ("anthropic-priority-output-tokens-remaining", "anthropic-priority-output-tokens-reset",
            "2026-11-23T12:01:00Z", 60),
        ("x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day", "33011.382867", 33011.382867),
        ("x-ratelimit-remaining-requests-minute", "x-ratelimit-reset-requests-minute", "11.38", 11.38),
        ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute", "11.38", 11.38),
        ("x-ratelimit-remaining", "x-ratelimit-reset", "7", 7),
    ];

    // Milliseconds since 1970, as OpenRouter has them.
    private static string InHalfAMinute => Now.AddSeconds(30).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private static string OpenRouterBody => $$$$"""
        {"error":{"message":"Rate limit exceeded","code":429,
          "metadata":{"headers":{"X-RateLimit-Limit":"20","X-RateLimit-Reset":"{{{{InHalfAMinute}}}}"}} } }
        """;

    [TestCase("retry-after-ms", "1500", 1.5)]
    [TestCase("retry-after-ms", "812.5", 0.8125)]
    [TestCase("Retry-After-Ms", "250", 0.25)]
    [TestCase("Retry-After", "56", 56)]
    [TestCase("retry-after", "1.25", 1.25)]
    [TestCase("retry-after", "86400", 86400)]
    [TestCase("Retry-After", "410000", 86400)]
    [TestCase("Retry-After", "Mon, 23 Nov 2026 12:01:00 GMT", 60)]
    [TestCase("Retry-After", "Monday, 23-Nov-26 12:01:00 GMT", 60)]
    [TestCase("Retry-After", "Mon Nov 23 12:01:00 2026", 60)]
    public void A429SaysInAFieldWhenToComeBack(string name, string value, double seconds)
    {
        var evidence = Read(429, "", (name, value));

        Assert.That(evidence.Hint, Is.EqualTo(seconds).Within(1e-6));
        Assert.That(Judgement.Of(evidence), Is.EqualTo(Verdict.Limited));
    }

    [TestCase("retry-after-ms", "0")]
    [TestCase("retry-after-ms", "-20")]
    [TestCase("retry-after-ms", "fast")]
    [TestCase("Retry-After", "0")]
    [TestCase("Retry-After", "-1")]
    [TestCase("Retry-After", "later")]
    [TestCase("Retry-After", "Mon, 23 Nov 2026 11:00:00 GMT")]
    [TestCase("x-unrelated", "30")]
    public void A429WithoutAUsableHintIsStillARefusal(string name, string value)
    {
        var evidence = Read(429, "", (name, value));

        Assert.That((Judgement.Of(evidence), evidence.Hint), Is.EqualTo((Verdict.Limited, (double?)null)));
    }

    // The same answer, and a machine whose clock is right, an hour slow, an hour fast, and in another century.
    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(-300_000)]
    public void ADateIsReadAgainstTheAnswersOwnDate(int hoursWrong)
    {
        var clock = Now.AddHours(hoursWrong);
        var date = ("Date", "Mon, 23 Nov 2026 12:00:00 GMT");
        var later = ("Retry-After", "Mon, 23 Nov 2026 12:00:45 GMT");
        var earlier = ("Retry-After", "Mon, 23 Nov 2026 11:59:00 GMT");
        var empty = ("anthropic-ratelimit-tokens-remaining", "0");
        var reset = ("anthropic-ratelimit-tokens-reset", "2026-11-23T12:00:45Z");

        Assert.That(ReadAt(clock, 429, "", date, later).Hint, Is.EqualTo(45));
        Assert.That(ReadAt(clock, 429, "", date, earlier).Hint, Is.Null);
        Assert.That(ReadAt(clock, 200, "", date, empty, reset).EmptyFor, Is.EqualTo(45));
        Assert.That(ReadAt(clock, 429, OpenRouterBody, date).Hint, Is.EqualTo(30));
    }

    [TestCase("Mon, 23 Nov 2026 12:00:30 GMT", null)]
    [TestCase("Mon, 23 Nov 2026 12:00:30 GMT", "nonsense")]
    public void WithoutOneTheLocalClockHasToDo(string retryAfter, string? date)
    {
        (string, string)[] fields = date is null ? [("Retry-After", retryAfter)]
            : [("Retry-After", retryAfter), ("Date", date)];

        Assert.That(ReadAt(Now.AddSeconds(-15), 429, "", fields).Hint, Is.EqualTo(45));
    }

    [TestCase("34s", 34)]
    [TestCase("34.074824224s", 34.074824224)]
    [TestCase("900ms", 0.9)]
    [TestCase("6m0s", 360)]
    public void GeminiSaysItInTheBody(string delay, double seconds)
    {
        var body = GeminiBody(delay);

        Assert.That(Read(429, body).Hint, Is.EqualTo(seconds).Within(1e-6));
        Assert.That(Read(429, $"[{body}]").Hint, Is.EqualTo(seconds).Within(1e-6), "in an array");
        Assert.That(
            Read(429, body.Replace(" ", "", StringComparison.Ordinal)).Hint, Is.EqualTo(seconds).Within(1e-6),
            "without blanks");
    }

    [TestCase("12s", "30s")]
    [TestCase("30s", "12s")]
    [TestCase("30s", "never")]
    [TestCase("0s", "30s")]
    public void OfSeveralDelaysTheLongestCounts(string first, string second) =>
        Assert.That(Read(429, $"[{GeminiBody(first)},{GeminiBody(second)}]").Hint, Is.EqualTo(30));

    [TestCase("""{"error":{"code":429,"message":"Resource has been exhausted (e.g. check quota).","status":"RESOURCE_EXHAUSTED"}}""")]
    [TestCase("""{"error":{"details":[{"retryDelay":null}]}}""")]
    [TestCase("""{"error":{"details":[{"retryDelay":{}}]}}""")]
    [TestCase("""{"error":{"details":[{"retryDelay":""")]
    [TestCase("""{"error":{"message":"the text said \"retryDelay\": \"77s\" to me"}}""", Description = "quoted from the request")]
    [TestCase("""{"error":{"input":{"retryDelay":"77s"}}}""", Description = "an echo")]
    [TestCase("""{"error":{"message":"Rate limit reached for gpt-4o in organization org-x on tokens per min (TPM)","type":"tokens","code":"rate_limit_exceeded"}}""")]
    [TestCase("""{"type":"error","error":{"type":"rate_limit_error","message":"This would exceed the rate limit"}}""")]
    [TestCase("""{"object":"error","message":"Service tier capacity exceeded for this model.","type":"invalid_request_error","code":"3505"}""")]
    [TestCase("<html><body>429</body></html>")]
    [TestCase("\"429\"")]
    [TestCase("429")]
    [TestCase("")]
    [TestCase("\0\u001f\ufffd")]
    public void ABodyWithoutADelayGivesNoHint(string body)
    {
        var evidence = Read(429, body);

        Assert.That((Judgement.Of(evidence), evidence.Hint), Is.EqualTo((Verdict.Limited, (double?)null)));
    }

    [Test]
    public void OpenRouterSaysItInEpochMilliseconds()
    {
        Assert.That(Read(429, OpenRouterBody).Hint, Is.EqualTo(30), "in the body");
        var evidence = Read(429, "", ("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", InHalfAMinute));
        Assert.That(evidence.Hint, Is.EqualTo(30), "in fields");
    }

    [TestCaseSource(nameof(Buckets))]
    public void ABucketWithNothingLeftTellsItsReset((string Left, string Reset, string Value, double Seconds) bucket)
    {
        var reset = (bucket.Reset, bucket.Value);
        var foreseen = Read(200, "", (bucket.Left, "0"), reset);
        var refused = Read(429, "", (bucket.Left, "0"), reset);

        Assert.That(foreseen.EmptyFor, Is.EqualTo(bucket.Seconds).Within(1e-6), "on a 200");
        Assert.That(Judgement.Of(foreseen), Is.EqualTo(Verdict.Served), "the answer counts all the same");
        Assert.That(refused.Hint, Is.EqualTo(bucket.Seconds).Within(1e-6), "on a 429");
        Assert.That(Judgement.Of(refused), Is.EqualTo(Verdict.Limited));
        Assert.That(Read(200, "", (bucket.Left, "1"), reset).EmptyFor, Is.Null, "one is left");
        Assert.That(Read(429, "", (bucket.Left, "1"), reset).Hint, Is.Null, "not that bucket's refusal");
        Assert.That(Read(200, "", (bucket.Left, "0")).EmptyFor, Is.Null, "it does not say until when");
    }

    [TestCase("x-ratelimit-remaining-images", "x-ratelimit-reset-images")]
    [TestCase("x-remaining", "x-reset")]
    [TestCase("x-quota-remaining", "x-quota-reset")]
    [TestCase("RateLimit-Remaining", "RateLimit-Reset")]
    [TestCase("x-ratelimit-limit-requests", "x-ratelimit-reset-requests")]
    public void OnlyKnownBucketsCount(string left, string reset)
    {
        Assert.That(Read(200, "", (left, "0"), (reset, "50")).EmptyFor, Is.Null);
        Assert.That(Read(429, "", (left, "0"), (reset, "50")).Hint, Is.Null);
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
        (string, string)[] fields =
            [("x-ratelimit-remaining-requests", left), ("x-ratelimit-reset-requests", reset)];

        Assert.That(Read(200, "", fields).EmptyFor, Is.Null);
        Assert.That(Read(429, "", fields).Hint, Is.Null);
    }

    [TestCase("6m0s", "1s", 360)]
    [TestCase("1s", "6m0s", 360)]
    [TestCase("nonsense", "1s", 1)]
    [TestCase("1s", "nonsense", 1)]
    public void OfSeveralEmptyBucketsTheLongestCounts(string tokens, string requests, double seconds)
    {
        var evidence = Read(200, "", ("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-tokens", tokens), ("x-ratelimit-reset-requests", requests));

        Assert.That(evidence.EmptyFor, Is.EqualTo(seconds));
    }

    [Test]
    public void OnlyTheEmptyBucketCounts()
    {
        var evidence = Read(429, "", ("x-ratelimit-remaining-tokens", "149984"), ("x-ratelimit-reset-tokens", "6m0s"),
            ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1s"));

        Assert.That(evidence.Hint, Is.EqualTo(1));
    }

    // From the least precise hint to the most precise: each further one beats those before.
    [Test]
    public void TheMorePreciseHintCounts()
    {
        (string, string)[] reset = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "40s")];
        (string, string)[] seconds = [.. reset, ("Retry-After", "20")];
        (string, string)[] milliseconds = [.. seconds, ("retry-after-ms", "10000")];

        Assert.That(Read(429, "", reset).Hint, Is.EqualTo(40));
        Assert.That(Read(429, GeminiBody("30s"), reset).Hint, Is.EqualTo(30));
        Assert.That(Read(429, GeminiBody("30s"), seconds).Hint, Is.EqualTo(20));
        Assert.That(Read(429, GeminiBody("30s"), milliseconds).Hint, Is.EqualTo(10));
    }

    [TestCase("retry-after-ms", "-1")]
    [TestCase("retry-after-ms", "x")]
    public void ABadHintGivesWayToTheNext(string name, string value) =>
        Assert.That(Read(429, "", (name, value), ("Retry-After", "20")).Hint, Is.EqualTo(20));

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

    [Test]
    public void AndForHowLongTheyAreLeft()
    {
        var openAI = Read(200, "", ("x-ratelimit-remaining-requests", "7"), ("x-ratelimit-reset-requests", "6m0s"));
        var anthropic = Read(200, "", ("anthropic-ratelimit-requests-remaining", "7"),
            ("anthropic-ratelimit-requests-reset", "2026-11-23T12:00:20Z"));

        Assert.That((openAI.RemainingFor, anthropic.RemainingFor), Is.EqualTo((360.0, 20.0)));
        Assert.That(openAI.EmptyFor, Is.Null);
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
    public void OnlyTheBeginningOfALongErrorIsLookedAt()
    {
        var echo = new string('x', 1 << 20);
        var body = $$$"""{"error": {"echo": "{{{echo}}}", "retryDelay": "7s", "code": "insufficient_quota"}}""";
        var evidence = Read(429, body);

        Assert.That((Judgement.Of(evidence), evidence.Hint), Is.EqualTo((Verdict.Limited, (double?)null)));
    }

    [Test]
    public async Task OnlyErrorsThatMayMeanTheKeyAreReadAndHeld()
    {
        var read = new List<int>();
        for (var status = 100; status < 600; status++)
        {
            using var body = new MemoryStream([1]);
            await new Judge(Words, new FakeClock()).ExamineAsync(AnswerOf(status, body), default);
            if (body.Position > 0) read.Add(status);
        }

        Assert.That(read, Is.EqualTo([400, 401, 402, 403, 404, 429]));
    }

    [TestCase("application/json", 200, true)]
    [TestCase("application/json; charset=utf-8", 8192, true)]
    [TestCase("application/json", 8193, false)]
    [TestCase("text/event-stream", 200, false)]
    [TestCase("text/plain", 200, false)]
    public async Task OfA200OnlyAShortJsonBodyOfKnownLengthIsHeld(string type, int length, bool isHeld)
    {
        using var body = new MemoryStream(new byte[length]);
        var answer = AnswerOf(200, body, ("Content-Type", type), ("Content-Length", $"{length}"));
        await new Judge(Words, new FakeClock()).ExamineAsync(answer, default);

        Assert.That(body.Position > 0, Is.EqualTo(isHeld));
    }

    [Test]
    public async Task ABodyThatIsHeldLosesNoByte([Values(0, 1, 1000, ErrorBody.MostBytes, 100_000)] int length)
    {
        var bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        var answer = AnswerOf(429, new MemoryStream(bytes));
        await new Judge(Words, new FakeClock()).ExamineAsync(answer, default);
        var read = new MemoryStream();
        var room = new byte[777];
        for (int count; (count = await answer.Body.ReadAsync(room, default)) > 0;) read.Write(room.AsSpan(0, count));

        Assert.That(read.ToArray(), Is.EqualTo(bytes));
    }

    [Test]
    public void NoAnswerMakesItThrow()
    {
        var random = new Random(1);
        string[] names =
            ["Retry-After", "retry-after-ms", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "Date"];
        string[] pieces = ["0", "-", "9", "e", "1", "ms", "s", "h", "T", "Z", ":", ".", "Mon, 23 Nov 2026 ", "\"",
            "é", ",", "retryDelay", "∞", "2026-"];
        for (var i = 0; i < 5000; i++)
        {
            var status = random.Next(2) == 0 ? 429 : 200;
            var evidence = Read(status, "{\"retryDelay\":\"" + Text(), [.. names.Select(name => (name, Text()))]);
            foreach (var time in new[] { evidence.Hint, evidence.EmptyFor, evidence.RemainingFor })
                if (time is { } rest) Assert.That(rest, Is.GreaterThan(0).And.LessThanOrEqualTo(86_400));
        }

        string Text() =>
            string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)]));
    }

    private static string GeminiBody(string delay) => $$$"""
        {"error": {"code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED", "details": [
          {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "PerMinute", "quotaValue": "15"}]},
          {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "{{{delay}}}"}]}}
        """;
}
