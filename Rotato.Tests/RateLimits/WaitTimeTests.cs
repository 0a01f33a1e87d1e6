using Rotato.Tests.Infra;

namespace Rotato.Tests.RateLimits;

/// <summary>Every form in which an API says how long to wait, and what must not be taken for one.</summary>
internal sealed class WaitTimeTests
{
    private const double Day = 86_400;

    // A Monday.
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Test]
    public void ADayOfOneDigitHasABlankBeforeIt()
    {
        var now = new DateTimeOffset(2026, 12, 3, 12, 0, 0, TimeSpan.Zero);

        Assert.That(WaitTime.Parse("Thu Dec  3 12:00:30 2026", now), Is.EqualTo(30));
    }

    [TestCase("30", 30)]
    [TestCase(" 30 ", 30)]
    [TestCase("1", 1)]
    [TestCase("0.5", 0.5)]
    [TestCase("2.75", 2.75)]
    [TestCase("33011.382867", 33011.382867, Description = "Cerebras")]
    [TestCase("1s", 1)]
    [TestCase("20ms", 0.02)]
    [TestCase("12ms", 0.012)]
    [TestCase("900ms", 0.9)]
    [TestCase("940ms", 0.94)]
    [TestCase("1.5ms", 0.0015)]
    [TestCase("34s", 34)]
    [TestCase("34.074824224s", 34.074824224)]
    [TestCase("16.239999999s", 16.239999999)]
    [TestCase("7.66s", 7.66)]
    [TestCase("6m0s", 360)]
    [TestCase("1m30s", 90)]
    [TestCase("1m23.45s", 83.45)]
    [TestCase("2m59.56s", 179.56)]
    [TestCase("1h2m3s", 3723)]
    [TestCase("1h", 3600)]
    [TestCase("1m30", 90, Description = "what has no unit is seconds")]
    [TestCase("Mon, 23 Nov 2026 12:00:30 GMT", 30, Description = "IMF-fixdate")]
    [TestCase("Monday, 23-Nov-26 12:00:30 GMT", 30, Description = "RFC 850")]
    [TestCase("Mon Nov 23 12:00:30 2026", 30, Description = "asctime")]
    [TestCase("Tue Nov 24 00:00:00 2026", 43200, Description = "asctime")]
    [TestCase("2026-11-23T12:00:30Z", 30)]
    [TestCase("2026-11-23T12:00:30.5Z", 30.5)]
    [TestCase("2026-11-23T14:00:30+02:00", 30)]
    [TestCase("2026-11-23T04:30:30-07:30", 30)]
    [TestCase("1795435230000", 30, Description = "epoch milliseconds")]
    [TestCase("1795435230", 30, Description = "epoch seconds")]
    public void EveryFormOfATimeToWaitIsRead(string text, double seconds) =>
        Assert.That(WaitTime.Parse(text, Now), Is.EqualTo(seconds).Within(1e-6));

    [TestCase("86400")]
    [TestCase("86401")]
    [TestCase("410000")]
    [TestCase("99999999")]
    [TestCase("114h0m0s")]
    [TestCase("99999999999999999999h")]
    [TestCase("Mon, 30 Nov 2026 12:00:00 GMT")]
    [TestCase("2026-12-01T00:00:00Z")]
    [TestCase("1999999999999")]
    public void NoWaitIsLongerThanADay(string text) => Assert.That(WaitTime.Parse(text, Now), Is.EqualTo(Day));

    [TestCase(null)]
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("-0.5")]
    [TestCase("0s")]
    [TestCase("0ms")]
    [TestCase("-5s")]
    [TestCase("ms")]
    [TestCase("s")]
    [TestCase("soon")]
    [TestCase("null")]
    [TestCase("NaN")]
    [TestCase("5 apples")]
    [TestCase("s5")]
    [TestCase("P1D")]
    [TestCase("PT5S")]
    [TestCase("30, 60")]
    [TestCase("2026-13-45T99:99:99Z")]
    [TestCase("Tomorrow")]
    [TestCase("Mon, 23 Nov 2026 11:59:59 GMT", Description = "past")]
    [TestCase("Mon, 23 Nov 2026 12:00:00 GMT", Description = "now")]
    [TestCase("2026-11-23T11:59:59Z", Description = "past")]
    [TestCase("1795435199000", Description = "past")]
    public void NonsensePastAndSentinelsAreNoWait(string? text) => Assert.That(WaitTime.Parse(text, Now), Is.Null);

    [TestCase("Infinity")]
    [TestCase("-Infinity")]
    public void WhatAGatewayDividedByZeroIsNoWait(string text) => Assert.That(WaitTime.Parse(text, Now), Is.Null);

    [Test]
    public async Task AnEndlessHintIsNonsenseAndNoWork([Values("h", "1s", "ms", "1")] string piece)
    {
        var hint = string.Concat(Enumerable.Repeat(piece, 1_000_000));

        Assert.That(await Task.Run(() => WaitTime.Parse(hint, Now)).WaitAsync(Hang.Limit), Is.Null);
    }
}
