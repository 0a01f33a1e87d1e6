using System.Text;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.RateLimits;

/// <summary>
/// What users of such tools have reported about wrong judgements, each as it was seen and as it is right. A15 and A16
/// are in <see cref="OverloadTests"/>, D7 too.
/// </summary>
internal sealed class ReportsTests
{
    private const string Served = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Chat = JudgedRun.Chat;

    /// <summary>A1: OpenAI's 429 for a request that is larger than the limit itself.</summary>
    [Test]
    public async Task A1ARequestThatIsTooLargeForTheLimitPassesAtOnceAndRestsNothing()
    {
        const string Body = """
            {"error":{"message":"Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 36055.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}
            """;
        await using var run = new JudgedRun((_, request) => request.Body.Length > 1000
            ? Answer("429 X", Body, "x-ratelimit-remaining-tokens: 30000\r\nx-ratelimit-reset-tokens: 0s\r\n") : Served, "");
        var large = await run.PostAsync($$"""{"model":"gpt-4o","x":"{{new string('x', 1000)}}"}""", Chat);

        Assert.That((large.Status, large.Text, large["x-rotato-tries"]), Is.EqualTo((429, Body, "1")));
        Assert.That((await run.StatusAsync()).All(key => key.IsUntouched));
        for (var i = 0; i < 4; i++) Assert.That((await run.ChatAsync("gpt-4o"))["x-rotato-tries"], Is.EqualTo("1"));
    }

    /// <summary>A2: Anthropic's 429 for a long context that the plan does not have.</summary>
    [Test]
    public async Task A2ARequestThatNeedsAnotherPlanPassesAtOnceAndShortOnesGoOn()
    {
        const string Body = """{"type":"error","error":{"type":"rate_limit_error","message":"Extra usage is required for long context requests."}}""";
        await using var run = new JudgedRun((_, request) => request.Body.Length > 1000 ? Answer("429 X", Body) : Served, "");
        var long1 = await run.PostAsync($$"""{"model":"claude","x":"{{new string('x', 1000)}}"}""", "/v1/messages");
        var short1 = await run.PostAsync("""{"model":"claude"}""", "/v1/messages");

        Assert.That((long1.Status, long1["x-rotato-tries"], short1.Status, short1["x-rotato-tries"]),
            Is.EqualTo((429, "1", 200, "1")));
        Assert.That((await run.StatusAsync()).All(key => key.IsUntouched));
    }

    /// <summary>A3: keys that may chat but not list models.</summary>
    [Test]
    public async Task A3AListingThatNoKeyMayMakeStopsNoChat()
    {
        const string Body = """{"error":{"message":"You have insufficient permissions for this operation. Missing scopes: api.model.read."}}""";
        await using var run = new JudgedRun(
            (_, request) => request.Target == "/v1/models" ? Answer("401 X", Body) : Served, "");
        for (var i = 0; i < 3; i++)
        {
            var list = await run.GetAsync("/v1/models");
            Assert.That((list.Status, list.Text), Is.EqualTo((401, Body)));
            Assert.That((await run.ChatAsync()).Status, Is.EqualTo(200));
        }

        Assert.That((await run.StatusAsync()).All(key => key.IsUntouched));
    }

    /// <summary>A4: a bad moment at the API's door.</summary>
    [Test]
    public async Task A4OneMomentInWhichEveryKeyIsRefusedStopsNobodyAfterwards()
    {
        var isBad = true;
        await using var run = new JudgedRun((_, _) => isBad ? Answer("401 X", "{}") : Served);
        Assert.That((await run.ChatAsync()).Status, Is.EqualTo(401));
        isBad = false;

        Assert.That((await run.ChatAsync()).Status, Is.EqualTo(200));
        Assert.That((await run.StatusAsync()).All(key => key.IsUntouched));
    }

    /// <summary>A5, A6: organisations that are disabled or restricted, told with a 400.</summary>
    [TestCase("""{"type":"error","error":{"type":"invalid_request_error","message":"This organization has been disabled."}}""")]
    [TestCase("""{"error":{"message":"Organization has been restricted. Please reach out to support.","type":"invalid_request_error","code":"organization_restricted"}}""")]
    public async Task A5A6AKeyOfADisabledOrganisationIsUnusableAndTheOthersServe(string body)
    {
        await using var run = new JudgedRun((key, _) => key == 1 ? Answer("400 X", body) : Served);
        for (var i = 0; i < 5; i++) Assert.That((await run.ChatAsync()).Status, Is.EqualTo(200));

        Assert.That(run.Used, Is.EqualTo([1, 2, 2, 2, 2, 2]));
        Assert.That((await run.StatusOfAsync(1)).State, Is.EqualTo("unusable"));
    }

