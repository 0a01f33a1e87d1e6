using System.Text.Json;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Monitoring;

/// <summary>
/// What is counted of real requests: once nothing is under way, a key's requests are those that went well, were limited
/// or failed; and what waits for a key is not in flight.
/// </summary>
internal sealed class CountsTests
{
    // Requests, ok, limited, failed of all keys together; then the statuses that clients got.
    [TestCase("200", "1 1 0 0 | 200")]
    [TestCase("304", "1 1 0 0 | 304")]
    [TestCase("404", "1 0 0 1 | 404")]
    [TestCase("500", "1 0 0 1 | 500")]
    [TestCase("429", "2 0 2 0 | 429", "every key refuses, and one refusal is passed on")]
    [TestCase("401", "2 0 0 2 | 401", "every key refuses, and the first refusal is passed on")]
    [TestCase("402", "2 0 0 2 | 402")]
    public async Task ARequestCountsOncePerKeyThatItWasSentWith(string status, string expected, string why = "")
    {
        using var upstream = new ScriptedUpstream(_ => Answer($"{status} X", fields: "retry-after: 100\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);
        await rotato.GetAsync("/v1/models");
        Assert.That(await CountsAsync(rotato), Is.EqualTo(expected), why);
    }

    [Test]
    public async Task AKeyMayHaveNoMoreUnderWayThanConcurrentAfterARefusalThatWasPassedOn()
    {
        var isLimited = true;
        using var upstream = new ScriptedUpstream(_ =>
            isLimited ? Answer("429 Slow", fields: "retry-after: 1\r\n") : null);
        await using var rotato = new RunningRotato(upstream, "--wait 0 --concurrent 1");
        Assert.That((await rotato.GetAsync("/")).Status, Is.EqualTo(429));
        await upstream.NextAsync();
        isLimited = false;
        rotato.Clock.Advance(10);

        var first = rotato.GetAsync("/");
        var request = await upstream.NextAsync();
        Assert.That((await rotato.GetAsync("/")).ErrorCode, Is.EqualTo("all_keys_resting"));
        await request.SendAsync(Ok());
        Assert.That((await first).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task ARequestWhoseClientHasLeftCountsAsFailed([Values] bool hasBegun)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        using var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());
        var request = await upstream.NextAsync();
        if (hasBegun)
        {
            await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
            await client.SeeAsync("begun");
        }

        client.Reset();
        await request.PeerClosedAsync;

        Assert.That(await CountsAsync(rotato), Is.EqualTo("1 0 0 1 | 499"));
    }

    [Test]
    public async Task AnAnswerThatTheUpstreamCutsCountsAsFailed()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        using var client = await rotato.ConnectAsync();
        await client.SendAsync(Get());
        var request = await upstream.NextAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun");
        request.Reset();
        await client.ReadToEndAsync();

        Assert.That(await CountsAsync(rotato), Is.EqualTo("1 0 0 1 | 502"));
        using var json = await StatusAsync(rotato);
        Assert.That(json.RootElement.GetProperty("recent")[0].GetProperty("cut").GetBoolean());
    }

    [Test]
    public async Task AnUpstreamThatIsNotThereCountsAsFailed()
    {
        using var upstream = new ScriptedUpstream(isListening: false);
        await using var rotato = new RunningRotato(upstream);
        var answer = rotato.GetAsync("/");
        await rotato.Clock.TimerAsync(0.25);
        rotato.Clock.Advance(0.25);
        Assert.That((await answer).Status, Is.EqualTo(502));

        Assert.That(await CountsAsync(rotato), Is.EqualTo("2 0 0 2 | 502"), "it is tried once more");
    }

    [Test]
    public async Task WhoWaitsInLineIsNotInFlight()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, "--concurrent 1");
        var first = rotato.GetAsync("/");
        var request = await upstream.NextAsync();
        var second = rotato.GetAsync("/");
        Assert.That(await UntilOneWaitsAsync(rotato), Is.EqualTo("1 in flight, 1 waiting"));

        await request.SendAsync(Ok());
        await first;
        await (await upstream.NextAsync()).SendAsync(Ok());
        await second;

