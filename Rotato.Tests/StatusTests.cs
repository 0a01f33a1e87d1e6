using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Rotato.Tests;

/// <summary>What may be watched: the JSON and the metrics word for word as the contract has them, and no way to change anything.</summary>
internal sealed partial class StatusTests
{
    private const string Page = "/_rotato", Json = "/_rotato/status", Metrics = "/_rotato/metrics";

    private static readonly TimeSpan Hint = TimeSpan.FromSeconds(10);

    private readonly RingUnderTest _ring = new(2, "--upstream https://api.example.com/base/ --rpm 1000");
    private readonly Status _status;

    public StatusTests() => _status = StatusOf(_ring, "--upstream https://api.example.com/base/ --rpm 1000");

    [Test]
    public void TheJsonHasTheseMembersInThisOrder()
    {
        using var json = JsonDocument.Parse(Text(Json));
        var top = json.RootElement.EnumerateObject().ToArray();
        var key = json.RootElement.GetProperty("keys")[0].EnumerateObject().ToArray();

        Assert.That(top.Select(member => (member.Name, member.Value.ValueKind)), Is.EqualTo([
            ("version", JsonValueKind.String), ("upstream", JsonValueKind.String), ("strategy", JsonValueKind.String),
            ("uptime_seconds", JsonValueKind.Number), ("in_flight", JsonValueKind.Number), ("waiting", JsonValueKind.Number),
            ("keys", JsonValueKind.Array)]));
        Assert.That(key.Select(member => (member.Name, member.Value.ValueKind)), Is.EqualTo([
            ("key", JsonValueKind.Number), ("hint", JsonValueKind.String), ("state", JsonValueKind.String), ("reason", JsonValueKind.Null),
            ("rest_seconds", JsonValueKind.Number), ("requests", JsonValueKind.Number), ("ok", JsonValueKind.Number),
            ("limited", JsonValueKind.Number), ("failed", JsonValueKind.Number), ("remaining", JsonValueKind.Null)]));
    }

    [Test]
    public void TheJsonIsExactlyThis()
    {
        _ring.Pass(2.25);
        _ring.Answer(_ring.Ask(), 200, new(Refused: false, Remaining: 17));
        _ring.Answer(_ring.Ask(), 500);
        _ring.Answer(_ring.Ask("m"));
        _ring.Refuse(_ring.Ask("m"), Hint);
        _ring.Ask("m");

        Assert.That(Text(Json), Is.EqualTo($$"""
            {"version":"{{Options.Version}}","upstream":"https://api.example.com/base","strategy":"round-robin","uptime_seconds":2.2,"in_flight":7,"waiting":0,"keys":[
            {"key":1,"hint":"...ring","state":"ready","reason":null,"rest_seconds":0,"requests":3,"ok":2,"limited":0,"failed":0,"remaining":15},
            {"key":2,"hint":"...ring","state":"resting","reason":"rate limit for m","rest_seconds":10,"requests":2,"ok":0,"limited":1,"failed":1,"remaining":null}]}
            """.ReplaceLineEndings("")));
    }

    [TestCase("a-key-of-15-cha", null)]
    [TestCase("a-key-of-16-char", "...char")]
    [TestCase("x", null)]
    public void OnlyALongKeyGivesAHint(string key, string? hint)
    {
        var options = new Options([key], _ => null, _ => "");
        var status = new Status(options, new KeyRing(options, TimeProvider.System, _ => { }), () => 0);
        using var json = JsonDocument.Parse(Text(status.Answer(Head(Json))!));

        Assert.That(json.RootElement.GetProperty("keys")[0].GetProperty("hint").GetString(), Is.EqualTo(hint));
    }

    [Test]
    public void AKeyIsReadyThenRestingThenOnTrialThenReady()
    {
        Assert.That(StateOf(1), Is.EqualTo(("ready", (string?)null, 0.0)));
        _ring.Refuse(_ring.Ask(), Hint);
        Assert.That(StateOf(1), Is.EqualTo(("resting", "rate limit for m", 10.0)));
        _ring.Pass(3.98);
        Assert.That(StateOf(1), Is.EqualTo(("resting", "rate limit for m", 6.0)));
        _ring.Pass(6.1);
        Assert.That(StateOf(1), Is.EqualTo(("trial", "rate limit for m", 0.0)));
        _ring.Ask();
        var trial = _ring.Ask();
        Assert.That(trial.Number, Is.EqualTo(1));
        _ring.Answer(trial);
        Assert.That(StateOf(1).State, Is.EqualTo("ready"));
    }