    /// <summary>A7: error bodies as Google and CDNs send them to every library.</summary>
    [TestCase("gzip", "400 X", """{"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}""", "unusable", 600)]
    [TestCase("br", "429 X", """{"error":{"code":"insufficient_quota"}}""", "unusable", 3600)]
    [TestCase("deflate", "429 X", """{"error":{"code":429,"details":[{"retryDelay":"25s"}]}}""", "ready", 25)]
    [TestCase("gzip", "429 X", """{"error":{"code":429,"details":[{"retryDelay":"25s"}]}}""", "ready", 25)]
    public async Task A7ACompressedErrorIsUnpackedToJudgeAndPassesAsItCame(
        string coding, string status, string body, string state, int rest)
    {
        var packed = Examining.Pack(Encoding.UTF8.GetBytes(body), coding);
        await using var run = new JudgedRun(
            (_, _) => Answer(status, Encoding.Latin1.GetString(packed), $"Content-Encoding: {coding}\r\n"), keys: 1);
        var response = await run.ChatAsync();
        var key = await run.StatusOfAsync(1);

        Assert.That((response.Body, response["Content-Encoding"]), Is.EqualTo((packed, coding)));
        Assert.That(key.State, Is.EqualTo(state));
        Assert.That(state == "ready" ? key.Limits.Single().Rest : key.Rest, Is.EqualTo(rest).Within(0.05));
    }

    [TestCase("gzip")]
    [TestCase("br")]
    [TestCase("deflate")]
    [TestCase("zstd")]
    public async Task A7WhatIsNotCompressedAsItSaysPassesAsItCame(string coding)
    {
        const string Body = "no such coding: \u00ff\u00fe{}";
        await using var run = new JudgedRun((_, _) => Answer("400 X", Body, $"Content-Encoding: {coding}\r\n"));
        var response = await run.ChatAsync();

        Assert.That((response.Status, response.Text), Is.EqualTo((400, Body)));
    }

    /// <summary>A8, A17: a client that puts its own key where the API does not look.</summary>
    [TestCase("sk-ant-", "Authorization: Bearer any\r\n", "x-api-key", "")]
    [TestCase("gsk_", "x-goog-api-key: any\r\n", "Authorization", "Bearer ")]
    [TestCase("AIza", "Authorization: Bearer any\r\n", "x-goog-api-key", "")]
    public async Task A8A17TheKeyGoesIntoTheFieldThatItsApiWants(string prefix, string sent, string field, string scheme)
    {
        await using var run = new JudgedRun((_, _) => Served, keys: 1, prefix: prefix);
        await run.PostAsync("{}", "/v1/x", sent);

        Assert.That(run.Sent.Single()[field], Is.EqualTo(scheme + run.Rotato.Keys[0]));
    }

    /// <summary>A9: OpenRouter's 200 that is a 429.</summary>
    [Test]
    public async Task A9AnErrorInA200CountsAsItsCodeSays()
    {
        const string Body = """{"error":{"message":"Provider returned error","code":429,"metadata":{"raw":"x is temporarily rate-limited upstream"}}}""";
        var answer = Ok(Body, "Content-Type: application/json\r\n");
        await using var run = new JudgedRun((key, _) => key == 1 ? answer : Served);
        Assert.That((await run.ChatAsync()).Text, Is.EqualTo("ok"));
        Assert.That((await run.StatusOfAsync(1)).Limits.Single().State, Is.EqualTo("resting"));
        await using var all = new JudgedRun((_, _) => answer);
        var response = await all.ChatAsync();

        Assert.That((response.Line, response.Text), Is.EqualTo(("HTTP/1.1 429 Too Many Requests", Body)));
        Assert.That(response["Retry-After"], Is.Not.Null);
    }

