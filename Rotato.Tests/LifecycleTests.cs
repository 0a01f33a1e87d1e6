using System.Net.Sockets;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests;

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
        while (!(await rotato.GetAsync("/_rotato/status")).Text.Contains("\"in_flight\":0,", StringComparison.Ordinal)) await Task.Yield();
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
        using var upstream = new ScriptedUpstream(request => request.Target.StartsWith("/limited", StringComparison.Ordinal)
            ? Answer("429 Too Many Requests", "", "Retry-After: 20\r\n") : Ok());
        var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);
        await using (rotato)
        {
            var client = await rotato.ConnectAsync();
            await client.AskAsync(Get("/v1/models?key=client-secret&x=y"));
            await client.AskAsync(Post("x", "/limited?a=b"));
            await client.AskAsync(Post("x", "/v1/other"));
            await client.AskAsync(Get("/forbidden", "Origin: https://evil.example\r\n"));
        }

        const string time = "^[0-9]{2}:[0-9]{2}:[0-9]{2} ", took = " +[0-9]+ ms$";
        Assert.That(rotato.Output, Has.Length.EqualTo(4));
        Assert.That(rotato.Output[0], Does.Match($"{time}GET +/v1/models +200 +key 1 +tries 1{took}"));
        Assert.That(rotato.Output[1], Does.Match($"{time}POST +/limited +429 +key 1 +tries 2{took}"));
        Assert.That(rotato.Output[2], Does.Match($"{time}POST +/v1/other +429 +key - +tries 0{took}"));
        Assert.That(rotato.Output[3], Does.Match($"{time}GET +/forbidden +403 +key - +tries 0{took}"));
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
        Assert.That(rotato.Errors.Single(), Does.StartWith("rotato: key 1 rests for 3600 s"), "warnings are said all the same");
    }

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
}
