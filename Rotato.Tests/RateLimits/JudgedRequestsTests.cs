using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.RateLimits;

/// <summary>
/// The table of judgements row by row through the whole product: what rests and for how long, and what the client gets,
/// where the next key serves and where every key says the same.
/// </summary>
internal sealed class JudgedRequestsTests
{
    private const string Ok200 = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Json = "Content-Type: application/json\r\n";

    private static readonly Row[] Rows =
    [
        // A rate limit: this key, for this scope.
        new("429 with seconds", "429 X", "{}", "Retry-After: 7\r\n") { Limit = 7 },
        new("429 with milliseconds", "429 X", "{}", "retry-after-ms: 1500\r\nRetry-After: 30\r\n") { Limit = 1.5 },
        new("429 with Gemini's delay", "429 X", """{"error":{"code":429,"details":[{"retryDelay":"34s"}]}}""") { Limit = 34 },
        new("429 with an empty bucket", "429 X", "{}",
            "x-ratelimit-remaining-tokens: 0\r\nx-ratelimit-reset-tokens: 6m0s\r\n") { Limit = 360 },
        new("429 with a hint of days", "429 X", "{}", "Retry-After: 400000\r\n") { Limit = 86_400 },
        new("429 without a hint", "429 X", "{}") { Limit = 1, Jitter = 0.2 },

        // The key itself, which needs its owner.
        new("402", "402 X", "") { Whole = 3600 },
        new("402 without balance", "402 X", """{"error":{"message":"Insufficient Balance"}}""") { Whole = 3600 },
        new("429 without money", "429 X", """{"error":{"code":"insufficient_quota"}}""", "Retry-After: 1\r\n") { Whole = 3600 },
        new("403 without money", "403 X", """{"error":{"type":"billing_error"}}""") { Whole = 3600 },
        new("400 without money", "400 X", """{"error":{"message":"Your credit balance is too low to"}}""") { Whole = 3600 },
        new("401 invalid key", "401 X", """{"error":{"code":"invalid_api_key"}}""") { Whole = 600 },
        new("400 invalid key", "400 X", """{"error":{"details":[{"reason":"API_KEY_INVALID"}]}}""") { Whole = 600 },
        new("403 suspended", "403 X", """{"error":{"details":[{"reason":"CONSUMER_SUSPENDED"}]}}""") { Whole = 600 },
        new("400 organisation disabled", "400 X", """{"error":{"message":"This organization has been disabled."}}""") { Whole = 600 },
        new("400 organisation restricted", "400 X", """{"error":{"code":"organization_restricted"}}""") { Whole = 600 },

        // Not known yet: the key's if another one serves, else the request's.
        new("401 without words", "401 X", """{"error":{"message":"no"}}""") { Whole = 600, IsOnlyIfAnotherServes = true },
        new("403 without words", "403 X", "") { Whole = 600, IsOnlyIfAnotherServes = true },
        new("403 no access", "403 X", """{"error":{"code":"model_permission_blocked_org"}}""")
        {
            Limit = 600,
            IsOnlyIfAnotherServes = true,
        },
        new("404 no access", "404 X", """{"error":{"code":"DeploymentNotFound"}}""") { Limit = 600, IsOnlyIfAnotherServes = true },
        new("400 no access", "400 X", """{"error":{"message":"Your organization must be verified to use"}}""")
        {
            Limit = 600,
            IsOnlyIfAnotherServes = true,
        },

        // The request and this key.
        new("402 too dear", "402 X", """{"error":{"message":"This request requires more credits, or fewer max_tokens."}}"""),
        new("402 prompt too long", "402 X", """{"error":{"message":"Prompt tokens limit exceeded: 9 > 5"}}"""),
        new("400 encrypted with another key", "400 X", """{"error":{"code":"invalid_encrypted_content"}}"""),
        new("400 another key's response", "400 X", """{"error":{"code":"previous_response_not_found"}}"""),
        new("404 another key's file", "404 X", """{"error":{"message":"No such File object: file-1"}}"""),
        new("403 another key's cache", "403 X", """{"error":{"message":"CachedContent not found (or permission denied)"}}"""),

        // The request alone, or nobody.
        new("429 too large", "429 X", """{"error":{"message":"Request too large for gpt-4o"}}""") { IsPassedAtOnce = true },
        new("429 needs another plan", "429 X", """{"error":{"message":"Extra usage is required for long context requests."}}""", "Retry-After: 9\r\n")
        {
            IsPassedAtOnce = true,
        },
        new("400", "400 X", """{"error":{"code":"bad","message":"invalid_api_key"}}""") { IsPassedAtOnce = true },
        new("404", "404 X", "{}") { IsPassedAtOnce = true },
        new("413", "413 X", """{"error":{"message":"Request too large for"}}""") { IsPassedAtOnce = true },
        new("422", "422 X", "{}", "Retry-After: 9\r\n") { IsPassedAtOnce = true },
        new("500", "500 X", """{"error":{"code":"invalid_api_key"}}""") { IsPassedAtOnce = true },
        new("503", "503 X", "{}", "Retry-After: 9\r\n") { IsPassedAtOnce = true },
        new("529", "529 X", "{}") { IsPassedAtOnce = true },

        // A 200 that is none (OpenRouter).
        new("200 with 429 in it", "200 OK", """{"error":{"code":429,"message":"x"}}""", Json)
        {
            Limit = 1,
            Jitter = 0.2,
            ClientStatus = 429,
        },
        new("200 with 402 in it", "200 OK", """{"error":{"code":402,"message":"Insufficient credits"}}""", Json)
        {
            Whole = 3600,
            ClientStatus = 402,
        },
        new("200 with 401 in it", "200 OK", """{"error":{"code":"401","message":"no"}}""", Json)
        {
            Whole = 600,
            IsOnlyIfAnotherServes = true,
            ClientStatus = 401,
        },
        new("200 with 502 in it", "200 OK", """{"error":{"code":502,"message":"x"}}""", Json)
        {
            IsPassedAtOnce = true,
            ClientStatus = 502,
        },
        new("200 with content and an error", "200 OK", """{"choices":[],"error":{"code":429}}""", Json) { IsPassedAtOnce = true },
        new("200 with an error in its content", "200 OK", """{"choices":[{"error":{"code":429}}]}""", Json) { IsPassedAtOnce = true },
        new("200 with text", "200 OK", """{"error":{"code":429}}""", "Content-Type: text/plain\r\n") { IsPassedAtOnce = true },
    ];

