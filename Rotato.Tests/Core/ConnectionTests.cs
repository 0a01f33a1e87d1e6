using System.Text;
using System.Text.Json;
using Rotato.Tests.Http;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

internal sealed class ConnectionTests
{
    [Test]
    public async Task ServesOneRequestAfterAnotherOnOneConnection()
    {
        using var upstream = new ScriptedUpstream(request => Ok(request.Line + Encoding.Latin1.GetString(request.Body)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        Assert.That((await client.AskAsync(Get("/1"))).Text, Is.EqualTo("GET /1 HTTP/1.1"));
        Assert.That((await client.AskAsync(Post("body", "/2"))).Text, Is.EqualTo("POST /2 HTTP/1.1body"));
        Assert.That((await client.AskAsync(Get("/3"))).Text, Is.EqualTo("GET /3 HTTP/1.1"));
    }

    [Test]
    public async Task AnswersPipelinedRequestsInTheirOrder()
    {
        using var upstream = new ScriptedUpstream(request => Ok(request.Target + Encoding.Latin1.GetString(request.Body)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        const string chunked = "POST /c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

        await client.SendAsync(Get("/a") + Post("one", "/b") + chunked + Get("/d") + Get("/_rotato/metrics") + Get("/e"));

        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/a"));
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/bone"));
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/cabc"));
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/d"));
        Assert.That((await client.ReadAsync()).Text, Does.Contain("rotato_key_ready"));
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/e"));
    }

    [Test]
    public async Task AnswersAlikeHoweverARequestIsCutIntoSegments()
    {
        using var upstream = new ScriptedUpstream(request => Ok(request.Target + Encoding.Latin1.GetString(request.Body)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        const string chunked = "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n01\r\nc\r\n0\r\nA: b\r\n\r\n";

        foreach (var request in new[] { Post("abc", "/x"), chunked })
        {
            for (var cut = 0; cut < request.Length; cut++)
            {
                await client.SendAsync(request[..cut]);
                Assert.That((await client.AskAsync(request[cut..])).Text, Is.EqualTo("/xabc"), $"cut at {cut}");
            }

            await client.SendByteByByteAsync(request);
            Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/xabc"), "byte by byte");
        }
    }

    [Test]
    public async Task ClosesInOrderAfterARequestThatAsksForIt()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        var response = await client.AskAsync(Get("/1", "Connection: foo, Close\r\n") + Get("/never"));

        Assert.That(response.Text, Is.EqualTo("ok"));
        Assert.That(response["Connection"], Is.EqualTo("close"));
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(client.EndedInOrder, Is.True);
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task GivesHttp10AnUnframedAnswerAndCloses([Values("", "Connection: keep-alive\r\n")] string field)
    {
        using var upstream = new ScriptedUpstream(_ => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        var response = await client.AskAsync($"GET / HTTP/1.0\r\n{field}\r\n");

        Assert.That(response.Status, Is.EqualTo(200));
        Assert.That(response["Transfer-Encoding"], Is.Null);
        Assert.That(response.Text, Is.EqualTo("abcd"));
        Assert.That(response.IsComplete);
    }

    [Test]
    public async Task AsksForTheBodyOnlyWhenTheClientWaitsForThat()
    {
        using var upstream = new ScriptedUpstream(request => Ok(Encoding.Latin1.GetString(request.Body)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        const string expecting = "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-Continue\r\n";

        Assert.That((await client.AskAsync(expecting + "Content-Length: 4\r\n\r\n")).Line, Is.EqualTo("HTTP/1.1 100 Continue"));
        Assert.That((await client.AskAsync("body")).Text, Is.EqualTo("body"));
        Assert.That((await client.AskAsync(expecting + "Transfer-Encoding: chunked\r\n\r\n")).Line, Is.EqualTo("HTTP/1.1 100 Continue"));
        await client.SendAsync("1\r\na\r\n");
        Assert.That((await client.AskAsync("0\r\n\r\n")).Text, Is.EqualTo("a"));
        Assert.That(upstream.Requests, Has.All.Matches<UpstreamRequest>(request => request["Expect"] is null));
    }

    [TestCase("HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n", "a")]
    [TestCase("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 0\r\n", "")]
    [TestCase("HTTP/1.1", "Expect: 100-continue\r\n", "")]
    [TestCase("HTTP/1.1", "Expect: something-else\r\nContent-Length: 1\r\n", "a")]
    [TestCase("HTTP/1.1", "Content-Length: 1\r\n", "a")]
    public async Task AsksForNoBodyThatNobodyHoldsBack(string version, string fields, string body)
    {
        using var upstream = new ScriptedUpstream(request => Ok(Encoding.Latin1.GetString(request.Body)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        await client.SendAsync($"POST / {version}\r\nHost: localhost\r\n{fields}\r\n");

        var response = await client.AskAsync(body);
        Assert.That(response.Line, Is.EqualTo("HTTP/1.1 200 OK"));
        Assert.That(response.Text, Is.EqualTo(body));
    }

    [TestCase("Host: localhost\r\nContent-Length: 1048577\r\n", 413, "payload_too_large")]
    [TestCase("Host: evil.example\r\nContent-Length: 1\r\n", 403, "forbidden")]
    [TestCase("Host: localhost\r\nOrigin: https://evil.example\r\nContent-Length: 1\r\n", 403, "forbidden")]
    [TestCase("Host: localhost\r\nTransfer-Encoding: gzip\r\n", 501, "not_implemented")]
    public async Task RefusesWithoutHavingAskedForTheBody(string fields, int status, string code)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--max-body 1");
        var client = await rotato.ConnectAsync();

        var response = await client.AskAsync($"POST / HTTP/1.1\r\nExpect: 100-continue\r\n{fields}\r\n");

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((status, code)));
        Assert.That(response["Connection"], Is.EqualTo("close"));
        client.HalfClose();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(client.EndedInOrder, Is.True);
        Assert.That(upstream.Connections, Is.Zero);
    }

    [Test]
    public async Task TakesABodyOfExactlyTheLargestSize([Values] bool isChunked)
    {
        using var upstream = new ScriptedUpstream(request => Ok($"{request.Body.Length}"));
        await using var rotato = new RunningRotato(upstream, "--max-body 1");
        var client = await rotato.ConnectAsync();
        var body = new string('x', 1 << 20);

        Assert.That((await client.AskAsync(isChunked ? Chunked(body, 1 << 16) : Post(body))).Text, Is.EqualTo("1048576"));
        Assert.That((await client.AskAsync(isChunked ? Chunked(body + "x", 1 << 16) : Post(body + "x"))).ErrorCode, Is.EqualTo("payload_too_large"));
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task RefusesAClientThatIsStillSendingSoThatItSeesWhy()
    {
        await using var rotato = new RunningRotato(null, "--max-body 1");
        var client = await rotato.ConnectAsync();

        // More than all buffers on the way hold: were nobody reading it, the client would hang in here; were it cut, it would get a reset.
        await client.SendAsync(Post(new string('x', 32 << 20)));

        var response = await client.ReadAsync();
        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((413, "payload_too_large")));
        Assert.That(response.Text, Does.Contain("--max-body"));
    }

    [Test]
    public async Task GivesUpOnAClientThatNeverStopsSending()
    {
        await using var rotato = new RunningRotato(null);
        var client = await rotato.ConnectAsync();
        Assert.That((await client.AskAsync("nonsense\r\n")).ErrorCode, Is.EqualTo("bad_request"));

        await rotato.Clock.TimerAsync(2);
        rotato.Clock.Advance(2);

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    // It fills what all connections share.
    [Test, NonParallelizable]
    public async Task RefusesMoreBodiesThanMemoryIsMeantFor()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var others = new List<RequestBody>();
        while (await HeldBody.HoldAsync(64 << 20, (64 << 20) - 1, others) == HeldBody.NeedsMore) { }

        var refused = await rotato.AskAsync(Post("x"));
        var bodiless = await rotato.GetAsync("/");
        others.ForEach(body => body.Dispose());
        var served = await rotato.AskAsync(Post("x"));

        Assert.That((refused.Status, refused.ErrorCode), Is.EqualTo((503, "too_busy")));
        Assert.That(bodiless.Status, Is.EqualTo(200));
        Assert.That(served.Status, Is.EqualTo(200));
    }

    [Test]
    public async Task PassesBodiesOf8MiBUnchanged([Values] bool isChunkedUp, [Values("length", "chunks", "close")] string down)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        var (up, back) = (RandomBytes(1), RandomBytes(2));

        var asking = client.AskAsync(isChunkedUp ? Chunked(Encoding.Latin1.GetString(up), 99_991) : Post(Encoding.Latin1.GetString(up)));
        var request = await upstream.NextAsync();
        var body = Encoding.Latin1.GetString(back);
        await request.SendAsync(down switch
        {
            "length" => Ok(body),
            "chunks" => $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{Chunks(body, 77_773)}",
            _ => $"HTTP/1.1 200 OK\r\n\r\n{body}",
        });
        if (down == "close") request.Close();
        var response = await asking;

        Assert.That(request.Body.AsSpan().SequenceEqual(up));
        Assert.That(response.IsComplete);
        Assert.That(response.Body.AsSpan().SequenceEqual(back));

        static byte[] RandomBytes(int seed)
        {
            var bytes = new byte[8 << 20];
            new Random(seed).NextBytes(bytes);
            return bytes;
        }
    }

    [Test]
    public async Task RefusesAHeadThatIsNotCompleteWithin30Seconds([Values("G", "GET / HTTP/1.1\r\nHost: localhost\r\nA: ")] string begin)
    {
        await using var rotato = new RunningRotato(null);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(begin);
        await rotato.Clock.TimerAsync(30);

        rotato.Clock.Advance(29.9);
        await client.SendAsync("E");
        rotato.Clock.Advance(0.1);

        var response = await client.ReadAsync();
        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((408, "request_timeout")));
        Assert.That(response["Connection"], Is.EqualTo("close"));
        client.HalfClose();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task WaitsAMinuteForABody()
    {
        using var upstream = new ScriptedUpstream(request => Ok(Encoding.Latin1.GetString(request.Body)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n");
        await rotato.Clock.TimerAsync(60);

        rotato.Clock.Advance(59);

        Assert.That((await client.AskAsync("body")).Text, Is.EqualTo("body"));
    }

    [Test]
    public async Task RefusesABodyOfWhichNothingComesForAMinute()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n");
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(59);
        await client.SendAsync("b");
        await rotato.Clock.TimerAsync(60);

        rotato.Clock.Advance(60);

        Assert.That((await client.ReadAsync()).ErrorCode, Is.EqualTo("request_timeout"));
        client.HalfClose();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(upstream.Connections, Is.Zero);
    }

    /// <summary>Also where each byte comes in time: a client could hold its place for hours so.</summary>
    [Test]
    public async Task RefusesABodyThatComesAtLessThan1KiBASecond()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n\r\n");
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(59);
        await client.SendAsync(new string('x', 10_000));
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(59);

        var response = await client.AskAsync(new string('x', 10_000));

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((408, "request_timeout")));
        Assert.That(response.Text, Does.Contain("1 KiB a second"));
        client.HalfClose();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(upstream.Connections, Is.Zero);
    }

    /// <summary>What frames a body, or follows it, is no place to hide in either.</summary>
    [TestCase("5;name=")]
    [TestCase("0\r\nX-Trailer: ")]
    public async Task RefusesWhatFramesABodyAtLessThan1KiBASecond(string before)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{before}");
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(50);
        await client.SendAsync("x");
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(50);

        var response = await client.AskAsync("x");

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((408, "request_timeout")));
        Assert.That(response.Text, Does.Contain("1 KiB a second"));
        Assert.That(upstream.Connections, Is.Zero);
    }

    /// <summary>The head has a deadline of its own, and its time is none of the body's.</summary>
    [Test]
    public async Task CountsTheRateOfABodyFromItsBegin()
    {
        using var upstream = new ScriptedUpstream(request => Ok($"{request.Body.Length}"));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\n");
        await rotato.Clock.TimerAsync(30);
        rotato.Clock.Advance(29);
        await client.SendAsync("Content-Length: 61440\r\n\r\n");
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(40);
        await client.SendAsync(new string('x', 40 << 10));
        await rotato.Clock.TimerAsync(60);
        rotato.Clock.Advance(19);

        Assert.That((await client.AskAsync(new string('x', 20 << 10))).Text, Is.EqualTo("61440"));
    }

    /// <summary>Some clients end a body with a line of their own, and then say nothing for a while.</summary>
    [Test]
    public async Task TakesAnEmptyLineForNoBeginOfARequest()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        Assert.That((await client.AskAsync(Post("body") + "\r\n")).Status, Is.EqualTo(200));

        for (var seconds = 0; seconds < 100; seconds += 20)
        {
            await Task.Delay(10);
            rotato.Clock.Advance(20);
        }

        Assert.That((await client.AskAsync(Get("/next"))).Status, Is.EqualTo(200));
        Assert.That(client.EndedInOrder, Is.Null);
    }

    [Test]
    public async Task ClosesWithoutAWordAfterTwoIdleMinutes()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.AskAsync(Get());
        await rotato.Clock.TimerAsync(120);
        // At another moment, so that the one's timer is not taken for the other's.
        rotato.Clock.Advance(0.5);
        var silent = await rotato.ConnectAsync();
        await rotato.Clock.TimerAsync(120);

        rotato.Clock.Advance(119);
        Assert.That((await client.AskAsync(Get())).Status, Is.EqualTo(200));
        await rotato.Clock.TimerAsync(120);
        rotato.Clock.Advance(120);

        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(await silent.ReadToEndAsync(), Is.Empty);
    }

    [Test]
    public async Task EndsBothSidesWhereAClientReadsNothingForFiveMinutes()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync(room: 4096);
        await client.SendAsync(Get());
        var request = await upstream.NextAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\n\r\n");

        var flooding = FloodAsync();
        await rotato.Clock.TimerAsync(300);
        while (!flooding.IsCompleted)
        {
            rotato.Clock.Advance(300);
            await Task.WhenAny(flooding, Task.Delay(10));
        }

        await request.PeerClosedAsync;
        Assert.That((await client.ReadAsync()).IsComplete, Is.False);

        async Task FloodAsync()
        {
            try
            {
                while (true) await request.SendAsync(new byte[1 << 16]);
            }
            catch (System.Net.Sockets.SocketException) { }
        }
    }

    // Including the CR LF, which the limit does not count.
    [TestCase(8192, null)]
    [TestCase(8193, "uri_too_long")]
    public async Task TakesARequestLineOf8KiB(int length, string? refusal)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);

        var response = await rotato.GetAsync("/" + new string('x', length - "GET / HTTP/1.1".Length));

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((refusal is null ? 200 : 414, refusal)));
    }

    [TestCase(99, 10, null)]
    [TestCase(100, 10, "headers_too_large")]
    [TestCase(7, 4096, null)]
    [TestCase(8, 4096, "headers_too_large")]
    [TestCase(1, 40_000, "headers_too_large")]
    public async Task Takes100FieldsOf32KiBInAll(int countBesideHost, int size, string? refusal)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var fields = string.Concat(Enumerable.Range(100, countBesideHost).Select(i => $"a{i}: {new string('x', size - "a100: \r\n".Length)}\r\n"));

        var response = await rotato.GetAsync("/", fields);

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((refusal is null ? 200 : 431, refusal)));
    }

    [TestCase("\u0016\u0003\u0001\u0002\0\u0001\0")]
    [TestCase("hello\r\n")]
    [TestCase("GET / HTTP/1.1\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    public async Task RefusesWhatIsNotHttpAtOnce(string bytes)
    {
        await using var rotato = new RunningRotato(null);
        var client = await rotato.ConnectAsync();

        var response = await client.AskAsync(bytes);

        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((400, "bad_request")));
        client.HalfClose();
        Assert.That(await client.ReadToEndAsync(), Is.Empty);
        Assert.That(client.EndedInOrder, Is.True);
    }

    [Test]
    public async Task WhatHasComeReachesASlowClientThoughTheUpstreamBreaksOff()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync(room: 4096);
        await client.SendAsync(Get());
        var request = await upstream.NextAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        await request.SendAsync(new byte[400_000]);
        request.Close();

        while (!(await rotato.GetAsync("/_rotato/status")).Text.Contains("\"in_flight\":0,", StringComparison.Ordinal)) await Task.Delay(10);
        Assert.That(await client.ReadToEndAsync(), Has.Length.GreaterThan(400_000));
        Assert.That(client.EndedInOrder, Is.True);
    }

    // Some clients end a body with a line of their own, which is then still waiting, or send the next request early.
    [Test]
    public async Task DropsTheUpstreamAsSoonAsTheClientHasGone([Values] bool withoutAWord, [Values] bool hasAnswerBegun,
        [Values("", "\r\n")] string behind, [Values("", "\r\n", "GET /")] string later)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Post("body") + behind);
        var request = await upstream.NextAsync();
        await client.SendAsync(later);
        if (hasAnswerBegun)
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
            await client.ReadThroughAsync("part\r\n");
        }

        if (withoutAWord) client.Reset();
        else client.HalfClose();

        await request.PeerClosedAsync;
    }

    [Test]
    public async Task LetsAClientGoThatWaitsInLine()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", "Retry-After: 20\r\n"));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());
        while (await WaitingAsync() == 0) await Task.Yield();

        client.Reset();

        while (await WaitingAsync() > 0) await Task.Yield();
        rotato.Clock.Advance(25);
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));

        async Task<int> WaitingAsync()
        {
            using var status = JsonDocument.Parse((await rotato.GetAsync("/_rotato/status")).Text);
            return status.RootElement.GetProperty("waiting").GetInt32();
        }
    }

    private static string Chunked(string body, int size) =>
        $"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{Chunks(body, size)}";

    private static string Chunks(string body, int size) =>
        string.Concat(body.Chunk(size).Select(chunk => $"{chunk.Length:x}\r\n{new string(chunk)}\r\n").Append("0\r\n\r\n"));
}
