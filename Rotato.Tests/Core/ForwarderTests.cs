using System.Net;
using System.Net.Sockets;
using System.Text;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

internal sealed class ForwarderTests
{
    private const string Mine = "the-secret-of-the-client", Carriers = "Authorization x-api-key x-goog-api-key api-key";

    // What the client sends, what its keys begin with, and where the upstream must get the key: in this field alone. It
    // is the field that the API wants, whatever the client used; where nothing tells the API, the client's own.
    [TestCase("", "", "Authorization", "Bearer ")]
    [TestCase("", "sk-ant-", "x-api-key", "")]
    [TestCase("", "AIza", "x-goog-api-key", "")]
    [TestCase("", "gsk_", "Authorization", "Bearer ")]
    [TestCase($"Authorization: Bearer {Mine}", "", "Authorization", "Bearer ")]
    [TestCase($"authorization: bearer {Mine}", "sk-ant-", "x-api-key", "")]
    [TestCase("Authorization: Bearer any", "sk-ant-", "x-api-key", "")]
    [TestCase($"Authorization: Bearer {Mine}", "AIza", "x-goog-api-key", "")]
    [TestCase($"x-api-key: {Mine}", "AIza", "x-goog-api-key", "")]
    [TestCase($"x-goog-api-key: {Mine}", "sk-proj-", "Authorization", "Bearer ")]
    [TestCase($"x-goog-api-key: {Mine}", "gsk_", "Authorization", "Bearer ")]
    [TestCase($"x-api-key: {Mine}", "xai-", "Authorization", "Bearer ")]
    [TestCase($"api-key: {Mine}", "sk-or-", "Authorization", "Bearer ")]
    [TestCase($"api-key: {Mine}", "sk-ant-", "x-api-key", "")]
    [TestCase($"x-goog-api-key: {Mine}", "", "x-goog-api-key", "")]
    [TestCase($"Sec-WebSocket-Protocol: openai-insecure-api-key.{Mine}", "sk-proj-", "Authorization", "Bearer ")]
    [TestCase($"AUTHORIZATION:{Mine}", "", "Authorization", "Bearer ")]
    [TestCase($"Authorization: Basic {Mine}", "", "Authorization", "Bearer ")]
    [TestCase("Authorization:", "sk-ant-", "x-api-key", "")]
    [TestCase($"x-api-key: {Mine}", "", "x-api-key", "")]
    [TestCase($"X-Api-Key: {Mine}", "sk-ant-", "x-api-key", "")]
    [TestCase($"x-goog-api-key: {Mine}", "AIza", "x-goog-api-key", "")]
    [TestCase($"api-key: {Mine}", "", "api-key", "")]
    [TestCase($"Authorization: Bearer {Mine}|x-api-key: {Mine}", "sk-ant-", "x-api-key", "")]
    [TestCase($"Authorization: Bearer {Mine}|x-api-key: {Mine}", "", "Authorization", "Bearer ")]
    [TestCase($"x-api-key: {Mine}|x-api-key: {Mine}", "", "x-api-key", "")]
    [TestCase($"x-api-key: {Mine}|api-key: {Mine}|x-goog-api-key: {Mine}", "AIza", "x-goog-api-key", "")]
    [TestCase($"Connection: x-api-key|x-api-key: {Mine}", "", "x-api-key", "")]
    [TestCase("Connection: Authorization", "", "Authorization", "Bearer ")]
    public async Task PutsTheKeyWhereItsApiWantsItElseWhereTheClientHadItsOwn(string fields, string prefix, string name,
        string scheme)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, prefix: prefix);

        await rotato.GetAsync("/v1/models",
            string.Concat(fields.Split('|').Where(line => line != "").Select(line => line + "\r\n")));

        var request = upstream.Requests.Single();
        Assert.That(request[name], Is.EqualTo(scheme + rotato.Keys[0]));
        Assert.That(request.Head, Does.Not.Contain(Mine));
        foreach (var other in Carriers.Split(' ').Where(other => other != name))
            Assert.That(request[other], Is.Null, other);
    }

    [TestCase($"/v1?key={Mine}", "/v1")]
    [TestCase($"/v1?alt=sse&key={Mine}", "/v1?alt=sse")]
    [TestCase($"/v1?key={Mine}&alt=sse", "/v1?alt=sse")]
    [TestCase($"/v1?a=%41&key={Mine}&b=?&&c", "/v1?a=%41&b=?&&c")]
    [TestCase($"/v1?key={Mine}&key={Mine}1", "/v1")]
    [TestCase($"/v1?k%65y={Mine}", "/v1")]
    [TestCase("/v1?key=", "/v1")]
    public async Task MovesAKeyFromTheQueryIntoAField(string target, string expected)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, prefix: "AIza");

        await rotato.GetAsync(target);

        var request = upstream.Requests.Single();
        Assert.That(request.Target, Is.EqualTo(expected));
        Assert.That(request["x-goog-api-key"], Is.EqualTo(rotato.Keys[0]));
        Assert.That(request["Authorization"], Is.Null);
        Assert.That(request.Head, Does.Not.Contain(Mine));
    }

    [TestCase("/")]
    [TestCase("/v1/chat/completions")]
    [TestCase("/a/../b%2e%2e?x=%41")]
    [TestCase("/./a/%2E%2e/../..")]
    [TestCase("//evil.example/x")]
    [TestCase("/@evil.example/x")]
    [TestCase("/.evil.example/x")]
    [TestCase("/:80@evil.example/x")]
    [TestCase("/\\evil.example\\x")]
    [TestCase("/http://evil.example/")]
    [TestCase("/v1?keys=1&monkey=2")]
    [TestCase("/v1?key&keyring")]
    [TestCase("/a?b?c=d&&e==&")]
    [TestCase("/?")]
    [TestCase("/%")]
    [TestCase("/%zz%00%0d%0aA:%20b")]
    [TestCase("/a//b/;c=d/,!$&'()*+-._~\"<>[]^`{|}")]
    [TestCase("/models/gemini-2.5-pro:streamGenerateContent?alt=sse")]
    public async Task SendsPathAndQueryByteForByteBehindTheBasePath(string target)
    {
        foreach (var (option, path) in new[] { ("", ""), ("/", ""), ("/base/v1", "/base/v1"), ("/base/", "/base") })
        {
            using var upstream = new ScriptedUpstream(_ => Ok());
            await using var rotato = new RunningRotato(upstream, $"--upstream {upstream.Url}{option}");

            var response = await rotato.GetAsync(target);

            Assert.That(response.Text, Is.EqualTo("ok"));
            // What the base URL's path ends with and the request's begins with is there once.
            var before = target.StartsWith("/v1", StringComparison.Ordinal)
                && path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
            Assert.That(upstream.Requests.Single().Line, Is.EqualTo($"GET {before}{target} HTTP/1.1"));
            Assert.That(upstream.Requests.Single()["Host"], Is.EqualTo(upstream.Url["http://".Length..]));
        }
    }

    /// <summary>The space for a chunk's size holds four digits; a long head makes the space behind it large.</summary>
    [TestCase(100)]
    [TestCase(62_500)]
    [TestCase(63_500)]
    public async Task PassesALargeChunkUnchangedBehindAHeadOfAnyLength(int head)
    {
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(i => $"{i:00000}"));
        using var upstream = new ScriptedUpstream(_ =>
            $"HTTP/1.1 200 OK\r\nX: {new string('x', head)}\r\nTransfer-Encoding: chunked\r\n\r\n{body.Length:x}\r\n{body}\r\n0\r\n\r\n");
        await using var rotato = new RunningRotato(upstream);

        Assert.That((await rotato.GetAsync("/")).Body, Is.EqualTo(body));
    }

    [Test]
    public async Task SendsMethodFieldsAndBodyAsTheyAreAndAddsNothing(
        [Values("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY")] string method,
            [Values("", "{\"model\": m}\0\u00ff")] string body)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        string[] fields =
        [
            "Accept: text/event-stream", "Accept-Encoding: gzip, br, zstd", "User-Agent: OpenAI/Python (odd; ,)",
                "X-Stainless-Retry-Count: 0",
            "Content-Type: application/json ;charset=\"utf-8\"", "Content-Encoding: identity",
                "Content-Language: nonsense!", "Last-Modified: never",
            "Expires: 0", "Allow: ?", "Date: yesterday", "If-None-Match: nonsense", "Range: bytes=x", "From: nobody",
            "X-Latin: \u00e4\u00ff", "X-Empty:", "anthropic-beta: a,b", "Via: 1.0 somebody", "Referer: http:///",
                "Authentication: x", "Keys: 2",
            "Max-Forwards: many", "Warning: none", "Cache-Control: ,,", "Pragma: ;", "Accept-Language: *;;",
                "Content-MD5: ?", "Content-Range: x",
        ];
        var sent = string.Concat(fields.Select(line => line + "\r\n"));

        await rotato.AskAsync($"{method} /v1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n{sent}Content-Length: {body.Length}\r\n\r\n{body}");

        var request = upstream.Requests.Single();
        var expected = fields.Append($"Host: {upstream.Url[7..]}").Append($"Authorization: Bearer {rotato.Keys[0]}");
        // A body of nothing is told where one is usual, as RFC 9110 s8.6 wants it.
        if (body != "" || method is "POST" or "PUT" or "PATCH")
            expected = expected.Append($"Content-Length: {body.Length}");
        Assert.That(request.Line, Is.EqualTo($"{method} /v1 HTTP/1.1"));
        Assert.That(Encoding.Latin1.GetString(request.Body), Is.EqualTo(body));
        var got = request.Fields.Where(field =>
            field != ("Content-Length", "0") || body != "" || method is "POST" or "PUT" or "PATCH");
        Assert.That(got.Select(field => $"{field.Name}: {field.Value}".TrimEnd()), Is.EquivalentTo(expected));
    }

    [Test]
    public async Task JoinsFieldLinesOfOneName()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        await rotato.GetAsync("/", "anthropic-beta: a\r\nX: 1\r\nAnthropic-Beta: b, c\r\n");

        Assert.That(upstream.Requests.Single()["anthropic-beta"], Is.EqualTo("a, b, c"));
    }

    [Test]
    public async Task PassesNoFieldOfThisHopToTheUpstream()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        await rotato.GetAsync("/",
            "Connection: X-Mine , keep-alive, HTTP2-Settings\r\nConnection: x-other\r\nX-Mine: 1\r\nx-OTHER: 2\r\nHTTP2-Settings: x\r\n"
            + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\nTE: trailers\r\nTrailer: X\r\nUpgrade: h2c\r\nX-Rest: 3\r\n");

        Assert.That(upstream.Requests.Single().Fields.Select(field => field.Name),
            Is.EquivalentTo(["Host", "Authorization", "X-Rest"]));
    }

    [Test]
    public async Task PassesNoFieldOfThatHopToTheClient()
    {
        using var upstream = new ScriptedUpstream(_ => Ok(fields:
            "Connection: X-Hop, close\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nProxy-Connection: x\r\nTrailer: X-T\r\n"
            + "Upgrade: h3\r\nAlt-Svc: h3=\":443\"\r\nX-Rest: 2\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/");

        Assert.That(response.Fields.Select(field => field.Name),
            Is.EquivalentTo(["X-Rest", "Content-Length", "x-rotato-key", "x-rotato-tries"]));
        Assert.That(response.Text, Is.EqualTo("ok"));
    }

    [Test]
    public async Task PassesAllOtherFieldsOfTheAnswerAsTheyAre()
    {
        string[] fields =
        [
            "Content-Type: text/event-stream;charset=utf-8", "Content-Encoding: gzip", "Link: <a>; rel=b",
                "Link: <c>; rel=\"d, e\"",
            "Server: ,odd (", "Date: never", "Expires: -1", "ETag: unquoted", "Vary: *", "X-Latin: \u00e4", "X-Empty:",
                "Last-Modified: x", "Location: http://elsewhere/",
            "Access-Control-Allow-Origin: *", "x-ratelimit-remaining-requests: 59", "Retry-After: 7",
                "WWW-Authenticate: Bearer", "Allow: ?", "Age: old",
        ];
        using var upstream = new ScriptedUpstream(_ =>
            Answer("299 Odd But Fine", "ok", string.Concat(fields.Select(line => line + "\r\n"))));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/");

        Assert.That(response.Line, Is.EqualTo("HTTP/1.1 299 Odd But Fine"));
        Assert.That(response.Fields.Select(field => $"{field.Name}: {field.Value}".TrimEnd()),
            Is.EquivalentTo([.. fields, "Content-Length: 2", "x-rotato-key: 1", "x-rotato-tries: 1",
                "X-Accel-Buffering: no"]));
    }

    [TestCase("Content-Type: application/json\r\n", null)]
    [TestCase("Content-Type: text/event-stream\r\nX-Accel-Buffering: yes\r\n", "yes")]
    public async Task AsksNoProxyInFrontToLetThroughWhatIsNoEventStream(string fields, string? expected)
    {
        using var upstream = new ScriptedUpstream(_ => Ok(fields: fields));
        await using var rotato = new RunningRotato(upstream);

        Assert.That((await rotato.GetAsync("/"))["X-Accel-Buffering"], Is.EqualTo(expected));
    }

    /// <summary>Cookies of other programs on this machine, or of one account for the client of another.</summary>
    [Test]
    public async Task PassesNoCookieInEitherDirection()
    {
        using var upstream = new ScriptedUpstream(_ =>
            Ok(fields: "Set-Cookie: a=b\r\nset-cookie: c=d; Expires=Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/", "Cookie: other-program=1; b=2\r\ncookie: c=3\r\n");

        Assert.That(response.Text, Is.EqualTo("ok"));
        Assert.That(response["Set-Cookie"], Is.Null);
        Assert.That(upstream.Requests.Single()["Cookie"], Is.Null);
    }

    [TestCase("Content-Type: application/json", "application/json")]
    [TestCase("anthropic-version: 2023-06-01", "2023-06-01")]
    [TestCase("User-Agent: a", "a")]
    [TestCase("OpenAI-Organization: org-1", "org-1")]
    public async Task SendsAFieldThatTheClientSaysTwiceOnce(string line, string value)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        await rotato.AskAsync(Post("x", "/", $"{line}\r\n{line.Replace(line[0], char.ToLowerInvariant(line[0]))}\r\n"));

        Assert.That(upstream.Requests.Single()[line.Split(':')[0]], Is.EqualTo(value));
    }

    /// <summary>
    /// Two different values of one field are the client's fault; hiding one of them would be Rotato's.
    /// </summary>
    [Test]
    public async Task JoinsTwoDifferentValuesOfAFieldThatHoldsOne()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        await rotato.AskAsync(Post("x", "/", "Content-Type: a/b\r\nContent-Type: c/d\r\n"));

        Assert.That(upstream.Requests.Single()["Content-Type"], Is.EqualTo("a/b, c/d"));
    }

    [Test]
    public async Task PassesNothingThatOnlyRotatoMaySay()
    {
        using var upstream = new ScriptedUpstream(_ =>
            Ok(fields: "x-rotato-key: 9\r\nX-Rotato-Cache: hit\r\nx-rotato-other: 1\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/", "x-rotato-key: 1\r\nX-Rotato-Other: 1\r\n");

        Assert.That(upstream.Requests.Single().Head, Does.Not.Contain("rotato").IgnoreCase);
        Assert.That(response.Values("x-rotato-key"), Is.EqualTo(["1"]));
        Assert.That((response["x-rotato-cache"], response["x-rotato-other"]),
            Is.EqualTo(((string?)null, (string?)null)));
    }

    [Test]
    public async Task SendsEachRequestWithTheNextKey()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, keys: 3);

        for (var i = 0; i < 7; i++)
        {
            var response = await rotato.AskAsync(Post($"{i}"));

            Assert.That((response["x-rotato-key"], response["x-rotato-tries"]), Is.EqualTo(($"{(i % 3) + 1}", "1")));
            Assert.That(upstream.Requests[i]["Authorization"], Is.EqualTo($"Bearer {rotato.Keys[i % 3]}"));
        }
    }

    [TestCase("429 Too Many Requests", "")]
    [TestCase("429 Whatever", /*lang=json*/ "{\"error\":{\"code\":\"insufficient_quota\"}}")]
    [TestCase("402 Payment Required", /*lang=json*/ "{\"error\":{\"message\":\"no credits\"}}")]
    [TestCase("401 Unauthorized", /*lang=json*/ "{\"error\":{\"code\":\"invalid_api_key\"}}")]
    [TestCase("400 Bad Request", /*lang=json*/ "{\"error\":{\"details\":[{\"reason\":\"API_KEY_INVALID\"}]}}")]
    public async Task SendsTheSameRequestWithTheNextKeyWhereOneIsRefused(string status, string error)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, keys: 3);

        var asking = rotato.AskAsync(Post("the body", "/v1/x?y=z", "X-Field: 1\r\n"));
        var first = await upstream.NextAsync();
        await first.SendAsync(Answer(status, error));
        var second = await upstream.NextAsync();
        await second.SendAsync(Answer(status, error));
        var third = await upstream.NextAsync();
        await third.SendAsync(Ok("done"));
        var response = await asking;

        Assert.That((response.Status, response.Text), Is.EqualTo((200, "done")));
        Assert.That((response["x-rotato-key"], response["x-rotato-tries"]), Is.EqualTo(("3", "3")));
        Assert.That(third.Head,
            Is.EqualTo(first.Head.Replace(rotato.Keys[0], rotato.Keys[2], StringComparison.Ordinal)));
        Assert.That(third.Body, Is.EqualTo(first.Body));
        Assert.That(second["Authorization"], Is.EqualTo($"Bearer {rotato.Keys[1]}"));
    }

    [Test]
    public async Task ReplaysThe429OfTheKeyThatComesBackSoonest()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 3);

        var asking = rotato.AskAsync(Post("x"));
        foreach (var hint in new[] { "Retry-After: 40", "retry-after-ms: 20500\r\nRetry-After: 21\r\nx-should-retry: true", "Retry-After: 50\r\nretry-after-ms: 50000" })
        {
            await (await upstream.NextAsync()).SendAsync(Answer("429 Slow Down", hint,
                $"{hint}\r\nContent-Type: text/x\r\nX-Id: {hint.Length}\r\n"));
        }

        var response = await asking;

        Assert.That(upstream.Requests, Has.Length.EqualTo(3));
        Assert.That(response.Line, Is.EqualTo("HTTP/1.1 429 Slow Down"));
        Assert.That(response.Text, Does.StartWith("retry-after-ms: 20500"));
        Assert.That(response["Content-Type"], Is.EqualTo("text/x"));
        Assert.That(response.Values("Retry-After"), Is.EqualTo(["21"]), "in whole seconds, rounded up");
        Assert.That(response.Values("retry-after-ms"), Is.EqualTo(["20500"]));
        Assert.That(response["x-should-retry"], Is.EqualTo("true"));
        Assert.That((response["x-rotato-key"], response["x-rotato-tries"]), Is.EqualTo(("2", "3")));
    }

    [TestCase("retry-after-ms: 90", "1", "90", null)]
    [TestCase("Retry-After: 60", "60", "60000", null)]
    [TestCase("Retry-After: 61", "61", "61000", "false")]
    [TestCase("Retry-After: 3600", "3600", "3600000", "false")]
    public async Task TellsHowLongToWaitAndFromAMinuteNotToRetry(string hint, string seconds, string milliseconds,
        string? retry)
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", hint + "\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 0");

        foreach (var _ in new[] { "upstream's 429", "Rotato's own" })
        {
            var response = await rotato.GetAsync("/");
            Assert.That(response.Status, Is.EqualTo(429));
            Assert.That(response.Values("Retry-After"), Is.EqualTo([seconds]));
            Assert.That(response.Values("retry-after-ms"), Is.EqualTo([milliseconds]));
            Assert.That(response["x-should-retry"], Is.EqualTo(retry));
        }

        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task RefusesAtOnceWhereTheSoonestKeyIsTooFarAway()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", "Retry-After: 100\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 30", keys: 2);
        await rotato.GetAsync("/");

        rotato.Clock.Advance(10.5);
        var response = await rotato.GetAsync("/");

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((429, "all_keys_resting")));
        Assert.That((response["Retry-After"], response["retry-after-ms"], response["x-should-retry"]),
            Is.EqualTo(("90", "89500", "false")));
        Assert.That(response["x-rotato-key"], Is.Null);
        Assert.That(upstream.Requests, Has.Length.EqualTo(2));
    }

    [Test]
    public async Task WaitsForAKeyThatIsReadyInTime()
    {
        var isLimited = true;
        using var upstream = new ScriptedUpstream(_ =>
            isLimited ? Answer("429 Too Many Requests", "", "Retry-After: 20\r\n") : Ok("at last"));
        await using var rotato = new RunningRotato(upstream, "--wait 30", keys: 2);

        var asking = rotato.AskAsync(Post("x"));
        await upstream.NextAsync();
        await upstream.NextAsync();
        await rotato.Clock.TimerAsync(20.001);
        isLimited = false;
        rotato.Clock.Advance(20.001);
        var response = await asking;

        Assert.That((response.Status, response.Text, response["x-rotato-tries"]), Is.EqualTo((200, "at last", "3")));
    }

    [Test]
    public async Task WaitsNoLongerThanItMay()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", "Retry-After: 20\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 30");

        var asking = rotato.AskAsync(Post("x"));
        await upstream.NextAsync();
        await rotato.Clock.TimerAsync(20.001);
        rotato.Clock.Advance(20.001);
        var response = await asking;

        Assert.That((response.Status, response["Retry-After"], response["x-rotato-tries"]),
            Is.EqualTo((429, "20", "2")));
        Assert.That(upstream.Requests, Has.Length.EqualTo(2));
    }

    /// <summary>
    /// Where no key is served without a word about keys, it was the request: nothing rests because of it.
    /// </summary>
    [TestCase("401 No Way")]
    [TestCase("403 No Way")]
    public async Task PassesTheFirstRefusalWhereTheUpstreamTakesNoKey(string status)
    {
        var refuses = true;
        using var upstream = new ScriptedUpstream(request =>
            refuses ? Answer(status, request["Authorization"]![^4..], "WWW-Authenticate: Bearer\r\n") : Ok());
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 3);

        var response = await rotato.GetAsync("/");

        Assert.That(upstream.Requests, Has.Length.EqualTo(3));
        Assert.That((response.Line, response.Text), Is.EqualTo(($"HTTP/1.1 {status}", rotato.Keys[0][^4..])));
        Assert.That((response["WWW-Authenticate"], response["Retry-After"], response["x-rotato-tries"]),
            Is.EqualTo(("Bearer", (string?)null, "3")));
        refuses = false;
        for (var i = 0; i < 3; i++) Assert.That((await rotato.GetAsync("/"))["x-rotato-tries"], Is.EqualTo("1"));
        Assert.That(upstream.Requests.Skip(3).Select(request => request["Authorization"]).Distinct().Count(),
            Is.EqualTo(3));
    }

    /// <summary>One client that puts its key into the wrong field stops nobody else.</summary>
    [TestCase("x-goog-api-key")]
    [TestCase("api-key")]
    public async Task ARequestWithTheWrongFieldAtAnUnknownApiStopsNobodyElse(string field)
    {
        using var upstream = new ScriptedUpstream(request => request["Authorization"] is null
            ? Answer("401 Unauthorized", /*lang=json*/ "{\"error\":{\"message\":\"You didn't provide an API key.\"}}")
                : Ok());
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);

        Assert.That((await rotato.GetAsync("/v1", $"{field}: any\r\n")).Status, Is.EqualTo(401));
        for (var i = 0; i < 2; i++) Assert.That((await rotato.GetAsync("/v1", "Authorization: Bearer any\r\n"))["x-rotato-tries"], Is.EqualTo("1"));
    }

    /// <summary>The key's own owner must act: a client that retries a 429 would wait for nothing.</summary>
    [TestCase("401 Unauthorized", "invalid_api_key", 401)]
    [TestCase("402 Payment Required", "", 402)]
    [TestCase("429 Too Many Requests", "insufficient_quota", 402)]
    public async Task TellsThatKeysAreUnusableOnceEveryOneIs(string status, string code, int own)
    {
        var error = $"{{\"error\":{{\"code\":\"{code}\"}}}}";
        using var upstream = new ScriptedUpstream(_ => Answer(status, error));
        await using var rotato = new RunningRotato(upstream, "--wait 30", keys: 2);

        var first = await rotato.AskAsync(Post("x"));
        var second = await rotato.AskAsync(Post("x"));

        Assert.That((first.Line, first.Text), Is.EqualTo(($"HTTP/1.1 {status}", error)), "the refusal that was met");
        Assert.That((second.Status, second.ErrorCode), Is.EqualTo((own, "keys_unusable")));
        Assert.That(second.Text, Does.Contain("key 1").And.Contain("key 2"));
        Assert.That((second["x-rotato-key"], second["Retry-After"]), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That(upstream.Requests, Has.Length.EqualTo(2));
    }

    [Test]
    public async Task TellsOfAnInvalidKeyWhereAnotherIsUnpaid()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, keys: 2);

        var asking = rotato.AskAsync(Post("x"));
        await (await upstream.NextAsync()).SendAsync(Answer("402 Payment Required"));
        await (await upstream.NextAsync()).SendAsync(Answer("401 Unauthorized",
            /*lang=json*/ "{\"error\":{\"code\":\"invalid_api_key\"}}"));
        await asking;
        var response = await rotato.AskAsync(Post("x"));

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((401, "keys_unusable")));
    }

    [Test]
    public async Task SendsAPinnedRequestWithThatKey()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, keys: 3);

        for (var i = 0; i < 3; i++)
        {
            var response = await rotato.GetAsync("/v1/files/f", "x-rotato-key: 2\r\n");
            Assert.That((response.Status, response["x-rotato-key"]), Is.EqualTo((200, "2")));
        }

        Assert.That(upstream.Requests.Select(request => request["Authorization"]),
            Is.All.EqualTo($"Bearer {rotato.Keys[1]}"));
    }

    [Test]
    public async Task WaitsForThePinnedKeyAndTriesNoOther()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--wait 30", keys: 2);

        var asking = rotato.GetAsync("/v1/files/f", "x-rotato-key: 2\r\n");
        var first = await upstream.NextAsync();
        await first.SendAsync(Answer("429 Too Many Requests", "", "Retry-After: 20\r\n"));
        await rotato.Clock.TimerAsync(20.001);
        rotato.Clock.Advance(20.001);
        var second = await upstream.NextAsync();
        await second.SendAsync(Ok());

        Assert.That((await asking)["x-rotato-key"], Is.EqualTo("2"));
        Assert.That(second["Authorization"], Is.EqualTo(first["Authorization"]));
    }

    [TestCase("0")]
    [TestCase("3")]
    [TestCase("-1")]
    [TestCase("+1")]
    [TestCase("1.0")]
    [TestCase("1, 2")]
    [TestCase("two")]
    [TestCase("")]
    [TestCase("99999999999999999999")]
    public async Task RefusesANumberThatIsNoKey(string number)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, keys: 2);

        var response = await rotato.GetAsync("/", $"x-rotato-key: {number}\r\n");

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((400, "bad_request")));
        Assert.That(response.Text, Does.Contain("x-rotato-key"));
        Assert.That(upstream.Requests, Is.Empty);
    }

    /// <summary>An upstream that has read enough to know answers and closes; what it says counts.</summary>
    [TestCase("413 Content Too Large", 413)]
    [TestCase("429 Too Many Requests", 200)]
    public async Task AnAnswerThatComesBeforeTheBodyWasReadCounts(string status, int expected)
    {
        using var upstream = new EarlyUpstream(status);
        await using var rotato = new RunningRotato(null, $"--upstream {upstream.Url} --wait 0", keys: 2);

        var response = await rotato.AskAsync(Post(new string('x', 5 << 20)));

        Assert.That(response.Status, Is.EqualTo(expected));
        Assert.That(upstream.Heads, Is.EqualTo(expected == 413 ? 1 : 2), "the next key is tried, the same key is not");
    }

    [Test]
    public async Task RemembersA429OverAnotherKeys401()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);

        var asking = rotato.GetAsync("/");
        await (await upstream.NextAsync()).SendAsync(Answer("429 Too Many Requests", "limit", "Retry-After: 20\r\n"));
        await (await upstream.NextAsync()).SendAsync(Answer("401 Unauthorized", "key"));
        var response = await asking;

        Assert.That((response.Status, response.Text, response["Retry-After"]), Is.EqualTo((429, "limit", "20")));
        Assert.That((response["x-rotato-key"], response["x-rotato-tries"]), Is.EqualTo(("1", "2")));
    }

    [Test]
    public async Task PassesAllOtherErrorsUnchangedAndGoesOnWithTheKey([Values(400, 403, 404, 408, 409, 413, 422, 451,
        500, 501, 502, 503, 504, 529, 599)] int status)
    {
        using var upstream = new ScriptedUpstream(_ =>
            Answer($"{status} Because", "{error}", "Retry-After: 7\r\nX-Id: 1\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 0");

        for (var i = 1; i <= 3; i++)
        {
            var response = await rotato.AskAsync(Post("x"));

            Assert.That((response.Line, response.Text), Is.EqualTo(($"HTTP/1.1 {status} Because", "{error}")));
            Assert.That((response["Retry-After"], response["X-Id"], response["x-rotato-tries"]),
                Is.EqualTo(("7", "1", "1")));
            Assert.That(upstream.Requests, Has.Length.EqualTo(i));
        }
    }

    [Test]
    public async Task PassesALargeErrorUnchanged([Values(400, 403, 404, 429, 500)] int status)
    {
        var body = new string('x', 3 << 20);
        using var upstream = new ScriptedUpstream(_ => Answer($"{status} Large", body));
        await using var rotato = new RunningRotato(upstream, "--wait 0");

        var response = await rotato.AskAsync(Post("x"));

        Assert.That((response.Status, response.Text == body), Is.EqualTo((status, true)));
    }

    [TestCase(301)]
    [TestCase(302)]
    [TestCase(303)]
    [TestCase(307)]
    [TestCase(308)]
    public async Task PassesARedirectAndDoesNotFollowIt(int status)
    {
        using var elsewhere = new ScriptedUpstream(_ => Ok());
        using var upstream = new ScriptedUpstream(_ =>
            Answer($"{status} There", "there", $"Location: {elsewhere.Url}/x\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/", "x-api-key: x\r\n");

        Assert.That((response.Status, response.Text, response["Location"]),
            Is.EqualTo((status, "there", $"{elsewhere.Url}/x")));
        Assert.That(elsewhere.Connections, Is.Zero);
    }

    [Test]
    public async Task KeepsNoCookies()
    {
        using var upstream = new ScriptedUpstream(_ => Ok(fields: "Set-Cookie: session=1\r\n"));
        await using var rotato = new RunningRotato(upstream);

        await rotato.GetAsync("/");
        await rotato.GetAsync("/");

        Assert.That(upstream.Requests[1]["Cookie"], Is.Null);
    }

    [Test]
    public async Task TriesOnceMoreWhereTheUpstreamTakesNoConnection([Values] bool isUpThen)
    {
        using var upstream = new ScriptedUpstream(_ => Ok("up again"), isListening: false);
        await using var rotato = new RunningRotato(upstream, "--wait 0");

        var asking = rotato.AskAsync(Post("x"));
        await rotato.Clock.TimerAsync(0.25);
        if (isUpThen) upstream.Listen();
        rotato.Clock.Advance(0.25);
        var response = await asking;

        Assert.That((response.Status, response.ErrorCode ?? response.Text),
            Is.EqualTo(isUpThen ? (200, "up again") : (502, "upstream_unreachable")));
        // Nothing rests because of it.
        if (!isUpThen) upstream.Listen();
        Assert.That((await rotato.AskAsync(Post("x"))).Text, Is.EqualTo("up again"));
    }

    [Test]
    public async Task SendsAPostOnceWhereItsConnectionBreaksBeforeAnAnswer([Values] bool withReset,
        [Values] bool isConnectionUsed, [Values("", "HTTP/1.1 200 OK\r\nX: y")] string begun)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);
        if (isConnectionUsed)
        {
            var before = rotato.GetAsync("/before");
            await (await upstream.NextAsync()).SendAsync(Ok());
            await before;
        }

        var asking = rotato.AskAsync(Post("this costs money", "/v1"));
        var request = await upstream.NextAsync();
        await request.SendAsync(begun);
        if (withReset) request.Reset();
        else request.Close();
        var response = await asking;

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((502, "upstream_unreachable")));
        Assert.That(upstream.Requests.Count(each => each.Target == "/v1"), Is.EqualTo(1));
    }

    [Test]
    public async Task ReplacesAnIdleConnectionThatTheUpstreamHasClosed()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        await rotato.GetAsync("/");
        upstream.Requests[0].Close();
        await upstream.Requests[0].PeerClosedAsync;

        Assert.That((await rotato.AskAsync(Post("x"))).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task AnswersForAnUpstreamThatIsSilentForHalfAnHour()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var asking = rotato.AskAsync(Post("x"));
        var request = await upstream.NextAsync();
        await rotato.Clock.TimerAsync(1800);

        rotato.Clock.Advance(1800);

        var response = await asking;
        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((504, "upstream_timeout")));
        await request.PeerClosedAsync;
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    // The framework's own timer, so in real time. Ten seconds in all: a second try would double them.
    [Test, Platform("Linux")]
    public async Task AnswersForAnUpstreamThatTakesNoConnectionForTenSeconds()
    {
        // A full queue: the system drops what more comes, as a dead host would.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(full.LocalEndPoint!);
        await using var rotato = new RunningRotato(null, $"--upstream http://{full.LocalEndPoint}");

        var response = await rotato.AskAsync(Post("x"));

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((504, "upstream_timeout")));
    }

    [Test]
    public async Task CarriesAWebSocketBothWaysUntilTheUpstreamCloses()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, keys: 2);
        var client = await rotato.ConnectAsync();

        // The client does not wait for the answer before it sends: allowed, and easily lost.
        await client.SendAsync(Get("/v1/realtime?model=m",
            Handshake + "Origin: http://localhost:3000\r\nAuthorization: Bearer x\r\n") + "\u0081early");
        await (await upstream.NextAsync()).SendAsync(Answer("429 Too Many Requests"));
        var request = await upstream.NextAsync();
        await request.SendAsync(Switching + "\u0081first");
        var response = await client.ReadAsync();

        Assert.That(response.Line, Is.EqualTo("HTTP/1.1 101 Switching Protocols"));
        Assert.That(response.Fields.Select(field => $"{field.Name}: {field.Value}"), Is.EquivalentTo(
            ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: abc=", "x-rotato-key: 2",
                "x-rotato-tries: 2",
                "Access-Control-Allow-Origin: http://localhost:3000", "Vary: Origin",
                    $"Access-Control-Expose-Headers: {response["Access-Control-Expose-Headers"]}"]).IgnoreCase);
        Assert.That((request["Connection"], request["Upgrade"]), Is.EqualTo(("Upgrade", "websocket")));
        Assert.That((request["Sec-WebSocket-Key"], request["Sec-WebSocket-Version"]),
            Is.EqualTo(("dGhlIHNhbXBsZSBub25jZQ==", "13")));
        Assert.That(request.Target, Is.EqualTo("/v1/realtime?model=m"));
        await client.ReadThroughAsync("\u0081first");
        await AssertArrivesAsync(request, "\u0081early");
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"up {i}\0\u00ff");
            await AssertArrivesAsync(request, $"up {i}\0\u00ff");
            await request.SendAsync($"down {i}\0\u00ff");
            await client.ReadThroughAsync($"down {i}\0\u00ff");
        }

        await request.SendAsync("bye");
        request.Close();
        Assert.That(await client.ReadToEndAsync(), Is.EqualTo("bye"));
    }

    /// <summary>Neither direction waits for the other.</summary>
    [Test]
    public async Task CarriesAFrameUpWhileTheClientReadsNothing()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync(room: 4096);
        await client.SendAsync(Get("/v1/realtime?model=m", Handshake));
        var request = await upstream.NextAsync();
        await request.SendAsync(Switching);
        await client.ReadThroughAsync("\r\n\r\n");
        var flood = request.SendAsync(new byte[32 << 20]);

        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync($"up {i}");
            await AssertArrivesAsync(request, $"up {i}");
        }

        Assert.That(flood.IsCompleted, Is.False);
        client.Reset();
        Assert.That(async () => await flood, Throws.InstanceOf<SocketException>());
    }

    [Test]
    public async Task EndsAWebSocketWithItsClient([Values] bool withReset)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var (client, request) = await UpgradeAsync(rotato, upstream);
        await client.SendAsync("last words");
        await AssertArrivesAsync(request, "last words");

        if (withReset) client.Reset();
        else client.HalfClose();

        await request.PeerClosedAsync;
    }

    [Test]
    public async Task EndsAWebSocketThatIsSilentForHalfAnHourOnBothSides([Values("up", "down", "")] string lives)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var (client, request) = await UpgradeAsync(rotato, upstream);
        await rotato.Clock.TimerAsync(1800);
        rotato.Clock.Advance(1799);
        if (lives == "up")
        {
            await client.SendAsync("ping");
            await AssertArrivesAsync(request, "ping");
        }

        if (lives == "down")
        {
            await request.SendAsync("ping");
            await client.ReadThroughAsync("ping");
        }

        if (lives != "") await rotato.Clock.TimerAsync(1800);
        rotato.Clock.Advance(1);
        if (lives != "")
        {
            await client.SendAsync("alive");
            await AssertArrivesAsync(request, "alive");
            return;
        }

        await request.PeerClosedAsync;
        await client.ReadToEndAsync();
    }

    [TestCase("openai-insecure-api-key." + Mine, "")]
    [TestCase("realtime, openai-insecure-api-key." + Mine, "realtime")]
    [TestCase("realtime,openai-insecure-api-key." + Mine + ",openai-beta.realtime-v1",
        "realtime, openai-beta.realtime-v1")]
    public async Task PutsTheKeyIntoTheSubProtocolWhereABrowserHasIt(string protocols, string others)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get("/v1/realtime", $"{Handshake}Sec-WebSocket-Protocol: {protocols}\r\n"));
        var request = await upstream.NextAsync();
        await request.SendAsync(Switching);
        await client.ReadAsync();

        var got = request["Sec-WebSocket-Protocol"]!.Split(", ");
        Assert.That(got,
            Is.EquivalentTo(others.Split(", ").Where(name =>
            name != "").Append($"openai-insecure-api-key.{rotato.Keys[0]}")));
        Assert.That(request["Authorization"], Is.Null);
        Assert.That(request.Head, Does.Not.Contain(Mine));
    }

    [Test]
    public async Task GivesBackASubProtocolButNeverOneWithTheKey([Values] bool withKey)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get("/", $"{Handshake}Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.x\r\n"));

        var key = rotato.Keys[0];
        var chosen = withKey ? $"openai-insecure-api-key.{key}" : "realtime";
        await (await upstream.NextAsync()).SendAsync($"{Switching[..^2]}Sec-WebSocket-Protocol: {chosen}\r\n\r\n");

        var given = (await client.ReadAsync())["Sec-WebSocket-Protocol"];
        Assert.That(given, withKey ? Is.Null.Or.Not.Contains(key) : Is.EqualTo("realtime"));
    }

    [Test]
    public async Task GivesBackItsOwnSubProtocolAsItCame()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, prefix: "sk-0123456789abcdef");
        var client = await rotato.ConnectAsync();
        const string Own = "openai-insecure-api-key.a%0d%0aX-Evil:%20b%41";
        await client.SendAsync(Get("/", $"{Handshake}Sec-WebSocket-Protocol: {Own}\r\n"));

        var chosen = $"openai-insecure-api-key.{rotato.Keys[0]}";
        await (await upstream.NextAsync()).SendAsync($"{Switching[..^2]}Sec-WebSocket-Protocol: {chosen}\r\n\r\n");

        var answer = await client.ReadAsync();
        Assert.That((answer["Sec-WebSocket-Protocol"], answer["X-Evil"]), Is.EqualTo((Own, (string?)null)));
    }

    [TestCase("Upgrade: websocket\r\n")]
    [TestCase("Connection: Upgrade\r\n")]
    [TestCase("Connection: Upgrade\r\nUpgrade: h2c\r\n")]
    [TestCase("")]
    public async Task TakesNoUpgradeThatTheClientDidNotAskFor(string fields)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);

        var asking = rotato.GetAsync("/", fields);
        var request = await upstream.NextAsync();
        await request.SendAsync(Switching);
        var response = await asking;

        Assert.That((request["Connection"], request["Upgrade"]), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((502, "upstream_unreachable")));
        await request.PeerClosedAsync;
    }

    [Test]
    public async Task ServesAHandshakeThatTheUpstreamAnswersWithoutUpgrading()
    {
        using var upstream = new ScriptedUpstream(request =>
            request["Upgrade"] is null ? Ok() : Answer("403 Forbidden", "no sockets"));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        Assert.That((await client.AskAsync(Get("/", Handshake))).Text, Is.EqualTo("no sockets"));
        Assert.That((await client.AskAsync(Get())).Text, Is.EqualTo("ok"));
    }

    private const string Handshake =
        "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    private const string Switching =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: abc=\r\n\r\n";

    private static async Task<(RawClient Client, UpstreamRequest Request)> UpgradeAsync(RunningRotato rotato,
        ScriptedUpstream upstream)
    {
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get("/", Handshake));
        var request = await upstream.NextAsync();
        await request.SendAsync(Switching);
        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(101));
        return (client, request);
    }

    private static async Task AssertArrivesAsync(UpstreamRequest request, string text)
    {
        var got = "";
        while (got.Length < text.Length) got += await request.ReadAfterAsync();
        Assert.That(got, Is.EqualTo(text));
    }
}
