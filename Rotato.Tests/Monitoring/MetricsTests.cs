using System.Globalization;
using System.Text.RegularExpressions;

namespace Rotato.Tests.Monitoring;

/// <summary>The status as Prometheus text.</summary>
internal sealed partial class MetricsTests
{
    private readonly WatchedRing _ring = new() { InFlight = 7 };

    [Test]
    public void TheMetricsAreExactlyThis()
    {
        _ring.Answer(_ring.Ask());
        _ring.Answer(_ring.Ask(), 429, hint: 2.5);
        _ring.Answer(_ring.Ask("n"), 503);
        _ring.Answer(_ring.Ask("n"), 401, meaning: Meaning.KeyInvalid);
        _ring.Journal.RecordEnd(LogLineTests.Ended());
        _ring.Journal.RecordEnd(LogLineTests.Ended() with { Status = 429, Key = null, SecondsToHead = 30.5 });

        Assert.That(_ring.Text(WatchedRing.Metrics), Is.EqualTo("""
            # HELP rotato_build_info The build that runs.
            # TYPE rotato_build_info gauge
            rotato_build_info{version="1.2.3"} 1
            # HELP rotato_requests_total Requests sent, by key and what became of them.
            # TYPE rotato_requests_total counter
            rotato_requests_total{key="1",code="200"} 1
            rotato_requests_total{key="1",code="503"} 1
            rotato_requests_total{key="2",code="401"} 1
            rotato_requests_total{key="2",code="429"} 1
            # HELP rotato_key_ready Whether the key can serve something now.
            # TYPE rotato_key_ready gauge
            rotato_key_ready{key="1"} 1
            rotato_key_ready{key="2"} 0
            # HELP rotato_key_rest_seconds How long the key as a whole still rests.
            # TYPE rotato_key_rest_seconds gauge
            rotato_key_rest_seconds{key="1"} 0
            rotato_key_rest_seconds{key="2"} 600
            # HELP rotato_limit_rest_seconds How long the key still rests for one endpoint and model.
            # TYPE rotato_limit_rest_seconds gauge
            rotato_limit_rest_seconds{key="2",scope="/v1/chat/completions m"} 2.5
            # HELP rotato_requests_waiting Requests that wait for a key.
            # TYPE rotato_requests_waiting gauge
            rotato_requests_waiting 0
            # HELP rotato_requests_in_flight Requests on their way to an upstream or back.
            # TYPE rotato_requests_in_flight gauge
            rotato_requests_in_flight 7
            # HELP rotato_answers_total Answers that clients got, by status.
            # TYPE rotato_answers_total counter
            rotato_answers_total{code="200"} 1
            rotato_answers_total{code="429"} 1
            # HELP rotato_answer_seconds How long clients waited for the head of an answer.
            # TYPE rotato_answer_seconds histogram
            rotato_answer_seconds_bucket{le="0.05"} 0
            rotato_answer_seconds_bucket{le="0.1"} 0
            rotato_answer_seconds_bucket{le="0.25"} 0
            rotato_answer_seconds_bucket{le="0.5"} 1
            rotato_answer_seconds_bucket{le="1"} 1
            rotato_answer_seconds_bucket{le="2.5"} 1
            rotato_answer_seconds_bucket{le="5"} 1
            rotato_answer_seconds_bucket{le="10"} 1
            rotato_answer_seconds_bucket{le="30"} 1
            rotato_answer_seconds_bucket{le="60"} 2
            rotato_answer_seconds_bucket{le="120"} 2
            rotato_answer_seconds_bucket{le="300"} 2
            rotato_answer_seconds_bucket{le="+Inf"} 2
            rotato_answer_seconds_sum 31
            rotato_answer_seconds_count 2

            """.ReplaceLineEndings("\n")));
    }

    /// <summary>
    /// As promtool demands it: HELP and TYPE once and before the samples of a family, the families one after the other,
    /// no sample twice.
    /// </summary>
    [Test]
    public void TheFormatIsClean()
    {
        _ring.Answer(_ring.Ask());
        _ring.Answer(_ring.Ask("a \"quoted\" \\ model\nwith two lines"), 429, hint: 10);
        _ring.Answer(_ring.Ask("\u6a21\u578b"), 429, hint: 10);
        var families = new HashSet<string>();
        var samples = new HashSet<string>();
        var family = "";
        var lines = _ring.Text(WatchedRing.Metrics).Split('\n');
        Assert.That(lines[^1], Is.Empty, "the last line ends too");
        for (var i = 0; i < lines.Length - 1; i++)
        {
            if (HelpLine().Match(lines[i]) is { Success: true } help)
            {
                family = help.Groups[1].Value;
                Assert.That(families.Add(family), lines[i]);
                i++;
                Assert.That(lines[i], Does.Match($"^# TYPE {family} (counter|gauge|histogram)$"));
            }
            else
            {
                var sample = SampleLine().Match(lines[i]);
                Assert.That(sample.Success, lines[i]);
                Assert.That(sample.Groups["name"].Value, Does.Match($"^{family}(_bucket|_sum|_count)?$"));
                Assert.That(samples.Add(sample.Groups["sample"].Value), lines[i]);
            }
        }
    }