    /// <summary>A10: a limit of another endpoint.</summary>
    [TestCase("POST", "/v1/messages/count_tokens", "/v1/messages")]
    [TestCase("GET", "/v1/files", "/v1/messages")]
    [TestCase("POST", "/v1/messages", "/v1/messages/count_tokens")]
    public async Task A10ALimitIsOfItsEndpointAlone(string method, string limited, string other)
    {
        await using var run = new JudgedRun((_, request) =>
            request.Target == limited ? Answer("429 X", "{}", "Retry-After: 45\r\n") : Served);
        const string Body = """{"model":"claude"}""";
        var refused = method == "GET" ? await run.GetAsync(limited) : await run.PostAsync(Body, limited);
        Assert.That(refused.Status, Is.EqualTo(429));
        for (var i = 0; i < 4; i++) Assert.That((await run.PostAsync(Body, other)).Status, Is.EqualTo(200));

        foreach (var key in await run.StatusAsync())
            Assert.That((key.State, key.Limits.Length), Is.EqualTo(("ready", 1)), "one of its limits rests");
    }

    /// <summary>A11: a refusal whose body never comes.</summary>
    [TestCase("429 X", "Retry-After: 60\r\n")]
    [TestCase("403 X", "")]
    public async Task A11ARefusalThatFallsSilentIsJudgedByStatusAndFieldsAfterFiveSeconds(string status, string fields)
    {
        await using var run = new JudgedRun((key, _) => key == 1 ? null : Served);
        var response = run.ChatAsync();
        var first = await run.NextAsync();
        var timer = run.Clock.TimerAsync(5);
        await first.SendAsync($"HTTP/1.1 {status}\r\n{fields}Content-Length: 100\r\n\r\n{{\"er");
        await timer;
        run.Clock.Advance(4.9);
        await Task.Delay(20);
        Assert.That(response.IsCompleted, Is.False);
        run.Clock.Advance(0.2);

        Assert.That((await response).Text, Is.EqualTo("ok"));
        var key1 = await run.StatusOfAsync(1);
        if (status == "429 X") Assert.That(key1.Limits.Single().Rest, Is.EqualTo(60).Within(0.5));
        else Assert.That(key1.State, Is.EqualTo("unusable"), "another key has served what it refused");
    }

    [TestCase("429 X", "Retry-After: 60\r\n")]
    [TestCase("403 X", "")]
    public async Task A11ARefusalThatBreaksOffIsJudgedByStatusAndFields(string status, string fields)
    {
        await using var run = new JudgedRun((key, _) => key == 1 ? null : Served);
        var response = run.ChatAsync();
        var first = await run.NextAsync();
        await first.SendAndCloseAsync($"HTTP/1.1 {status}\r\n{fields}Content-Length: 100\r\n\r\n{{\"er");

        Assert.That((await response).Text, Is.EqualTo("ok"));
        var key1 = await run.StatusOfAsync(1);
        Assert.That(key1.IsUntouched, Is.False);
    }

    /// <summary>A12: an item that was made with another organisation's key.</summary>
    [TestCase("400 X", """{"error":{"message":"The encrypted content gAAA could not be verified.","type":"invalid_request_error","param":null,"code":"invalid_encrypted_content"}}""")]
    [TestCase("404 X", """{"error":{"message":"Item with id 'rs_1' not found.","type":"invalid_request_error","param":"input","code":null}}""")]
    [TestCase("403 X", """{"error":{"code":403,"message":"You do not have permission to access the File abc or it may not exist.","status":"PERMISSION_DENIED"}}""")]
    public async Task A12WhatWasMadeWithAnotherKeyIsTakenToThatKey(string status, string body)
    {
        await using var run = new JudgedRun((key, _) => key == 3 ? Served : Answer(status, body), keys: 3);
        var response = await run.ChatAsync();

        Assert.That((response.Status, response["x-rotato-key"], response["x-rotato-tries"]), Is.EqualTo((200, "3", "3")));
        Assert.That((await run.StatusAsync()).All(key => key.IsUntouched));
    }