    [TestCaseSource(nameof(Rows))]
    public async Task WhereTheNextKeyServesTheClientGetsItsAnswer(Row row)
    {
        await using var run = new JudgedRun((key, _) => key == 1 ? row.AnswerOf(key) : Ok200);
        var response = await run.ChatAsync();

        Assert.That(run.Used, Is.EqualTo(row.IsPassedAtOnce ? [1] : new[] { 1, 2 }));
        Assert.That(response["x-rotato-tries"], Is.EqualTo(row.IsPassedAtOnce ? "1" : "2"));
        Assert.That(response["x-rotato-key"], Is.EqualTo(row.IsPassedAtOnce ? "1" : "2"));
        if (row.IsPassedAtOnce) AssertIsPassedUnchanged(row, response, key: 1);
        else Assert.That((response.Status, response.Text), Is.EqualTo((200, "ok")));
        row.AssertRests(await run.StatusOfAsync(1), anotherHasServed: true);
        Assert.That((await run.StatusOfAsync(2)).IsUntouched);
    }

    [TestCaseSource(nameof(Rows))]
    public async Task WhereEveryKeySaysSoTheClientGetsTheRefusalThatSaysMost(Row row)
    {
        await using var run = new JudgedRun((key, _) => row.AnswerOf(key));
        var response = await run.ChatAsync();

        Assert.That(run.Used, Is.EqualTo(row.IsPassedAtOnce ? [1] : new[] { 1, 2 }));
        Assert.That(response.Status, Is.EqualTo(row.ClientStatus ?? row.Status));
        Assert.That(response.Text, Is.EqualTo(row.Body));
        Assert.That(response["x-rotato-tries"], Is.EqualTo($"{run.Used.Length}"));
        if (row.Limit is null || row.IsOnlyIfAnotherServes) Assert.That(response["x-from"], Is.EqualTo("1"), "the first");
        foreach (var status in (await run.StatusAsync()).Take(row.IsPassedAtOnce ? 1 : 2))
            row.AssertRests(status, anotherHasServed: false);
        if (row.Limit is { } rest && !row.IsOnlyIfAnotherServes) AssertTellsWhenToComeBack(response, rest, row.Jitter);
        else if (row.Whole is null || row.IsOnlyIfAnotherServes) AssertIsPassedUnchanged(row, response, key: 1);
    }

