using System.Text.Json;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>
/// What asserts here is <see cref="RunningRotato.DisposeAsync"/>, as in every test that uses it: no run of eight
/// characters of a key or token
/// in anything that a client got or that the log says, and none at the upstream outside the one field. Here the ways
/// are tried on purpose.
/// </summary>
internal sealed class SecrecyTests
{
    // KEY stands for the key that the request came with.
    [TestCase("200 OK", "X-Echo: KEY\r\nAuthorization: Bearer KEY\r\nx-api-key: KEY\r\n")]
    [TestCase("200 OK",
        "Set-Cookie: a=KEY; b=cKEYd\r\nETag: \"KEY\"\r\nServer: KEY\r\nContent-Type: text/KEY\r\nContent-Language: KEY\r\nExpires: KEY\r\n")]
    [TestCase("200 OK",
        "openai-organization: KEY\r\nx-ratelimit-remaining-requests: KEY\r\nx-ratelimit-reset-requests: KEY\r\n")]
    [TestCase("200 OK", "X-Split: KEY,KEY\r\nX-Split: KEY KEY\r\nx-rotato-key: KEY\r\n")]
    [TestCase("200 You said KEY", "")]
    [TestCase("302 Found", "Location: https://elsewhere.example/?key=KEY\r\n")]
    [TestCase("404 Not Found", "WWW-Authenticate: Bearer realm=\"KEY\"\r\n")]
    [TestCase("401 KEY is wrong", "X-Echo: KEY\r\n")]
    [TestCase("429 KEY is limited", "Retry-After: KEY\r\nretry-after-ms: KEY\r\nX-Echo: KEY\r\n")]
    [TestCase("400 Bad", "Connection: KEY\r\nX-KEY\r\n")]
    [TestCase("500 KEY", "KEY\r\n")]
    [TestCase("KEY", "")]
    [TestCase("200 OK\r\nContent-Length: KEY\r\nTransfer-Encoding: KEY", "")]
    [TestCase("200 OK", "X: KEY\rX: KEY\0\r\n")]
    public async Task KeepsBackAKeyThatTheUpstreamEchoes(string status, string fields)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--wait 0", prefix: "sk-proj-");
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Post("x"));
        var request = await upstream.NextAsync();

        await request.SendAndCloseAsync(Answer(status, "body", fields).Replace("KEY", rotato.Keys[0],
            StringComparison.Ordinal));
        await client.SeeAsync("\r\n\r\n");

        await LookAroundAsync(rotato);
    }

    [Test]
    public async Task KeepsBackAKeyThatAnUpgradeEchoes()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get("/",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: openai-insecure-api-key.x\r\n"));
        var request = await upstream.NextAsync();
        Assert.That(request["Sec-WebSocket-Protocol"], Is.EqualTo($"openai-insecure-api-key.{rotato.Keys[0]}"));

        await request.SendAsync("HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: "
            + $"openai-insecure-api-key.{rotato.Keys[0]}\r\nX: {rotato.Keys[0]}\r\n\r\n");

        var response = await client.ReadAsync();
        Assert.That((response.Status, response["Sec-WebSocket-Protocol"]),
            Is.EqualTo((101, "openai-insecure-api-key.x")), "one that it offered");
    }

    [TestCase("http", false)]
    [TestCase("https", false)]
    [TestCase("https", true)]
    public async Task SaysNoKeyWhereTheUpstreamCannotBeReached(string scheme, bool isThereButWithoutTls)
    {
        using var upstream = new ScriptedUpstream(isListening: isThereButWithoutTls);
        await using var rotato = new RunningRotato(null, $"--upstream {upstream.Url.Replace("http", scheme, StringComparison.Ordinal)}", prefix: "AIza");

        var asking = rotato.GetAsync("/v1?key=x");
        for (var i = 1; i <= 2; i++)
        {
            while (isThereButWithoutTls && upstream.Connections < i) await Task.Yield();
            upstream.DropConnections();
            if (i == 1) await rotato.Clock.TimerAsync(0.25);
            rotato.Clock.Advance(0.25);
        }

        Assert.That((await asking).Status, Is.EqualTo(502));
        await LookAroundAsync(rotato);
    }

    [TestCase("Authorization: Bearer TOKEN", "/")]
    [TestCase("Authorization: TOKEN", "/")]
    [TestCase("x-api-key: TOKEN", "/")]
    [TestCase("x-goog-api-key: TOKEN", "/")]
    [TestCase("api-key: TOKEN", "/")]
    [TestCase("api-key: TOKEN\r\nx-api-key: TOKEN\r\nAuthorization: Bearer TOKEN", "/?key=TOKEN&a=b&key=TOKEN")]
    [TestCase("X: y", "/?key=TOKEN")]
    [TestCase("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: a, openai-insecure-api-key.TOKEN",
        "/")]
    public async Task PassesTheTokenToNobody(string fields, string target)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        var token = new Secrets().New();
        await using var rotato = new RunningRotato(upstream, $"--token {token}");

        var response = await rotato.GetAsync(
            target.Replace("TOKEN", token, StringComparison.Ordinal),
                fields.Replace("TOKEN", token, StringComparison.Ordinal) + "\r\n");

        Assert.That(response.Text, Is.EqualTo("ok"));
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    [TestCase("GET /SECRET?SECRET HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403)]
    [TestCase("GET /?SECRET HTTP/1.1\r\nHost: SECRET.example\r\n\r\n", 403)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://SECRET\r\n\r\n", 403)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer SECRET\r\n\r\n", 401)]
    [TestCase("GET /_rotato HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic SECRET\r\n\r\n", 401)]
    [TestCase("GET /?key=SECRET HTTP/1.1\r\nHost: localhost\r\n\r\n", 401)]
    [TestCase("SECRET / HTTP/1.1\r\n\r\n", 400)]
    [TestCase("GET SECRET HTTP/1.1\r\n\r\n", 400)]
    [TestCase("GET / SECRET\r\n\r\n", 400)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nSECRET\r\n\r\n", 400)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: SECRET\rSECRET\r\n\r\n", 400)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: SECRET\r\n\r\n", 400)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: SECRET\r\n\r\n", 501)]
    [TestCase("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nx-api-key: TOKEN\r\n\r\nSECRET\r\n",
        400)]
    public async Task RepeatsNothingOfARequestThatItRefuses(string request, int status)
    {
        var (secret, token) = (new Secrets().New(), new Secrets().New());
        var rotato = new RunningRotato(null, $"--token {token}");
        await using (rotato)
        {
            // As a path it may be logged; that is no place for a key.
            rotato.Secrets.Add(secret);
            var text = request.Replace("/SECRET", "/path", StringComparison.Ordinal).Replace("SECRET", secret,
                StringComparison.Ordinal);
            var response = await rotato.AskAsync(text.Replace("TOKEN", token, StringComparison.Ordinal));
            Assert.That(response.Status, Is.EqualTo(status));
            Assert.That(response.ErrorCode, Is.Not.Null);
        }
    }

    [Test]
    public async Task ShowsFourCharactersOfALongKeyAndNothingOfAShortOne()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, keys: 2);

        using var status = JsonDocument.Parse((await rotato.GetAsync("/_rotato/status")).Text);

        Assert.That(status.RootElement.GetProperty("keys").EnumerateArray().Select(key =>
            key.GetProperty("hint").GetString()),
            Is.EqualTo(rotato.Keys.Select(key => "..." + key[^4..])));
    }

    // All that can be seen of Rotato itself; it is searched in the end.
    private static async Task LookAroundAsync(RunningRotato rotato)
    {
        foreach (var path in new[] { "/_rotato", "/_rotato/status", "/_rotato/metrics" })
            Assert.That((await rotato.GetAsync(path)).Status, Is.EqualTo(200));
        Assert.That((await rotato.GetAsync("/_rotato/other")).Status, Is.EqualTo(400));
        Assert.That((await rotato.GetAsync("/", "Host: evil.example\r\n")).Status, Is.GreaterThanOrEqualTo(400));
    }
}