    [Test]
    public async Task A12WithStickyTheConversationStaysWhereItWasServed()
    {
        const string Body = """{"error":{"code":"invalid_encrypted_content","message":"x"}}""";
        var home = 0;
        await using var run = new JudgedRun(
            (key, _) => home == 0 || key == home ? Served : Answer("400 X", Body), "--wait 0 --strategy sticky", keys: 3);
        var first = await run.PostAsync("""{"prompt_cache_key":"c"}""", "/v1/responses");
        // From now on only another key can serve what the conversation holds.
        home = first["x-rotato-key"] == "1" ? 2 : 1;
        await run.PostAsync("""{"prompt_cache_key":"c"}""", "/v1/responses");
        for (var turn = 0; turn < 3; turn++)
        {
            var response = await run.PostAsync("""{"prompt_cache_key":"c"}""", "/v1/responses");
            Assert.That(
                (response.Status, response["x-rotato-key"], response["x-rotato-tries"]), Is.EqualTo((200, $"{home}", "1")));
        }
    }

    /// <summary>A12's sibling: a response that is continued.</summary>
    [TestCase("round-robin")]
    [TestCase("sticky")]
    [TestCase("headroom")]
    public async Task A12AResponseIsContinuedByTheKeyThatGaveIt(string strategy)
    {
        var count = 0;
        await using var run = new JudgedRun((_, request) =>
        {
            var id = $$"""{"id":"resp_{{Interlocked.Increment(ref count)}}","object":"response","output":[]}""";
            var isStream = Encoding.Latin1.GetString(request.Body).Contains("stream", StringComparison.Ordinal);
            return isStream
                ? Ok("data: {\"type\":\"response.created\",\"response\":" + id + "}\n\n", "Content-Type: text/event-stream\r\n")
                : Ok(id, "Content-Type: application/json\r\n");
        }, $"--wait 0 --strategy {strategy}", keys: 3);
        foreach (var stream in new[] { "", ",\"stream\":true" })
        {
            for (var conversation = 0; conversation < 4; conversation++)
            {
                var first = await run.PostAsync($$"""{"model":"m"{{stream}},"x":{{conversation}}}""", "/v1/responses");
                var key = first["x-rotato-key"];
                for (var turn = 0; turn < 3; turn++)
                {
                    var body = $$"""{"model":"m","previous_response_id":"resp_{{count}}"{{stream}},"y":{{turn}}}""";
                    Assert.That((await run.PostAsync(body, "/v1/responses"))["x-rotato-key"], Is.EqualTo(key));
                }
            }
        }
    }

    /// <summary>A13: fields and body of one answer, not of two.</summary>
    [TestCase(5, 200)]
    [TestCase(200, 5)]
    public async Task A13TheSoonestKeysAnswerIsReplayedWhole(int first, int second)
    {
        await using var run = new JudgedRun((key, _) =>
        {
            var seconds = key == 1 ? first : second;
            var body = $$$"""{"error":{"code":429,"details":[{"retryDelay":"{{{seconds}}}s"}]}}""";
            return Answer("429 X", body, $"Retry-After: {seconds}\r\nx-from: {key}\r\n");
        });
        var response = await run.ChatAsync();

        Assert.That(response["Retry-After"], Is.EqualTo("5"));
        Assert.That(response["retry-after-ms"], Does.Match("^(4[0-9]{3}|5000)$"));
        Assert.That(response.Text, Does.Contain("\"5s\""));
        Assert.That(response["x-from"], Is.EqualTo(first == 5 ? "1" : "2"));
        Assert.That(response["x-should-retry"], Is.Null);
    }

    /// <summary>A14: all keys dead, or out of money.</summary>
    [TestCase("401 X", """{"error":{"message":"Incorrect API key provided: x","code":"invalid_api_key"}}""", 401, "refuses")]
    [TestCase("402 X", """{"error":{"message":"Insufficient Balance"}}""", 402, "money")]
    public async Task A14WhereAllKeysNeedTheirOwnerEveryAnswerSaysSo(string status, string body, int code, string reason)
    {
        await using var run = new JudgedRun((_, _) => Answer(status, body), "--wait 30");
        var first = await run.ChatAsync();
        Assert.That((first.Status, first.Text), Is.EqualTo((code, body)));
        for (var minute = 0; minute < 9; minute++)
        {
            var later = await run.ChatAsync();
            Assert.That((later.Status, later.ErrorCode), Is.EqualTo((code, "keys_unusable")));
            Assert.That(later.Text, Does.Contain("key 1").And.Contain("key 2").And.Contain(reason));
            run.Clock.Advance(60);
        }

        Assert.That(run.Used, Is.EqualTo([1, 2]));
    }