    [TestCaseSource(nameof(Rows))]
    public async Task CompressedTheSameFollowsAndItPassesAsItCame(Row row)
    {
        if (row.Status == 200) return;
        await using var run = new JudgedRun((key, _) => row.AnswerOf(key, "gzip"));
        var response = await run.ChatAsync();

        Assert.That(run.Used, Is.EqualTo(row.IsPassedAtOnce ? [1] : new[] { 1, 2 }));
        Assert.That(response["Content-Encoding"], Is.EqualTo("gzip"));
        Assert.That(response.Body, Is.EqualTo(Examining.Pack(Encoding(row.Body), "gzip")));
        row.AssertRests(await run.StatusOfAsync(1), anotherHasServed: false);
    }

    [Test]
    public async Task WhatAnAnswerForeseesRestsItsKeyAndNo429IsCollected()
    {
        const string Last = "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 20s\r\n";
        await using var run = new JudgedRun((key, _) => key == 1 ? Ok(fields: Last) : Ok200);
        for (var i = 0; i < 4; i++) Assert.That((await run.ChatAsync()).Status, Is.EqualTo(200));

        Assert.That(run.Used, Is.EqualTo([1, 2, 2, 2]));
        var limit = (await run.StatusOfAsync(1)).Limits.Single();
        Assert.That((limit.State, limit.Rest), Is.EqualTo(("resting", 20.0)));
        run.Clock.Advance(20);
        await run.ChatAsync();
        Assert.That(run.Used[^1], Is.EqualTo(1));
    }

    [Test]
    public async Task AfterItsTenMinutesADeadKeyIsTriedByOneRequest()
    {
        var isMended = false;
        await using var run = new JudgedRun((key, _) =>
            key == 1 && !isMended ? Answer("401 X", """{"error":{"code":"invalid_api_key"}}""") : Ok200);
        await run.ChatAsync();
        run.Clock.Advance(599);
        await run.ChatAsync();
        Assert.That(run.Used, Is.EqualTo([1, 2, 2]));
        run.Clock.Advance(1.1);
        Assert.That((await run.StatusOfAsync(1)).State, Is.EqualTo("trial"));
        isMended = true;
        await run.ChatAsync();

        Assert.That(run.Used[^1], Is.EqualTo(1));
        Assert.That((await run.StatusOfAsync(1)).State, Is.EqualTo("ready"));
    }

    [Test]
    public async Task ARequestThatEveryKeyRefusesTwiceWithoutAHintGetsTheLastAnswerAsItIs()
    {
        var count = 0;
        await using var run = new JudgedRun((_, _) => Answer("429 X", $"no {++count}"), "--wait 30");
        var response = run.ChatAsync();
        await run.InLineAsync(1);
        run.Clock.Advance(1.3);
        var got = await response;

        Assert.That((got.Status, got.Text), Is.EqualTo((429, "no 4")));
        Assert.That(got["Retry-After"], Is.Null, "nobody has said when to come back");
        Assert.That(run.Used.Order(), Is.EqualTo([1, 1, 2, 2]));
    }

    [Test]
    public async Task WhereNoneServesAndOneKeyMightLaterTheClientIsToldWhen()
    {
        // Key 1 refuses without words, key 2 twice without a hint: no key is left for this request.
        await using var run = new JudgedRun((key, _) => Answer(key == 1 ? "401 X" : "429 X"), "--wait 30");
        var response = run.ChatAsync();
        await run.InLineAsync(1);
        run.Clock.Advance(1.3);
        var got = await response;

        Assert.That(run.Used, Is.EqualTo([1, 2, 2]));
        Assert.That(got.Status, Is.AnyOf(401, 429));
        if (got["Retry-After"] is { } seconds) Assert.That(seconds, Does.Match("^[0-9]{1,5}$"));
        if (got["retry-after-ms"] is { } milliseconds) Assert.That(milliseconds, Does.Match("^[0-9]{1,8}$"));
    }