    [Test]
    public void WhatIsAboutTheWholeKeyNamesNoModel()
    {
        _ring.Answer(_ring.Ask(), 401, RingUnderTest.AboutTheKey("dead", TimeSpan.FromMinutes(10)));

        Assert.That(StateOf(1), Is.EqualTo(("resting", "dead", 600.0)));
    }

    [Test]
    public void AKeyThatHasSentItsMinutesShareIsNotReady()
    {
        var ring = new RingUnderTest(1, "--rpm 2");
        ring.AskMany(2);
        ring.Pass(20);
        using var json = JsonDocument.Parse(Text(StatusOf(ring, "--rpm 2").Answer(Head(Json))!));
        var key = json.RootElement.GetProperty("keys")[0];

        Assert.That(key.GetProperty("state").GetString(), Is.EqualTo("resting"));
        Assert.That(key.GetProperty("rest_seconds").GetDouble(), Is.EqualTo(40));
    }

    [Test]
    public void FewerThanNoneAreNeverLeft()
    {
        var turns = _ring.AskMany(4);
        _ring.Answer(turns[0], 200, new(Refused: false, Remaining: 0));
        _ring.AskMany(4);

        using var json = JsonDocument.Parse(Text(Json));
        Assert.That(json.RootElement.GetProperty("keys")[0].GetProperty("remaining").GetInt32(), Is.Zero);
    }

    [Test]
    public void WhoWaitsIsCounted()
    {
        _ring.Refuse(_ring.Ask(), Hint);
        _ring.Refuse(_ring.Ask(), Hint);
        _ring.AskMany(3);

        using var json = JsonDocument.Parse(Text(Json));
        Assert.That(json.RootElement.GetProperty("waiting").GetInt32(), Is.EqualTo(3));
        Assert.That(Samples()["rotato_requests_waiting"], Is.EqualTo(3));
    }

    [Test]
    public void AKeyOnTrialCanServe()
    {
        _ring.Refuse(_ring.Ask(), TimeSpan.FromSeconds(2.5));
        Assert.That(Samples()["rotato_key_ready{key=\"1\"}"], Is.Zero);
        _ring.Pass(3);

        Assert.That((_ring.State(1), Samples()["rotato_key_ready{key=\"1\"}"]), Is.EqualTo(("trial", 1.0)));
    }

    [Test]
    public void TheMetricsAreExactlyThis()
    {
        _ring.Answer(_ring.Ask());
        _ring.Refuse(_ring.Ask(), TimeSpan.FromSeconds(2.5));
        _ring.Answer(_ring.Ask(), 503);
        _ring.Answer(_ring.Ask());

        Assert.That(Text(Metrics), Is.EqualTo("""
            # HELP rotato_requests_total Requests sent, by key and what came of them.
            # TYPE rotato_requests_total counter
            rotato_requests_total{key="1",code="200"} 2
            rotato_requests_total{key="1",code="503"} 1
            rotato_requests_total{key="2",code="429"} 1
            # HELP rotato_key_ready Whether the key can serve now.
            # TYPE rotato_key_ready gauge
            rotato_key_ready{key="1"} 1
            rotato_key_ready{key="2"} 0
            # HELP rotato_key_rest_seconds How long the key still rests.
            # TYPE rotato_key_rest_seconds gauge
            rotato_key_rest_seconds{key="1"} 0
            rotato_key_rest_seconds{key="2"} 2.5
            # HELP rotato_requests_waiting Requests that wait for a key.
            # TYPE rotato_requests_waiting gauge
            rotato_requests_waiting 0
            # HELP rotato_requests_in_flight Requests on their way.
            # TYPE rotato_requests_in_flight gauge
            rotato_requests_in_flight 7

            """.ReplaceLineEndings("\n")));
    }

    [Test]
    public void EveryMetricHasItsTypeOnceAndBeforeIt()
    {
        _ring.Answer(_ring.Ask());
        var types = new HashSet<string>();
        var lines = Text(Metrics).Split('\n');
        Assert.That(lines[^1], Is.Empty, "the last line ends too");
        foreach (var line in lines[..^1].Where(line => !line.StartsWith("# HELP rotato_", StringComparison.Ordinal)))
        {
            if (TypeLine().Match(line) is { Success: true } type) Assert.That(types.Add(type.Groups[1].Value), line);
            else Assert.That(types, Does.Contain(SampleLine().Match(line).Groups[1].Value), line);
        }
    }