    [Test]
    public async Task A14WhereOneOfThemOnlyRestsItIsA429()
    {
        await using var run = new JudgedRun((key, _) => key == 1
            ? Answer("401 X", """{"error":{"code":"invalid_api_key"}}""") : Answer("429 X", "{}", "Retry-After: 20\r\n"));
        Assert.That((await run.ChatAsync()).Status, Is.EqualTo(429));
        var later = await run.ChatAsync();

        Assert.That((later.Status, later.ErrorCode, later["Retry-After"]), Is.EqualTo((429, "all_keys_resting", "20")));
    }

    /// <summary>A18: clients that invent names.</summary>
    [Test]
    public async Task A18InventedModelNamesDoNotMakeModelsShareALimit()
    {
        await using var run = new JudgedRun((_, request) => Encoding.Latin1.GetString(request.Body).Contains("busy", StringComparison.Ordinal)
            ? Answer("429 X", "{}", "Retry-After: 60\r\n") : Served, keys: 1);
        var client = await run.Rotato.ConnectAsync();
        for (var i = 0; i < 300; i++)
        {
            Assert.That((await client.AskAsync(Post($$"""{"model":"invented-{{i}}"}""", Chat))).Status, Is.EqualTo(200));
            run.Clock.Advance(0.001);
        }

        Assert.That((await run.ChatAsync("busy")).Status, Is.EqualTo(429));

        for (var i = 0; i < 5; i++) Assert.That((await run.ChatAsync($"new-{i}")).Status, Is.EqualTo(200));
        Assert.That((await run.ChatAsync("busy")).ErrorCode, Is.EqualTo("all_keys_resting"));
    }

    /// <summary>A19: a key that rests might still serve what another one refuses.</summary>
    [Test]
    public async Task A19ARequestThatOneKeyRefusesWaitsForTheOneThatRests()
    {
        var isLimited = true;
        await using var run = new JudgedRun(
            (key, _) => key == 2 ? Answer("401 X", "{}") : isLimited ? Answer("429 X", "{}", "Retry-After: 10\r\n") : Served,
            "--wait 30");
        var first = run.ChatAsync();
        await run.InLineAsync(1);
        isLimited = false;
        var second = run.ChatAsync();
        await run.InLineAsync(2);
        Assert.That(run.Used, Is.EqualTo([1, 2, 2]));
        run.Clock.Advance(10.1);

        Assert.That(((await first).Status, (await second).Status), Is.EqualTo((200, 200)));
        Assert.That((await run.StatusOfAsync(2)).State, Is.EqualTo("unusable"), "key 1 has served what it refused");
    }

    [Test]
    public async Task A19WhereItCannotWaitSoLongItIsToldWhenAndNotRefusedForGood()
    {
        await using var run = new JudgedRun(
            (key, _) => key == 2 ? Answer("401 X", "{}") : Answer("429 X", "{}", "Retry-After: 100\r\n"), "--wait 30");
        await run.ChatAsync();
        var later = await run.ChatAsync();

        Assert.That((later.Status, later.ErrorCode, later["Retry-After"]), Is.EqualTo((429, "all_keys_resting", "100")));
        Assert.That((await run.StatusOfAsync(2)).IsUntouched, "nobody has served what it refused");
    }

    /// <summary>A20: what was left in a window that is over.</summary>
    [Test]
    public async Task A20WhatWasLeftIsForgottenAtTheReset()
    {
        await using var run = new JudgedRun((key, _) => key == 1
            ? Ok(fields: "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 20s\r\n")
            : Ok(fields: "x-ratelimit-remaining-requests: 50\r\nx-ratelimit-reset-requests: 20s\r\n"),
            "--wait 0 --strategy headroom");
        await run.ChatAsync();
        await run.ChatAsync();
        Assert.That((await run.StatusAsync()).Select(key => key.Remaining), Is.EqualTo(new int?[] { 0, 50 }));
        run.Clock.Advance(20.1);
        Assert.That((await run.StatusAsync()).Select(key => key.Remaining), Is.EqualTo(new int?[] { null, null }));
        await run.ChatAsync();
        await run.ChatAsync();

        Assert.That(run.Used[2..], Does.Contain(1));
    }