    [Test]
    public async Task WhoFindsAllKeysBusyIsToldATimeThatAClientCanObey(
        [Values(JudgedRun.Chat, "/v1beta/models/m:generateContent", "/v1/messages")] string target)
    {
        await using var run = new JudgedRun((_, _) => null, "--wait 0 --concurrent 1", keys: 1);
        _ = run.PostAsync("{}", target);
        var request = await run.NextAsync();
        var got = await run.PostAsync("{}", target);

        Assert.That(got.Status, Is.EqualTo(429));
        Assert.That(got["Retry-After"], Does.Match("^[0-9]{1,5}$"));
        Assert.That(got["retry-after-ms"], Does.Match("^[0-9]{1,8}$"));
        Assert.That(got.Text, Does.Not.Contain("Infinity").And.Not.Contain("\u221e").And.Not.Contain("\\u221E"));
        await request.SendAsync(Ok200);
    }

    [Test]
    public async Task APinnedRequestIsToldOfItsOwnKeyAlone()
    {
        await using var run = new JudgedRun((key, _) => key == 1 ? Answer("402 X") : Ok200);
        await run.ChatAsync();
        var got = await run.PostAsync("""{"model":"m"}""", JudgedRun.Chat, "x-rotato-key: 1\r\n");

        Assert.That(got.Status, Is.EqualTo(402), "its key is out of money, whatever the others have");
        Assert.That(got.Text, Does.Contain("money"));
        Assert.That(run.Used, Is.EqualTo([1, 2]));
    }

    private static byte[] Encoding(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static void AssertIsPassedUnchanged(Row row, Infra.RawResponse response, int key)
    {
        Assert.That(response.Text, Is.EqualTo(row.Body));
        Assert.That(response["x-from"], Is.EqualTo($"{key}"));
        var own = row.Fields.Contains("Retry-After", StringComparison.Ordinal);
        Assert.That(response["Retry-After"], own ? Is.EqualTo("9") : Is.Null);
        Assert.That((response["retry-after-ms"], response["x-should-retry"]), Is.EqualTo(((string?)null, (string?)null)));
    }

    private static void AssertTellsWhenToComeBack(Infra.RawResponse response, double rest, double jitter)
    {
        var milliseconds = double.Parse(response["retry-after-ms"]!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(milliseconds / 1000, Is.EqualTo(rest).Within(jitter + 0.001));
        Assert.That(response["Retry-After"], Is.EqualTo($"{Math.Max(1, Math.Ceiling(milliseconds / 1000)):0}"));
        Assert.That(response["x-should-retry"], rest > 60 ? Is.EqualTo("false") : Is.Null);
    }

    /// <summary>An answer, and what follows.</summary>
    public sealed record Row(string Name, string StatusLine, string Body, string Fields = "")
    {
        public int Status => int.Parse(StatusLine[..3], System.Globalization.CultureInfo.InvariantCulture);

        /// <summary>For how many seconds the key rests for this scope.</summary>
        public double? Limit { get; init; }

        /// <summary>By how much that may differ.</summary>
        public double Jitter { get; init; }

        /// <summary>For how many seconds the whole key is unusable.</summary>
        public double? Whole { get; init; }

        /// <summary>Whether the key rests only where another one serves the request.</summary>
        public bool IsOnlyIfAnotherServes { get; init; }

        /// <summary>Whether no other key is tried.</summary>
        public bool IsPassedAtOnce { get; init; }

        /// <summary>What the client sees, where that is not the status.</summary>
        public int? ClientStatus { get; init; }

        public string AnswerOf(int key, string? coding = null)
        {
            var body = coding is null ? Body
                : System.Text.Encoding.Latin1.GetString(Examining.Pack(Encoding(Body), coding));
            var fields = $"{Fields}x-from: {key}\r\n" + (coding is null ? "" : $"Content-Encoding: {coding}\r\n");
            return Answer(StatusLine, body, fields);
        }

        internal void AssertRests(KeyStatus status, bool anotherHasServed)
        {
            var rests = anotherHasServed || !IsOnlyIfAnotherServes;
            Assert.That(status.State, Is.EqualTo(rests && Whole is not null ? "unusable" : "ready"), $"{status}");
            Assert.That(status.Rest, Is.EqualTo(rests ? Whole ?? 0 : 0).Within(0.05));
            if (!rests || Limit is null)
            {
                Assert.That(status.Limits, Is.Empty);
                return;
            }

            var limit = status.Limits.Single();
            Assert.That((limit.Scope, limit.State), Is.EqualTo(($"{JudgedRun.Chat} m", "resting")));
            Assert.That(limit.Rest, Is.EqualTo(Limit.Value).Within(Jitter + 0.05));
        }

        public override string ToString() => Name;
    }
}