    [TestCase("rotato_requests_total", "counter", "key code")]
    [TestCase("rotato_key_ready", "gauge", "key")]
    [TestCase("rotato_key_rest_seconds", "gauge", "key")]
    [TestCase("rotato_limit_rest_seconds", "gauge", "key scope")]
    [TestCase("rotato_requests_waiting", "gauge", "")]
    [TestCase("rotato_requests_in_flight", "gauge", "")]
    [TestCase("rotato_answers_total", "counter", "code")]
    [TestCase("rotato_answer_seconds", "histogram", "le")]
    [TestCase("rotato_build_info", "gauge", "version")]
    public void TheContractsMetricIsThere(string name, string type, string labels)
    {
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        _ring.Journal.RecordEnd(LogLineTests.Ended());
        var text = _ring.Text(WatchedRing.Metrics);
        Assert.That(text, Does.Contain($"# TYPE {name} {type}\n"));
        var sample = text.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal));
        var names = LabelName().Matches(sample).Select(match => match.Groups[1].Value);
        Assert.That(string.Join(' ', names), Is.EqualTo(labels));
    }

    /// <summary>A sample that is there twice makes Prometheus drop all of them.</summary>
    [TestCase("\u6a21\u578b", "\u5b57\u7b26")]
    [TestCase("a\u00e9", "a\u00e8")]
    [TestCase("a\nb", "a\rb")]
    [TestCase("a\"", "a\\")]
    public void ModelsThatLookAlikeAreNotTheSameSample(string one, string other)
    {
        var ring = new WatchedRing(1);
        ring.Answer(ring.Ask(one), 429, hint: 10);
        ring.Answer(ring.Ask(other), 429, hint: 20);

        Assert.That(ring.Samples().Keys.Count(name => name.StartsWith("rotato_limit_rest", StringComparison.Ordinal)),
            Is.EqualTo(2));
    }

    [Test]
    public void AKeyOnTrialCanServe()
    {
        _ring.Answer(_ring.Ask(), 401, meaning: Meaning.KeyInvalid);
        Assert.That(_ring.Samples()["rotato_key_ready{key=\"1\"}"], Is.EqualTo("0"));
        _ring.Clock.Advance(600.1);
        Assert.That(_ring.KeyInJson(1).GetProperty("state").GetString(), Is.EqualTo("trial"));
        Assert.That(_ring.Samples()["rotato_key_ready{key=\"1\"}"], Is.EqualTo("1"));
    }

    [Test]
    public void WhoWaitsIsCounted()
    {
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        for (var i = 0; i < 3; i++) _ring.Ask();
        Assert.That(_ring.Samples()["rotato_requests_waiting"], Is.EqualTo("3"));
    }

    [Test]
    public void TheSumsAgree()
    {
        var random = new Random(1);
        int[] codes = [200, 200, 200, 201, 304, 400, 404, 429, 499, 500, 503];
        for (var i = 0; i < 300; i++)
        {
            var code = codes[random.Next(codes.Length)];
            _ring.Answer(_ring.Ask($"model-{i}"), code, hint: code == 429 ? 10 : null);
            _ring.Clock.Advance(10);
        }

        var samples = _ring.Samples();
        foreach (var key in _ring.Status().GetProperty("keys").EnumerateArray())
        {
            var start = $"rotato_requests_total{{key=\"{key.GetProperty("key")}\",";
            var byCode = samples.Where(pair => pair.Key.StartsWith(start, StringComparison.Ordinal)).ToDictionary(
                pair => int.Parse(pair.Key[^5..^2], CultureInfo.InvariantCulture),
                pair => int.Parse(pair.Value, CultureInfo.InvariantCulture));
            Assert.That(key.GetProperty("requests").GetInt32(), Is.EqualTo(byCode.Values.Sum()));
            Assert.That(key.GetProperty("ok").GetInt32(), Is.EqualTo(Sum(code => code < 400)));
            Assert.That(key.GetProperty("limited").GetInt32(), Is.EqualTo(byCode[429]));
            Assert.That(key.GetProperty("failed").GetInt32(), Is.EqualTo(Sum(code => code is >= 400 and not 429)));

            int Sum(Func<int, bool> counts) => byCode.Where(pair => counts(pair.Key)).Sum(pair => pair.Value);
        }
    }

    [GeneratedRegex("^# HELP (rotato_[a-z_]+) [A-Z].*[.]$")]
    private static partial Regex HelpLine();

    [GeneratedRegex("""
        ^(?<sample>(?<name>[a-z_]+)(\{(?<label>[a-z]+="([^"\\\n]|\\["\\n])*",?)+\})?)[ ][0-9]+(\.[0-9]+)?$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex SampleLine();

    [GeneratedRegex("""([a-z]+)="(?:[^"\\]|\\.)*"[,}]""")]
    private static partial Regex LabelName();
}