    /// <summary>D1: an error that repeats the request.</summary>
    [TestCase("400 X", """{"error":{"message":"Invalid","type":"invalid_request_error","param":"invalid_api_key","code":null}}""")]
    [TestCase("400 X", """{"error":{"message":"Invalid","param":{"code":"invalid_api_key"}}}""")]
    [TestCase("400 X", """{"error":{"message":"Bad member 'insufficient_quota': API key not valid","code":"unknown_parameter"}}""")]
    [TestCase("400 X", """{"detail":[{"type":"missing","input":{"code":"insufficient_quota","message":"API key not valid"}}]}""")]
    [TestCase("429 X", """{"error":{"message":"Rate limit","input":[{"type":"insufficient_quota"}]}}""")]
    [TestCase("403 X", """{"error":{"message":"No","input":"Your API key was reported as leaked"}}""")]
    [TestCase("401 X", """{"error":{"message":"OpenAI-Organization header should match organization for API key","code":"mismatched_organization"}}""")]
    public async Task D1AnEchoOfTheRequestMakesNoKeyUnusable(string status, string body)
    {
        await using var run = new JudgedRun((_, _) => Answer(status, body));
        await run.ChatAsync();

        Assert.That((await run.StatusAsync()).Select(key => key.State), Is.All.EqualTo("ready"));
    }

    [Test]
    public async Task D1NorDoesAnEchoThatIsLongerThanWhatIsLookedAt()
    {
        var echo = $$"""{"code":"invalid_api_key","message":"API key not valid","x":"{{new string('x', 64 << 10)}}"}""";
        await using var run = new JudgedRun((_, _) => Answer("400 X", $$$"""{"error":{"type":"invalid_request_error","input":{{{echo}}}}}"""));
        await run.ChatAsync();

        Assert.That((await run.StatusAsync()).Select(key => key.State), Is.All.EqualTo("ready"));
    }

    /// <summary>D8: a client that leaves the line takes no place with it.</summary>
    [Test]
    public async Task D8WhoLeavesTheLineTakesNoPlaceWithIt()
    {
        await using var run = new JudgedRun((_, _) => null, "--wait 3600 --concurrent 1", keys: 1);
        for (var round = 0; round < 20; round++)
        {
            var first = run.ChatAsync();
            var request = await run.NextAsync();
            var leaving = await run.Rotato.ConnectAsync();
            await leaving.SendAsync(Post("{}", Chat));
            await run.InLineAsync(1);
            var answer = request.SendAsync(Served);
            leaving.Reset();
            await answer;
            Assert.That((await first).Status, Is.EqualTo(200));
            // The one that left may have been sent in that moment, and was then cancelled.
            var next = run.ChatAsync();
            UpstreamRequest served;
            do served = await run.NextAsync();
            while (!await TryServeAsync(served, next));
        }

        var key = await run.StatusOfAsync(1);
        Assert.That(key.IsUntouched);
    }

    /// <summary>D12: three thousand keys that are all limited.</summary>
    [Test]
    public void D12ARequestLooksAtEachKeyOnceForEachTry()
    {
        const int Keys = 3000;
        var looks = 0L;
        var options = RingUnderTest.Options("--wait 0");
        var ring = new KeyRing((key, request, now) =>
        {
            looks++;
            return options.Strategy(key, request, now);
        }, 0, new FakeClock(), _ => { });
        var api = RingUnderTest.NewApi(0);
        ring.Replace([.. Enumerable.Range(1, Keys).Select(number => new KeyState(number, null, api, options.Rules))]);
        var request = new KeyRequest(api, new("/v1/x", "m"), ring.DeadlineFromNow);
        var tries = 0;
        while (true)
        {
            var next = ring.NextAsync(request, default);
            Assert.That(next.IsCompleted);
            if (next.AsTask().GetAwaiter().GetResult() is not { } key) break;
            tries++;
            var evidence = new Evidence(429) { Hint = 100 };
            ring.Report(key, request, evidence, Judgement.Of(evidence));
            ring.End(key, 429);
        }

        Assert.That(tries, Is.EqualTo(Keys));
        Assert.That(looks, Is.LessThanOrEqualTo(2L * Keys * (Keys + 1)));
    }

    private static async Task<bool> TryServeAsync(UpstreamRequest request, Task<RawResponse> next)
    {
        try
        {
            await request.SendAsync(Served);
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Its client has left.
        }

        await Task.WhenAny(next, Task.Delay(200));
        return next.IsCompleted;
    }
}
