using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>Pages that are let in are served: they get their permission, and may read what comes back.</summary>
internal sealed class BrowserTests
{
    private const string Page = "Origin: http://localhost:3000\r\n";
    private const string Asks = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\n";

    [TestCase("", "/v1/chat/completions")]
    [TestCase("--token a-token-of-mine", "/v1/chat/completions")]
    [TestCase("--token a-token-of-mine", "/_rotato/status")]
    public async Task APreflightIsAnsweredWithoutATokenAndWithoutAKey(string args, string target)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, args);

        var response = await rotato.AskAsync(Preflight(target, Page));

        Assert.That(response.Status, Is.EqualTo(204));
        Assert.That(response["Access-Control-Allow-Origin"], Is.EqualTo("http://localhost:3000"));
        Assert.That(response["Access-Control-Allow-Methods"], Is.EqualTo("POST"));
        Assert.That(response["Access-Control-Allow-Headers"], Is.EqualTo("authorization,content-type"));
        Assert.That((response["Content-Length"], response["x-rotato-key"]), Is.EqualTo(((string?)null, (string?)null)));
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task APreflightIsAnsweredAtOnceWhileAllKeysRest()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", "Retry-After: 20\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 30");
        var client = await rotato.ConnectAsync();
        var waiting = rotato.AskAsync(Post("x", "/v1"));
        await upstream.NextAsync();
        await rotato.Clock.TimerAsync(20.001);

        // The clock stands still: an answer that waits for it would never come.
        Assert.That((await client.AskAsync(Preflight("/v1", Page))).Status, Is.EqualTo(204));
        Assert.That((await client.AskAsync(Preflight("/v1", Page))).Status, Is.EqualTo(204), "on the same connection");
        Assert.That(waiting.IsCompleted, Is.False);
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task ThePrivateNetworkIsAllowedWhereItIsAskedFor()
    {
        await using var rotato = new RunningRotato(null, "--upstream https://api.example.com --allow-origin https://chat.example");

        var asked = await rotato.AskAsync(Preflight("/v1",
            "Origin: https://chat.example\r\nAccess-Control-Request-Private-Network: true\r\n"));
        var notAsked = await rotato.AskAsync(Preflight("/v1", "Origin: https://chat.example\r\n"));

        Assert.That((asked.Status, asked["Access-Control-Allow-Private-Network"]), Is.EqualTo((204, "true")));
        Assert.That((notAsked.Status, notAsked["Access-Control-Allow-Private-Network"]),
            Is.EqualTo((204, (string?)null)));
    }

    [TestCase("200 OK", "")]
    [TestCase("404 Not Found", "")]
    [TestCase("429 Too Many Requests", "Retry-After: 20\r\n")]
    [TestCase("500 Oops", "")]
    public async Task EveryAnswerOfTheUpstreamMayBeRead(string status, string fields)
    {
        using var upstream = new ScriptedUpstream(_ => Answer(status, "x", fields));
        await using var rotato = new RunningRotato(upstream, "--wait 0");

        AssertReadable(await rotato.AskAsync(Post("x", "/v1", Page)));
    }

    [Test]
    public async Task WhatTheUpstreamSaysOfOriginsStands()
    {
        using var upstream = new ScriptedUpstream(_ => Ok(fields:
            "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: x-mine\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.AskAsync(Post("x", "/v1", Page));

        Assert.That(response.Values("Access-Control-Allow-Origin"), Is.EqualTo(["*"]));
        Assert.That(response.Values("Access-Control-Expose-Headers"), Is.EqualTo(["x-mine"]));
    }

    /// <summary>Without these fields a page reads "Failed to fetch" and never the reason.</summary>
    [TestCase("GET /_rotato/none", "x-api-key: a-token-of-mine\r\n", 400)]
    [TestCase("GET /v1", "", 401)]
    [TestCase("POST /v1", "x-api-key: a-token-of-mine\r\nContent-Length: 1000000000\r\n", 413)]
    [TestCase("POST /v1", "x-api-key: a-token-of-mine\r\nx-rotato-key: 7\r\n", 400)]
    [TestCase("GET /limited", "x-api-key: a-token-of-mine\r\n", 429)]
    [TestCase("GET /broken", "x-api-key: a-token-of-mine\r\n", 502)]
    [TestCase("GET /_rotato/status", "x-api-key: a-token-of-mine\r\n", 200)]
    public async Task RotatosOwnAnswersMayBeReadToo(string line, string fields, int status)
    {
        using var upstream = new ScriptedUpstream(request => request.Target == "/broken" ? "HTTP/1.1 what?\r\n\r\n"
            : Answer("429 Too Many Requests", "", "Retry-After: 20\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 0 --token a-token-of-mine");
        await rotato.GetAsync("/limited", "x-api-key: a-token-of-mine\r\n");

        var response = await rotato.AskAsync($"{line} HTTP/1.1\r\nHost: localhost\r\n{Page}{fields}\r\n");

        Assert.That(response.Status, Is.EqualTo(status));
        AssertReadable(response);
    }

    /// <summary>A page that is refused learns nothing, not even that it was Rotato that has refused it.</summary>
    [TestCase("Origin: https://evil.example\r\n", 403)]
    [TestCase("Origin: null\r\n", 403)]
    [TestCase("Host: a:b\r\nOrigin: https://evil.example\r\n", 400)]
    public async Task ARefusedPageMayReadNothing(string fields, int status)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var host = fields.StartsWith("Host", StringComparison.Ordinal) ? "" : "Host: localhost\r\n";

        foreach (var line in new[] { "POST /v1", "GET /_rotato/status", "OPTIONS /v1" })
        {
            var asks = line.StartsWith("OPTIONS", StringComparison.Ordinal) ? Asks : "";
            var response = await rotato.AskAsync($"{line} HTTP/1.1\r\n{host}{fields}{asks}\r\n");
            Assert.That(response.Status, Is.EqualTo(status), line);
            Assert.That(response.Fields.Select(field => field.Name), Has.None.StartsWith("Access-Control-").IgnoreCase,
                line);
        }

        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task AProgramGetsNoFieldForBrowsers()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.AskAsync(Post("x"));

        Assert.That(response.Fields.Select(field => field.Name), Has.None.StartsWith("Access-Control-").IgnoreCase);
        Assert.That(response["Vary"], Is.Null);
    }

    /// <summary>An OPTIONS of a program is a request like any other.</summary>
    [TestCase("")]
    [TestCase(Page)]
    [TestCase("Access-Control-Request-Method: POST\r\n")]
    public async Task WhatIsNoPreflightIsForwarded(string fields)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.AskAsync($"OPTIONS /v1 HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n");

        Assert.That(response.Text, Is.EqualTo("ok"));
    }

    private static string Preflight(string target, string fields) =>
        $"OPTIONS {target} HTTP/1.1\r\nHost: localhost\r\n{fields}{Asks}\r\n";

    private static void AssertReadable(RawResponse response)
    {
        Assert.That(response.Values("Access-Control-Allow-Origin"), Is.EqualTo(["http://localhost:3000"]));
        Assert.That(response["Vary"], Does.Contain("Origin"));
        Assert.That(response["Access-Control-Expose-Headers"]?.Split(", "),
            Is.SupersetOf(["x-rotato-key", "x-rotato-tries", "retry-after", "x-request-id"]));
    }
}
