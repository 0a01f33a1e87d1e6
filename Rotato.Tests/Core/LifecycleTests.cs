using System.Net;
using System.Net.Sockets;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

internal sealed class LifecycleTests
{
    [Test]
    public async Task CountsWhatIsInFlightButNotWhoLooks()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var asking = rotato.AskAsync(Post("x"));
        var request = await upstream.NextAsync();
        Assert.That((await rotato.GetAsync("/_rotato/status")).Text, Does.Contain("\"in_flight\":1,"));
        await request.SendAsync(Ok());
        await asking;
        // Its client may have read an answer before Rotato knows that it is sent.
        while (!(await rotato.GetAsync("/_rotato/status")).Text.Contains("\"in_flight\":0,", StringComparison.Ordinal))
            await Task.Yield();
    }

    [Test]
    public async Task ShowsItsPagesToAClientThatHasSaidAllItHasToSay()
    {
        await using var rotato = new RunningRotato(upstream: null, "--upstream https://api.example.com");
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Get("/_rotato/status"));
        client.HalfClose();

        Assert.That((await client.ReadAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task StopsAcceptingAndFinishesWhatRuns()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var (_, busy) = (await rotato.ConnectAsync(), await rotato.ConnectAsync());
        await busy.SendAsync(Post("x"));
        var request = await upstream.NextAsync();

        rotato.Stop();
        while (await AcceptsAsync(rotato)) await Task.Yield();
        Assert.That(rotato.Running.IsCompleted, Is.False);
        await request.SendAsync(Ok("last"));
        var response = await busy.ReadAsync();

        Assert.That((response.Text, response["Connection"]), Is.EqualTo(("last", "close")));
        Assert.That(await busy.ReadToEndAsync(), Is.Empty);
        busy.Dispose();
        await EndsAsync(rotato, 1);
    }

    [Test]
    public async Task WaitsForRunningRequestsNoLongerThan30Seconds()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync(Post("x"));
        await upstream.NextAsync();
        rotato.Stop();
        await rotato.Clock.TimerAsync(0.02);

        rotato.Clock.Advance(29);
        Assert.That(rotato.Running.IsCompleted, Is.False);

        await EndsAsync(rotato, 2);
    }

    [Test]
    public async Task LosesNothingOfAnAnswerThatIsStillOnItsWayWhenItStops()
    {
        // Less than the system takes over from Rotato at once, more than the client has room for.
        const int size = 200_000;
        using var upstream = new ScriptedUpstream(_ => Ok(new string('x', size)));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync(room: 4096);
        await client.SendAsync(Get());
        await client.SeeAsync("\r\n\r\n");
        await upstream.NextAsync();
        await rotato.Clock.TimerAsync(120);

        rotato.Stop();
        await EndsAsync(rotato, 5);

        var response = await client.ReadAsync();
        Assert.That((response.IsComplete, response.Body.Length), Is.EqualTo((true, size)));
    }

    [Test]
    public async Task SaysALineForEachRequest()
    {
        using var upstream = new ScriptedUpstream(request =>
            request.Target.StartsWith("/limited", StringComparison.Ordinal)
            ? Answer("429 Too Many Requests", "", "Retry-After: 20\r\n") : Ok());
        var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);
        await using (rotato)
        {
            var client = await rotato.ConnectAsync();
            await client.AskAsync(Get("/v1/models?key=client-secret&x=y"));
            await client.AskAsync(Post(/*lang=json*/ "{\"model\":\"gpt-4o\",\"a\":1}", "/v1/chat/completions"));
            await client.AskAsync(Post("x", "/limited?a=b"));
            await client.AskAsync(Post("y", "/limited"));
            await client.AskAsync(Get("/forbidden", "Origin: https://evil.example\r\n"));
        }

        const string time = "^[0-9]{2}:[0-9]{2}:[0-9]{2} ", took = " +[0-9]+ ms$";
        Assert.That(rotato.Output, Has.Length.EqualTo(5));
        Assert.That(rotato.Output[0], Does.Match($"{time}GET +/v1/models +- +200 +key 1 +tries 1{took}"));
        Assert.That(rotato.Output[1],
            Does.Match($"{time}POST +/v1/chat/completions +gpt-4o +200 +key 2 +tries 1{took}"));
        Assert.That(rotato.Output[2], Does.Match($"{time}POST +/limited +- +429 +key 1 +tries 2{took}"));
        Assert.That(rotato.Output[3], Does.Match($"{time}POST +/limited +- +429 +key - +tries 0{took}"));
        Assert.That(rotato.Output[4], Does.Match($"{time}GET +/forbidden +- +403 +key - +tries 0{took}"));
        Assert.That(Warnings(rotato).Select(line => line.Split(" rests ")[0][^5..]), Is.EqualTo(["key 1", "key 2"]));
    }

    /// <summary>Which key, for which model, how long, and why; a shorter rest is daily business.</summary>
    [TestCase("429 Too Many Requests", "Retry-After: 5\r\n", "",
        "key 1 rests for 5 s for /v1/chat/completions gpt-4o: .+")]
    [TestCase("429 Too Many Requests", "Retry-After: 3600\r\n", "",
        "key 1 rests for 3600 s for /v1/chat/completions gpt-4o: .+")]
    [TestCase("429 Too Many Requests", "Retry-After: 4\r\n", "", null)]
    [TestCase("429 Too Many Requests", "", "", null)]
    [TestCase("401 Unauthorized", "", "invalid_api_key", "key 1 is unusable for 600 s.*: .+")]
    [TestCase("429 Too Many Requests", "", "insufficient_quota", "key 1 is unusable for 3600 s.*: .+")]
    [TestCase("200 OK", "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 20s\r\n", "",
        "key 1 rests for 20 s for /v1/chat/completions gpt-4o: .+")]
    [TestCase("500 Oops", "", "", null)]
    public async Task SaysThatAKeyBeginsARestOfFiveSecondsOrMore(string status, string fields, string code,
        string? warning)
    {
        using var upstream = new ScriptedUpstream(_ =>
            Answer(status, $"{{\"error\":{{\"code\":\"{code}\"}}}}", fields));
        var rotato = new RunningRotato(upstream, "--wait 0");
        await using (rotato)
        {
            for (var i = 0; i < 2; i++)
                await rotato.AskAsync(Post(/*lang=json*/ "{\"model\":\"gpt-4o\"}", "/v1/chat/completions"));
        }

        if (warning is null) Assert.That(Warnings(rotato), Is.Empty);
        else Assert.That(string.Join('\n', Warnings(rotato)), Does.Match($"^[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}} rotato: {warning}$"));
    }

    [Test]
    public async Task MarksAnAnswerThatWasCut()
    {
        using var upstream = new ScriptedUpstream();
        var rotato = new RunningRotato(upstream);
        await using (rotato)
        {
            var client = await rotato.ConnectAsync();
            await client.SendAsync(Get("/v1"));
            var request = await upstream.NextAsync();
            await request.SendAndCloseAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
            await client.ReadToEndAsync();
        }

        Assert.That(rotato.Output.Single(), Does.Match(" /v1 .* 200|502 .*cut"));
    }

    /// <summary>Nothing of the request but its path is said: a model's name may hold anything.</summary>
    [Test]
    public async Task MovesNoCursorOfATerminal()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", "Retry-After: 20\r\n"));
        var rotato = new RunningRotato(upstream, "--wait 0");
        await using (rotato)
            await rotato.AskAsync(Post("{\"model\":\"a\\u001b[2Jb\\r\\nc\u0085d\"}", "/v1/chat/completions"));

        Assert.That(rotato.Output.Single() + Warnings(rotato).Single(), Does.Match("^[ -~]+$"));
    }

    [TestCase("GET /v1 HTTP/1.1\r\nHost: localhost\r\n\r\n", false)]
    [TestCase("\u0016\u0003\u0001\u0002\0\u0001\0", true)]
    [TestCase("CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n", true)]
    [TestCase("GET http://api.openai.com/v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n", true)]
    public async Task SaysOnceAMinuteThatTlsOrAProxyRequestCameHere(string request, bool isSaid)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        var rotato = new RunningRotato(upstream);
        await using (rotato)
        {
            for (var i = 0; i < 3; i++) await rotato.AskAsync(request);
        }

        Assert.That(Warnings(rotato), isSaid ? Has.Length.EqualTo(1) : Is.Empty, string.Join(" | ", rotato.Errors));
        if (isSaid)
            Assert.That(Warnings(rotato)[0], Does.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} rotato: .*(http://|TLS|proxy)"));
    }

    [TestCase("http", "refused")]
    [TestCase("https", "TLS")]
    public async Task SaysWhichUpstreamFailsAndHow(string scheme, string kind)
    {
        using var upstream = new PlainUpstream(isListening: scheme == "https");
        var rotato = new RunningRotato(null, $"--upstream {scheme}://{upstream.Host}");
        RawResponse response;
        await using (rotato)
        {
            var asking = rotato.GetAsync("/v1");
            await rotato.Clock.TimerAsync(0.25);
            rotato.Clock.Advance(0.25);
            response = await asking;
        }

        Assert.That(response.Text, Does.Contain(upstream.Host).And.Contain(kind));
        Assert.That(Warnings(rotato).Single(), Does.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} rotato: ")
            .And.Contain(upstream.Host).And.Contain(kind).And.Contain("check"));
    }

    [Test]
    public async Task SaysHowManyRequestsItFinishesAndHowToStopAtOnce()
    {
        using var upstream = new ScriptedUpstream();
        var rotato = new RunningRotato(upstream);
        await using (rotato)
        {
            var (first, second) = (await rotato.ConnectAsync(), await rotato.ConnectAsync());
            await first.SendAsync(Get());
            await second.SendAsync(Get());
            var (one, other) = (await upstream.NextAsync(), await upstream.NextAsync());
            rotato.Stop();
            await rotato.Clock.TimerAsync(0.02);
            await one.SendAsync(Ok());
            await other.SendAsync(Ok());
            await first.ReadAsync();
            await second.ReadAsync();
        }

        Assert.That(rotato.Errors.Single(), Does.Match("rotato: finishing .*\\b2\\b.* 30 s.* second .* at once"));
    }

    [Test]
    public async Task SaysNothingAtTheEndWhereConnectionsAreOnlyOpen()
    {
        var rotato = new RunningRotato(null, "--upstream https://api.example.com");
        await using (rotato)
        {
            await rotato.ConnectAsync();
            await rotato.Clock.TimerAsync(120);
        }

        Assert.That(rotato.Errors, Is.Empty);
    }

    [Test]
    public async Task SaysThatAClientWentAwayInItsLine()
    {
        using var upstream = new ScriptedUpstream();
        var rotato = new RunningRotato(upstream);
        await using (rotato)
        {
            var client = await rotato.ConnectAsync();
            await client.SendAsync(Get("/v1"));
            var request = await upstream.NextAsync();
            client.Reset();
            await request.PeerClosedAsync;
        }

        Assert.That(rotato.Output.Single(), Does.Contain(" /v1 ").And.Contain(" 499 "));
    }

    [Test]
    public async Task SaysNoLineWhereItIsToBeQuiet()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Too Many Requests", "", "Retry-After: 3600\r\n"));
        var rotato = new RunningRotato(upstream, "--quiet --wait 0");
        await using (rotato) await rotato.GetAsync("/");

        Assert.That(rotato.Output, Is.Empty);
        Assert.That(Warnings(rotato).Single(), Does.Match("^[0-9:]{8} rotato: key 1 rests for 3600 s"),
            "warnings are said all the same");
    }

    [Test]
    public async Task WarnsWhereWhatItSaysCannotBeWritten()
    {
        var errors = new List<string>();
        var target = new LogTarget(_ => throw new IOException(), false, errors.Add, false);
        await using (var log = new Log(target, new FakeClock(), isQuiet: false))
        {
            log.Say("a line");
            log.Warn("a warning");
            log.Start();
        }

        Assert.That(errors, Is.EqualTo(["12:00:00 rotato: a warning\n"]));
    }

    [Test]
    public async Task SaysWhatMayHappenVeryOftenOnceAMinute()
    {
        var clock = new FakeClock();
        var errors = new List<string>();
        await using (var log = new Log(new LogTarget(_ => { }, false, errors.Add, false), clock, isQuiet: false))
        {
            foreach (var seconds in new[] { 0, 59.9, 0.1, 30 })
            {
                clock.Advance(seconds);
                log.WarnNowAndThen("often");
            }

            log.Start();
        }

        Assert.That(string.Concat(errors), Is.EqualTo("12:00:00 rotato: often\n12:01:00 rotato: often\n"));
    }

    // A client may have read its answer, and the test have ended, before Rotato knows that all of it is sent.
    private static string[] Warnings(RunningRotato rotato) =>
        [.. rotato.Errors.Where(line => !line.Contains(" finishing ", StringComparison.Ordinal))];

    private static async Task<bool> AcceptsAsync(RunningRotato rotato)
    {
        try
        {
            await rotato.ConnectAsync();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task EndsAsync(RunningRotato rotato, double seconds)
    {
        for (var end = rotato.Clock.Elapsed.TotalSeconds + seconds; !rotato.Running.IsCompleted && rotato.Clock.Elapsed.TotalSeconds < end;)
        {
            rotato.Clock.Advance(0.02);
            await Task.WhenAny(rotato.Running, Task.Delay(2));
        }

        Assert.That(rotato.Running.IsCompletedSuccessfully);
    }

    /// <summary>Takes every connection for plain HTTP: whatever comes, it says 400 and closes.</summary>
    private sealed class PlainUpstream : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        public PlainUpstream(bool isListening)
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            if (!isListening) return;
            _listener.Listen();
            _ = AcceptAsync();
        }

        public string Host => $"{_listener.LocalEndPoint}";

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptAsync();
                    await socket.ReceiveAsync(new byte[4096]);
                    await socket.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                    socket.Shutdown(SocketShutdown.Both);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
        }
    }
}
