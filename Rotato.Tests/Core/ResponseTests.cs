using System.Text;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

internal sealed class ResponseTests
{
    [Test]
    public async Task PassesEachEventOfAStreamWhenItComes([Values("text/event-stream", "application/json")] string type, [Values] bool isChunked)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Post("x"));
        var request = await upstream.NextAsync();

        // Each step waits for the client to have what the one before has sent, while the upstream holds the rest back.
        await request.SendAsync($"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\n{(isChunked ? "Transfer-Encoding: chunked\r\n" : "")}\r\n");
        await client.ReadThroughAsync("\r\n\r\n");
        foreach (var text in new[] { "data: 1\n\n", "data: ", "2\n\n", ": ping\n\n", "x" })
        {
            await request.SendAsync(isChunked ? $"{text.Length:x}\r\n{text}\r\n" : text);
            await client.ReadThroughAsync(text + "\r\n");
        }

        if (isChunked) await request.SendAsync("0\r\n\r\n");
        else request.Close();
        await client.ReadThroughAsync("0\r\n\r\n");
    }

    [Test]
    public async Task LetsAStreamPauseForHalfAnHour()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());
        var request = await upstream.NextAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        await client.ReadThroughAsync("\r\n\r\n");
        for (var i = 0; i < 3; i++)
        {
            await rotato.Clock.TimerAsync(1800);
            rotato.Clock.Advance(1799);
            await request.SendAsync("5\r\nthink\r\n");
            await client.ReadThroughAsync("think\r\n");
        }

        await rotato.Clock.TimerAsync(1800);
        rotato.Clock.Advance(1800);

        await request.PeerClosedAsync;
        Assert.That(await client.ReadToEndAsync(), Is.Empty, "no end of the answer");
    }

    [Test]
    public async Task KeepsAReaderThatIsSlowButReads()
    {
        const int size = 4 << 20;
        using var upstream = new ScriptedUpstream(_ => Ok(new string('x', size)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync(room: 4096);
        await client.SendAsync(Get());
        await rotato.Clock.TimerAsync(300);

        rotato.Clock.Advance(299);

        var response = await client.ReadAsync();
        Assert.That((response.IsComplete, response.Body.Length), Is.EqualTo((true, size)));
    }

    [TestCase("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "5")]
    [TestCase("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", null)]
    [TestCase("HEAD", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", "9")]
    [TestCase("GET", "HTTP/1.1 204 No Content\r\n\r\n", null)]
    [TestCase("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n", "5")]
    [TestCase("GET", "HTTP/1.1 304 Not Modified\r\n\r\n", null)]
    [TestCase("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0")]
    [TestCase("DELETE", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", null)]
    public async Task EndsAnAnswerWithoutABodyAtItsHead(string method, string answer, string? length)
    {
        using var upstream = new ScriptedUpstream(request => request.Target == "/next" ? Ok("next") : answer);
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        await client.SendAsync($"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n{Get("/next")}");
        var response = await client.ReadAsync(isHead: method == "HEAD");

        Assert.That(response.Line, Is.EqualTo(answer.Split("\r\n")[0]));
        Assert.That(response["Content-Length"], Is.EqualTo(length));
        Assert.That(response.Body, Is.Empty);
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("next"));
    }

    [TestCase("HTTP/1.1 100 Continue\r\n\r\n")]
    [TestCase("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")]
    public async Task WaitsForTheFinalAnswerBehindInformationalOnes(string before)
    {
        using var upstream = new ScriptedUpstream(_ => before + Ok("final"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/");

        Assert.That((response.Status, response.Text, response["Link"]), Is.EqualTo((200, "final", (string?)null)));
    }

    [Test]
    public async Task PassesCompressedBytesAsTheyAre()
    {
        const string bytes = "\u001f\u008b\b\0nonsense\0\u00ff";
        using var upstream = new ScriptedUpstream(_ => Ok(bytes, "Content-Encoding: gzip\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/", "Accept-Encoding: gzip\r\n");

        Assert.That((response.Text, response["Content-Encoding"]), Is.EqualTo((bytes, "gzip")));
    }

    // What has come when the connection breaks, and what of it the client has by then; for HTTP/1.1, and for 1.0, where nothing but a
    // reset can tell.
    [TestCase("Content-Length: 9\r\n\r\n", "")]
    [TestCase("Content-Length: 9\r\n\r\npart", "part")]
    [TestCase("Content-Length: 9\r\n\r\neightbyt", "eightbyt")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n", "")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\npart", "part")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n", "part")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n5\r\nan", "an")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0", "part")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\n", "part")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\nX: y\r\n", "part")]
    [TestCase("\r\n", "", true)]
    [TestCase("\r\npart", "part", true)]
    public async Task NeverMakesABrokenAnswerLookComplete(string answer, string seen, bool onlyByReset = false)
    {
        foreach (var (version, withReset) in new[] { ("1.1", true), ("1.0", true), ("1.1", false), ("1.0", false) })
        {
            // Without any framing an orderly close is the end.
            if (onlyByReset && !withReset) continue;
            using var upstream = new ScriptedUpstream();
            await using var rotato = new RunningRotato(upstream);
            var client = await rotato.ConnectAsync();
            await client.SendAsync($"GET / HTTP/{version}\r\nHost: localhost\r\n\r\n");
            var request = await upstream.NextAsync();
            await request.SendAsync("HTTP/1.1 200 OK\r\n" + answer);
            await client.SeeAsync("\r\n\r\n");
            await client.SeeAsync(seen);

            if (withReset) request.Reset();
            else request.Close();

            var response = await client.ReadAsync();
            Assert.That(response.IsComplete, Is.False, $"HTTP/{version}, reset: {withReset}");
            Assert.That(response.Text, Does.EndWith(seen));
        }
    }

    /// <summary>A server of HTTP/1.0 closes behind each answer, and a moment later at that.</summary>
    [Test]
    public async Task GivesAServerOfHttp10TimeToClose()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, keys: 2);
        var client = await rotato.ConnectAsync();
        var asking = client.AskAsync(Get());
        var first = await upstream.NextAsync();
        await first.SendAsync("HTTP/1.0 429 X\r\nContent-Length: 2\r\n\r\nno");
        await rotato.Clock.TimerAsync(0.05);
        first.Close();
        rotato.Clock.Advance(0.05);
        var second = await upstream.NextAsync();
        await second.SendAsync(Ok("served"));

        Assert.That((await asking).Text, Is.EqualTo("served"));
    }

    /// <summary>What is malformed comes in the same moment as what is sound.</summary>
    [TestCase("5\r\nhello\r\ng\r\nx\r\n")]
    [TestCase("g\r\n")]
    [TestCase("0\r\nbad\r\n\r\n")]
    public async Task CutsAnAnswerWhereItsFramingIsMalformed(string body)
    {
        using var upstream = new ScriptedUpstream(_ => "HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());

        var response = await client.ReadAsync();

        Assert.That((response.Status, response["X"], response.IsComplete), Is.EqualTo((200, "y", false)));
    }

    [TestCase("429 X")]
    [TestCase("401 X")]
    public async Task TriesTheNextKeyWhereTheBodyOfARefusalIsMalformed(string status)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, keys: 2);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());
        var first = await upstream.NextAsync();
        await first.SendAsync($"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\ng\r\nx\r\n");
        var second = await upstream.NextAsync();
        await second.SendAsync(Ok("served"));

        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("served"));
    }

    [Test]
    public async Task PassesWhatCameBeforeTheUpstreamBrokeOffInTheSameMoment()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        for (var i = 0; i < 30; i++)
        {
            var client = await rotato.ConnectAsync();
            await client.SendAsync(Get());
            await (await upstream.NextAsync()).SendAndCloseAsync("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");

            var response = await client.ReadAsync();
            Assert.That((response.Status, response.IsComplete), Is.EqualTo((200, false)));
        }
    }

    [TestCase("4\r\npart\r\nnonsense\r\n\r\n")]
    [TestCase("4\r\npart and more\r\n0\r\n\r\n")]
    [TestCase("4\r\npart\r\n-1\r\n\r\n")]
    [TestCase("4\r\npart\r\n0x0\r\n\r\n")]
    [TestCase("4\r\npart\r\n\r\n0\r\n\r\n")]
    [TestCase("4\r\npart\r\nffffffffffffffffff\r\n")]
    public async Task CutsAnAnswerWhereItsChunksAreBroken(string chunks)
    {
        using var upstream = new ScriptedUpstream(_ => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        await client.SendAsync(Get());
        await client.ReadToEndAsync();

        var all = Encoding.Latin1.GetString(client.Received);
        Assert.That(all, Is.Empty.Or.Match("^HTTP/1.1 200 OK\r\n(.+\r\n)+\r\n(0004\r\npart\r\n)?$"));
    }

    // Whatever an upstream says of its lengths: the client gets this whole body, or an error of Rotato's where the length
    // cannot be known (RFC 9112 section 6.3).
    [TestCase("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "body")]
    [TestCase("Transfer-Encoding: chunked\r\nContent-Length: 99\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "body")]
    [TestCase("Transfer-Encoding: CHUNKED\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "body")]
    [TestCase("Content-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "body")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", "body")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4;a=b\r\nbody\r\n0\r\nContent-Length: 9\r\nSet-Cookie: x\r\n\r\n", "body")]
    [TestCase("\r\nbody", "body")]
    [TestCase("Content-Length: 2, 3\r\n\r\nbody")]
    [TestCase("Content-Length: 4, 4\r\n\r\nbody")]
    [TestCase("Content-Length: 2\r\nContent-Length: 3\r\n\r\nbody")]
    [TestCase("Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody")]
    [TestCase("Content-Length: -1\r\n\r\nbody")]
    [TestCase("Content-Length: +4\r\n\r\nbody")]
    [TestCase("Content-Length: four\r\n\r\nbody")]
    [TestCase("Content-Length: 0x4\r\n\r\nbody")]
    [TestCase("Content-Length: 4;\r\n\r\nbody")]
    [TestCase("Content-Length: 4.0\r\n\r\nbody")]
    [TestCase("Content-Length: 100000000000000000000\r\n\r\nbody")]
    [TestCase("Content-Length: 99999999999999999999\r\n\r\nbody")]
    [TestCase("Content-Length:\r\n\r\nbody")]
    [TestCase("Transfer-Encoding: gzip, chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")]
    [TestCase("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked, gzip\r\n\r\n4\r\nbody\r\n0\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked, chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n")]
    [TestCase("Transfer-Encoding: gzip\r\n\r\nbody")]
    [TestCase("Transfer-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbody")]
    [TestCase("Transfer-Encoding: identity\r\n\r\nbody")]
    [TestCase("Transfer-Encoding: nonsense\r\n\r\nbody")]
    [TestCase("Transfer-Encoding:\r\n\r\nbody")]
    public async Task SaysOneLengthWhateverTheUpstreamSays(string answer, string expected = "upstream_unreachable")
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Post("work", "/1"));
        var request = await upstream.NextAsync();
        await request.SendAndCloseAsync("HTTP/1.1 200 OK\r\n" + answer);

        var response = await client.ReadAsync();

        Assert.That(response.Values("Content-Length").Length + response.Values("Transfer-Encoding").Length, Is.LessThanOrEqualTo(1));
        Assert.That(response["Set-Cookie"], Is.Null);
        Assert.That(response.IsComplete);
        Assert.That(response.ErrorCode ?? response.Text, Is.EqualTo(expected));
        Assert.That(response.Status, Is.EqualTo(expected == "body" ? 200 : 502));
        Assert.That(upstream.Requests, Has.Length.EqualTo(1), "the model may have worked on it");

        // And what the next request gets is its own.
        var next = client.AskAsync(Get("/2"));
        await (await upstream.NextAsync()).SendAsync(Ok("next"));
        Assert.That((await next).Text, Is.EqualTo("next"));
    }

    // An orderly answer or an error of Rotato's: each line of the head what a strict client takes, and no field that was not sent.
    [TestCase("HTTP/1.1 200 OK\r\nX: a\rEvil: b\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX: a\0b\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX: a\u0001\u007fb\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX: a\n Evil: b\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX: a\r\n\tEvil: b\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX : a\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nX Y: a\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\n: a\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nno colon\r\n")]
    [TestCase("HTTP/1.1 200 O\rEvil: K\r\n")]
    [TestCase("HTTP/1.1 200 O\0K\r\n")]
    [TestCase("HTTP/1.1 200\r\n")]
    [TestCase("HTTP/1.1 200 \r\n")]
    [TestCase("HTTP/1.1 200 \u00e4\u00ff\r\n")]
    [TestCase("HTTP/1.0 200 OK\r\n")]
    [TestCase("HTTP/1.1  200 OK\r\n")]
    [TestCase("HTTP/1.1 099 Low\r\n")]
    [TestCase("HTTP/1.1 000 Zero\r\n")]
    [TestCase("HTTP/1.1 999 High\r\n")]
    [TestCase("HTTP/1.1 2000 OK\r\n")]
    [TestCase("HTTP/1.1 -20 OK\r\n")]
    [TestCase("HTTP/2 200 OK\r\n")]
    [TestCase("ICY 200 OK\r\n")]
    [TestCase("SSH-2.0-OpenSSH_9.9\r\n")]
    [TestCase("\u0015\u0003\u0001\0\u0002\u0002\u0016")]
    [TestCase("\r\n")]
    public async Task PassesNoHeadThatIsMalformed(string head)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());
        await (await upstream.NextAsync()).SendAndCloseAsync($"{head}Content-Length: 4\r\n\r\nbody");

        var response = await client.ReadAsync();

        Assert.That(response.ErrorCode ?? response.Text, Is.EqualTo("upstream_unreachable").Or.EqualTo("body"));
        Assert.That(response.Line, Does.Match("^HTTP/1\\.1 [1-9][0-9][0-9] [\t -~\u0080-\u00ff]*$"));
        foreach (var (name, value) in response.Fields)
        {
            Assert.That(name, Does.Match("^[-A-Za-z]+$").And.Not.EqualTo("Evil"));
            Assert.That(value, Does.Match("^[^\r\n\0]*$"));
        }
    }

    [Test]
    public async Task PassesALargeHeadAndTheLargeChunksBehindIt()
    {
        var (field, body) = (new string('f', 60_000), string.Concat(Enumerable.Range(0, 400_000).Select(i => $"{i} ")));
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var asking = rotato.GetAsync("/");
        await (await upstream.NextAsync()).SendAndCloseAsync($"HTTP/1.1 200 OK\r\nX: {field}\r\n\r\n{body}");

        var response = await asking;

        Assert.That(response["X"], Is.EqualTo(field));
        Assert.That((response.IsComplete, response.Text == body), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task RefusesAHeadThatIsTooLarge()
    {
        using var upstream = new ScriptedUpstream(_ => Ok(fields: $"X: {new string('x', 1 << 20)}\r\n"));
        await using var rotato = new RunningRotato(upstream);

        Assert.That((await rotato.GetAsync("/")).ErrorCode, Is.EqualTo("upstream_unreachable"));
    }

    /// <summary>Those of other programs on localhost, and those that would bind a client to somebody's key.</summary>
    [Test]
    public async Task DropsCookiesBothWays()
    {
        using var upstream = new ScriptedUpstream(_ => Ok("ok", "Set-Cookie: a=b; Path=/\r\nX: y\r\nset-cookie: c=d\r\n"));
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/", "Cookie: session=1\r\ncookie: other=2\r\n");
        var again = await rotato.GetAsync("/");

        Assert.That(upstream.Requests, Has.Length.EqualTo(2).And.All.Matches<UpstreamRequest>(request => request["Cookie"] is null));
        Assert.That((response["Set-Cookie"], response["X"]), Is.EqualTo(((string?)null, "y")));
        Assert.That((again["Set-Cookie"], again.Text), Is.EqualTo(((string?)null, "ok")));
    }
}