        Assert.That(await CountsAsync(rotato), Is.EqualTo("2 2 0 0 | 200 200"));
    }

    [Test]
    public async Task WhoseBodyStillComesIsNotInFlight()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        using var client = await rotato.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
        using var json = await StatusAsync(rotato);
        Assert.That(json.RootElement.GetProperty("in_flight").GetInt32(), Is.Zero);
    }

    [Test]
    public async Task RotatosOwnPagesAreNoRequests()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        foreach (var page in new[] { "", "/status", "/metrics", "/none" }) await rotato.GetAsync($"/_rotato{page}");
        Assert.That(await CountsAsync(rotato), Is.EqualTo("0 0 0 0 |"));
    }

    /// <summary>An answer from memory is no request that a key was used for.</summary>
    [Test]
    public async Task AnAnswerOfTheCacheIsCountedApart()
    {
        using var upstream = new ScriptedUpstream(_ => Ok("12345"));
        await using var rotato = new RunningRotato(upstream, "--cache 60");
        for (var i = 0; i < 4; i++)
        {
            await rotato.GetAsync("/v1/models");
            (await UntilIdleAsync(rotato)).Dispose();
        }

        Assert.That(await CountsAsync(rotato), Is.EqualTo("1 1 0 0 | 200 200 200 200"));
        using var json = await StatusAsync(rotato);
        var cache = json.RootElement.GetProperty("cache");
        Assert.That(cache.GetProperty("hits").GetInt32(), Is.EqualTo(3));
        Assert.That(cache.GetProperty("bytes").GetInt32(), Is.GreaterThanOrEqualTo(5));
        var metrics = (await rotato.GetAsync("/_rotato/metrics")).Text;
        Assert.That(metrics, Does.Contain("# TYPE rotato_cache_hits_total counter\nrotato_cache_hits_total 3\n"));
    }

    [Test]
    public async Task WithoutACacheNothingIsSaidOfIt()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        await rotato.GetAsync("/");
        Assert.That((await rotato.GetAsync("/_rotato/status")).Text, Does.Not.Contain("\"cache\""));
        Assert.That((await rotato.GetAsync("/_rotato/metrics")).Text, Does.Not.Contain("rotato_cache"));
    }

    [Test]
    public async Task NoPageHoldsAKey([Values("", "/status", "/metrics")] string page)
    {
        using var upstream = new ScriptedUpstream(_ => Answer("401 No", """{"error":{"code":"invalid_api_key"}}"""));
        await using var rotato = new RunningRotato(upstream, keys: 2);
        await rotato.GetAsync("/");
        var text = (await rotato.GetAsync($"/_rotato{page}")).Text;
        Assert.That(text, Does.Not.Contain(rotato.Keys[0][..5]).And.Not.Contain(rotato.Keys[0][^5..]));
        if (page == "/status") Assert.That(text, Does.Contain($"\"...{rotato.Keys[0][^4..]}\""), "but for its hint");
    }

    [Test]
    public async Task RecentSaysWhatWasAskedWithoutItsQuery()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        await rotato.AskAsync(Post("""{"model":"gpt-4o","input":"private"}""", "/v1/responses?secret=x"));
        using var json = await UntilIdleAsync(rotato);
        var recent = json.RootElement.GetProperty("recent")[0];
        Assert.That($"{recent.GetProperty("method")} {recent.GetProperty("path")} {recent.GetProperty("model")} "
            + $"{recent.GetProperty("status")} {recent.GetProperty("key")} {recent.GetProperty("tries")}",
            Is.EqualTo("POST /v1/responses gpt-4o 200 1 1"));
        Assert.That(recent.GetProperty("time").GetString(), Is.EqualTo("2026-10-01T12:00:00Z"));
        Assert.That(json.RootElement.GetRawText(), Does.Not.Contain("secret").And.Not.Contain("private"));
    }

    // Of all keys together, when nothing is under way any more; and what clients got.
    private static async Task<string> CountsAsync(RunningRotato rotato)
    {
        using var json = await UntilIdleAsync(rotato);
        var keys = json.RootElement.GetProperty("keys").EnumerateArray().ToArray();
        int[] sums = [Sum("requests"), Sum("ok"), Sum("limited"), Sum("failed")];
        var history = json.RootElement.GetProperty("history");
        var inHistory = new[] { "requests", "limited", "failed" }.Select(member =>
            history.GetProperty(member).EnumerateArray().Sum(step => step.GetInt32())).ToArray();
        Assert.That(inHistory, Is.EqualTo([sums[0], sums[2], sums[3]]), "the history counts the same");
        Assert.That(sums[0], Is.EqualTo(sums[1..].Sum()), "and the sums agree");
        var recent = json.RootElement.GetProperty("recent").EnumerateArray().Select(each => each.GetProperty("status"));
        return $"{string.Join(' ', sums)} | {string.Join(' ', recent)}".Trim();

        int Sum(string member) => keys.Sum(key => key.GetProperty(member).GetInt32());
    }

    // What a connection has still to write down after its last byte, it does at once.
    private static async Task<JsonDocument> UntilIdleAsync(RunningRotato rotato)
    {
        for (var i = 0; i < 200; i++)
        {
            var json = await StatusAsync(rotato);
            var root = json.RootElement;
            var isUnderWay = root.GetProperty("keys").EnumerateArray().Any(key =>
                Count(key, "requests") != Count(key, "ok") + Count(key, "limited") + Count(key, "failed"));
            var isWritten = root.GetProperty("recent").GetArrayLength() > 0 || i > 20;
            if (!isUnderWay && isWritten && root.GetProperty("in_flight").GetInt32() == 0) return json;
            json.Dispose();
            await Task.Delay(5);
        }

        return await StatusAsync(rotato);

        static int Count(JsonElement key, string member) => key.GetProperty(member).GetInt32();
    }

    private static async Task<string> UntilOneWaitsAsync(RunningRotato rotato)
    {
        for (var i = 0; i < 200; i++)
        {
            using var json = await StatusAsync(rotato);
            var root = json.RootElement;
            var waiting = root.GetProperty("waiting").GetInt32();
            if (waiting == 1) return $"{root.GetProperty("in_flight")} in flight, {waiting} waiting";
            await Task.Delay(5);
        }

        return "nobody waits";
    }

    private static async Task<JsonDocument> StatusAsync(RunningRotato rotato) =>
        JsonDocument.Parse((await rotato.GetAsync("/_rotato/status")).Body);
}