    [Test]
    public void TheSumsAgree()
    {
        var random = new Random(1);
        int[] codes = [200, 200, 200, 201, 304, 400, 401, 404, 429, 500, 503];
        for (var i = 0; i < 300; i++)
        {
            var turn = _ring.Ask($"model-{i}");
            var code = codes[random.Next(codes.Length)];
            _ring.Answer(turn, code, new(Refused: code == 429, "rate limit", code == 429 ? Hint.TotalSeconds : null));
            _ring.Pass(10);
        }

        using var json = JsonDocument.Parse(Text(Json));
        var samples = Samples();
        foreach (var key in json.RootElement.GetProperty("keys").EnumerateArray())
        {
            var number = key.GetProperty("key").GetInt32();
            var codesOfKey = samples.Where(pair => pair.Key.StartsWith($"rotato_requests_total{{key=\"{number}\",", StringComparison.Ordinal))
                .ToDictionary(pair => int.Parse(pair.Key[^5..^2], CultureInfo.InvariantCulture), pair => pair.Value);
            Assert.That(key.GetProperty("requests").GetDouble(), Is.EqualTo(codesOfKey.Values.Sum()));
            Assert.That(key.GetProperty("ok").GetDouble(), Is.EqualTo(codesOfKey.Where(pair => pair.Key < 400).Sum(pair => pair.Value)));
            Assert.That(key.GetProperty("limited").GetDouble(), Is.EqualTo(codesOfKey[429]));
            Assert.That(key.GetProperty("failed").GetDouble(),
                Is.EqualTo(codesOfKey.Where(pair => pair.Key is >= 400 and not 429).Sum(pair => pair.Value)));
        }
    }

