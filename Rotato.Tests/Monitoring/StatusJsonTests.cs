using System.Text.Json;

namespace Rotato.Tests.Monitoring;

/// <summary>The status as JSON, word for word as the contract has it.</summary>
internal sealed class StatusJsonTests
{
    private readonly WatchedRing _ring = new();

    [Test]
    public void TheJsonHasTheseMembersInThisOrder()
    {
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        _ring.Journal.RecordEnd(LogLineTests.Ended());

        Assert.That(MembersOf(_ring.Status()), Is.EqualTo([
            "version String", "upstream String", "strategy String", "uptime_seconds Number", "in_flight Number",
            "waiting Number", "apis Array", "keys Array", "history Object", "recent Array"]));
        Assert.That(MembersOf(_ring.Status().GetProperty("apis")[0]), Is.EqualTo(["host String", "base_url String"]));
        Assert.That(MembersOf(_ring.KeyInJson(1)), Is.EqualTo([
            "key Number", "hint String", "api String", "state String", "reason Null", "rest_seconds Number",
            "requests Number", "ok Number", "limited Number", "failed Number", "remaining Null", "limits Array"]));
        Assert.That(MembersOf(_ring.KeyInJson(1).GetProperty("limits")[0]), Is.EqualTo([
            "scope String", "state String", "reason String", "rest_seconds Number"]));
        Assert.That(MembersOf(_ring.Status().GetProperty("history")), Is.EqualTo([
            "seconds_per_step Number", "requests Array", "limited Array", "failed Array"]));
        Assert.That(MembersOf(_ring.Status().GetProperty("recent")[0]), Is.EqualTo([
            "time String", "method String", "path String", "model String", "status Number", "key Number",
            "tries Number", "ms Number"]));
    }

    [Test]
    public void TheJsonIsExactlyThis()
    {
        _ring.InFlight = 7;
        _ring.Clock.Advance(2.25);
        _ring.Answer(_ring.Ask(), 200, remaining: 17);
        _ring.Answer(_ring.Ask(), 500);
        _ring.Answer(_ring.Ask("n"));
        _ring.Answer(_ring.Ask("n"), 429, hint: 10);
        _ring.Ask("m");
        _ring.Journal.RecordEnd(LogLineTests.Ended());
        var json = _ring.Text(WatchedRing.Json);
        var zeros = string.Concat(Enumerable.Repeat("0,", 119));

        Assert.That(json, Is.EqualTo("""
            {"version":"1.2.3","upstream":"https://api.example.com/base","strategy":"round-robin","uptime_seconds":2.2,
            "in_flight":7,"waiting":0,
            "apis":[{"host":"api.example.com","base_url":"http://localhost:8080/base"}],
            "keys":[
            {"key":1,"hint":"...ring","api":"api.example.com","state":"ready","reason":null,"rest_seconds":0,
            "requests":3,"ok":2,"limited":0,"failed":0,"remaining":16,"limits":[]},
            {"key":2,"hint":"...ring","api":"api.example.com","state":"ready","reason":null,"rest_seconds":0,
            "requests":2,"ok":0,"limited":1,"failed":1,"remaining":null,
            "limits":[{"scope":"/v1/chat/completions n","state":"resting","reason":"rate limit","rest_seconds":10}]}],
            "history":{"seconds_per_step":5,"requests":[ZEROS4],"limited":[ZEROS1],"failed":[ZEROS1]},
            "recent":[{"time":"2026-11-28T12:00:00Z","method":"POST","path":"/v1/chat/completions","model":"gpt-4o",
            "status":200,"key":2,"tries":2,"ms":812}]}
            """.ReplaceLineEndings("").Replace("ZEROS", zeros, StringComparison.Ordinal)));
    }

    /// <summary>Twelve keys or a thousand: it stays one array.</summary>
    [Test]
    public void EveryKeyHasAnEntry()
    {
        var keys = new WatchedRing(1000).Status().GetProperty("keys");
        Assert.That(keys.EnumerateArray().Select(key => key.GetProperty("key").GetInt32()),
            Is.EqualTo(Enumerable.Range(1, 1000)));
    }

    [Test]
    public void AShortKeyHasNoHint() => Assert.That(
        new WatchedRing(hint: null).KeyInJson(1).GetProperty("hint").ValueKind, Is.EqualTo(JsonValueKind.Null));

    [Test]
    public void WhoWaitsIsCounted()
    {
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        for (var i = 0; i < 3; i++) _ring.Ask();

        Assert.That(_ring.Status().GetProperty("waiting").GetInt32(), Is.EqualTo(3));
    }

    /// <summary>A model's name is a client's, and a browser shows the page.</summary>
    [Test]
    public void AModelsNameCannotBreakTheJson()
    {
        const string Name = "</script>\"\\\n\u0001";
        _ring.Answer(_ring.Ask(Name), 429, hint: 10);
        _ring.Journal.RecordEnd(LogLineTests.Ended() with { Request = new("POST", "/</script>\"\\", Name) });

        var scope = _ring.KeyInJson(1).GetProperty("limits")[0].GetProperty("scope").GetString();
        Assert.That(scope, Does.StartWith("/v1/chat/completions </script>\"\\"));
        var recent = _ring.Status().GetProperty("recent")[0];
        Assert.That(recent.GetProperty("path").GetString(), Is.EqualTo("/</script>\"\\"));
        Assert.That(_ring.Text(WatchedRing.Json), Does.Not.Contain("</script>").And.Not.Contain("\n"));
    }

    [Test]
    public void ARequestThatNoKeyServedHasNone()
    {
        _ring.Journal.RecordEnd(LogLineTests.Ended() with { Key = null, Status = 429 });
        var key = _ring.Status().GetProperty("recent")[0].GetProperty("key");
        Assert.That(key.ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public void AnAnswerThatWasCutIsMarked()
    {
        _ring.Journal.RecordEnd(LogLineTests.Ended() with { IsCut = true });
        Assert.That(_ring.Status().GetProperty("recent")[0].GetProperty("cut").GetBoolean());
    }

    private static IEnumerable<string> MembersOf(JsonElement element) =>
        element.EnumerateObject().Select(member => $"{member.Name} {member.Value.ValueKind}");
}
