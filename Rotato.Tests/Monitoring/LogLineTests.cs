namespace Rotato.Tests.Monitoring;

/// <summary>A request's line on the console: time, method, path, model, status, key, tries, duration.</summary>
internal sealed class LogLineTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A request that went well.</summary>
    public static EndedRequest Ended() => new(
        Time, new("POST", "/v1/chat/completions", "gpt-4o"), Status: 200, Key: 2, Tries: 2, Seconds: 0.8121,
        SecondsToHead: 0.5, IsCut: false);

    [Test]
    public void ItIsExactlyThis() => Assert.That(Line(Ended()), Is.EqualTo(
        "12:00:00 POST   /v1/chat/completions             gpt-4o               200 key 2  tries 2     812 ms"));

    [Test]
    public void AnAnswerThatWasCutIsMarked() =>
        Assert.That(Line(Ended() with { Status = 502, IsCut = true }), Does.EndWith(" ms  cut"));

    [Test]
    public void WhatIsNotThereIsADash() => Assert.That(
        Line(Ended() with { Request = new("GET", "/v1/models", ""), Status = 429, Key = null, Tries = 0 }),
        Is.EqualTo(
            "12:00:00 GET    /v1/models                       -                    429 key -  tries 0     812 ms"));

    [Test]
    public void TheTimeIsThatOfTheUsersClock()
    {
        var local = Time.ToOffset(TimeSpan.FromHours(9));
        Assert.That(LogLine.Of(Ended(), local, hasColour: false), Does.StartWith("21:00:00 "));
    }

    /// <summary>The beginning and the end of a long path say most.</summary>
    [Test]
    public void ALongPathIsShortenedInItsMiddle()
    {
        var line = Line(Ended() with { Request = new("POST", $"/beginning/{new string('x', 200)}/end", "m") });
        Assert.That(line, Does.Match("^12:00:00 POST   /beginning/x+\\.\\.\\.x+/end m +200 "));
        var usual = Line(Ended()).IndexOf(" gpt-4o", StringComparison.Ordinal);
        Assert.That(line.IndexOf(" m ", StringComparison.Ordinal), Is.EqualTo(usual), "the columns stay");
    }

    [TestCase(200, false, "\e[32m200\e[0m")]
    [TestCase(304, false, "\e[32m304\e[0m")]
    [TestCase(429, false, "\e[33m429\e[0m")]
    [TestCase(499, false, "\e[31m499\e[0m")]
    [TestCase(500, false, "\e[31m500\e[0m")]
    [TestCase(200, true, "\e[31m200\e[0m")]
    public void OnATerminalTheStatusHasAColour(int status, bool isCut, string expected)
    {
        var ended = Ended() with { Status = status, IsCut = isCut };
        Assert.That(LogLine.Of(ended, Time, hasColour: true), Does.Contain($" {expected} "));
        Assert.That(Line(ended), Does.Not.Contain("\e"));
    }

    [Test]
    public void TheColoursAreNotNeededToReadIt() => Assert.That(
        LogLine.Of(Ended(), Time, hasColour: true).Replace("\e[32m", "", StringComparison.Ordinal)
            .Replace("\e[0m", "", StringComparison.Ordinal), Is.EqualTo(Line(Ended())));

    private static string Line(EndedRequest request) => LogLine.Of(request, Time, hasColour: false);
}