    [TestCase(Page, "text/html; charset=utf-8")]
    [TestCase(Page + "/", "text/html; charset=utf-8")]
    [TestCase(Page + "?theme=dark", "text/html; charset=utf-8")]
    [TestCase(Json, "application/json")]
    [TestCase(Metrics, "text/plain; version=0.0.4; charset=utf-8")]
    public void EveryPageSaysWhatItIsAndIsKeptNowhere(string target, string type)
    {
        var response = _status.Answer(Head(target))!.Response;

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.NonValidated["Content-Type"].ToString(), Is.EqualTo(type));
        Assert.That(response.Headers.NonValidated["Cache-Control"].ToString(), Is.EqualTo("no-store"));
        Assert.That(response.Headers.NonValidated["X-Content-Type-Options"].ToString(), Is.EqualTo("nosniff"));
        var policy = response.Headers.NonValidated["Content-Security-Policy"].ToString().Split("; ");
        Assert.That(policy, Does.Contain("default-src 'none'").And.Contain("frame-ancestors 'none'").And.Contain("base-uri 'none'")
            .And.Contain("form-action 'none'").And.Contain("connect-src 'self'"));
        Assert.That(policy, Has.None.Contains("http").And.None.Contains("*").And.None.Contains("unsafe-eval"));
    }

    [Test]
    public void ThePageWorksWithoutANetworkAndHoldsNoState()
    {
        _ring.Ask();
        var page = Text(Page);

        Assert.That(page, Does.StartWith("<!DOCTYPE html>").IgnoreCase);
        Assert.That(page.Split('\n'), Has.Length.LessThanOrEqualTo(151));
        Assert.That(page, Does.Not.Match("(src|href)\\s*=\\s*[\"']?(https?:)?//"), "nothing from elsewhere");
        Assert.That(page, Does.Not.Match("@import|url\\(\\s*[\"']?http|innerHTML|document\\.write|eval\\("), "nothing from elsewhere, nothing unescaped");
        Assert.That(page, Does.Not.Contain("<form").And.Not.Contain("POST"));
        Assert.That(page, Does.Contain("_rotato/status").Or.Contain("\"status\"").Or.Contain("/status"));
    }

    [Test]
    public void AHeadIsAnsweredAsItsGet([Values(Page, Json, Metrics)] string target) =>
        Assert.That((int)_status.Answer(Head(target, "HEAD"))!.Response.StatusCode, Is.EqualTo(200));

    [Test]
    public void NoOtherMethodAndNoOtherPath(
        [Values("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "X")] string method, [Values(Page, Json, Metrics)] string target) =>
        Assert.That(Assert.Throws<Refusal>(() => _status.Answer(Head(target, method)))!.ToAnswer().Status, Is.EqualTo(400));

    [TestCase("/_rotato/keys")]
    [TestCase("/_rotato/status/")]
    [TestCase("/_rotato/Status")]
    [TestCase("/_rotato/metrics/x")]
    [TestCase("/_rotato//")]
    [TestCase("/_rotato/../v1/models")]
    [TestCase("/_rotato/%73tatus")]
    [TestCase("/_rotato/other")]
    public void AnUnknownPageIsRefusedAndNeverSentOn(string target)
    {
        Assert.That(Status.Owns(Head(target)));
        Assert.That(Assert.Throws<Refusal>(() => _status.Answer(Head(target)))!.Message, Does.Contain("/_rotato/status"));
    }

    [TestCase("/")]
    [TestCase("/v1/chat/completions")]
    [TestCase("/_rotatox")]
    [TestCase("/_rotato.html")]
    [TestCase("/_ROTATO")]
    [TestCase("/v1/_rotato")]
    [TestCase("/v1?x=/_rotato")]
    public void EverythingElseIsTheUpstreams(string target)
    {
        Assert.That(Status.Owns(Head(target)), Is.False);
        Assert.That(_status.Answer(Head(target)), Is.Null);
    }

    [Test]
    public void WatchingChangesNothing()
    {
        _ring.Refuse(_ring.Ask(), Hint);
        _ring.Ask();
        var before = Text(Json);
        for (var i = 0; i < 100; i++)
        {
            _status.Answer(Head(Page));
            _status.Answer(Head(Metrics));
        }

        Assert.That(Text(Json), Is.EqualTo(before));
    }

    [Test]
    public void NoPageHoldsAKey([Values(Page, Json, Metrics)] string target)
    {
        _ring.Answer(_ring.Ask(), 401, RingUnderTest.AboutTheKey("dead", TimeSpan.FromMinutes(10)));

        Assert.That(Text(target), Does.Not.Contain(RingUnderTest.Secret(1)[..8]).And.Not.Contain(RingUnderTest.Secret(1)[^8..]));
    }

    [Test]
    public void AModelsNameCannotBreakTheJson()
    {
        _ring.Refuse(_ring.Ask("</script>\"\\"), Hint);
        using var json = JsonDocument.Parse(Text(Json));

        Assert.That(json.RootElement.GetProperty("keys")[0].GetProperty("reason").GetString(), Is.EqualTo("rate limit for </script>\"\\"));
        Assert.That(Text(Json), Does.Not.Contain("</script>"));
    }

    [GeneratedRegex("^# TYPE ([a-z_]+) (counter|gauge)$")]
    private static partial Regex TypeLine();

    [GeneratedRegex("""^([a-z_]+)(\{[a-z]+="[0-9]+"(,[a-z]+="[0-9]+")*\})? [0-9]+(\.[0-9]+)?$""")]
    private static partial Regex SampleLine();

    private string Text(string target) => Text(_status.Answer(Head(target))!);

    private (string State, string? Reason, double Seconds) StateOf(int number)
    {
        using var json = JsonDocument.Parse(Text(Json));
        var key = json.RootElement.GetProperty("keys")[number - 1];
        return (key.GetProperty("state").GetString()!, key.GetProperty("reason").GetString(), key.GetProperty("rest_seconds").GetDouble());
    }

    private Dictionary<string, double> Samples() => Text(Metrics).Split('\n').Where(line => line != "" && line[0] != '#')
        .Select(line => line.Split(' ')).ToDictionary(words => words[0], words => double.Parse(words[1], CultureInfo.InvariantCulture));

    // What follows is all that these tests know of the product besides its answers.
    private static Status StatusOf(RingUnderTest ring, string arguments) => new(RingUnderTest.Options(1, arguments), ring.Ring, () => 7);

    private static RequestHead Head(string target, string method = "GET") => new(method, target, true, [], 0, []);

    private static string Text(Answer answer) => answer.Response.Content.ReadAsStringAsync().GetAwaiter().GetResult();
}
