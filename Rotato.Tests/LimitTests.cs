namespace Rotato.Tests;

/// <summary>The mechanism behind every rest, as sequences written in seconds.</summary>
internal sealed class LimitTests
{
    private readonly Limit _limit = new();

    private double ReadyAt => _limit.ReadyAt;

    [Test]
    public void AtFirstNothingHoldsItBack()
    {
        Take(0, 1000);

        Assert.That(ReadyAt, Is.LessThanOrEqualTo(0));
        Assert.That(_limit.OnTrial, Is.False);
    }

    [Test]
    public void ItRestsUntilTheHint()
    {
        Take(0);
        Refuse(sent: 0, now: 1, hint: 30);

        Assert.That(ReadyAt, Is.EqualTo(31));
        Assert.That(_limit.Reason, Is.EqualTo("rate limit"));
    }

    [Test]
    public void ALaterRestMayLengthenARunningOneButNeverShortenIt()
    {
        Take(0, 3);
        Refuse(sent: 0, now: 1, hint: 30);
        Refuse(sent: 0, now: 2, hint: 5);
        Assert.That(ReadyAt, Is.EqualTo(31));
        Refuse(sent: 0, now: 3);
        Assert.That(ReadyAt, Is.EqualTo(31));
        Refuse(sent: 0, now: 4, hint: 60);
        Assert.That(ReadyAt, Is.EqualTo(64));
    }

    [Test]
    public void NorDoesTheRefusalOfATrialShortenOne()
    {
        Take(0, 2);
        Refuse(sent: 0, now: 1, hint: 9);
        Take(10);
        // The second of the first wave is late, and knows that it takes longer.
        Refuse(sent: 0, now: 10.2, hint: 100);
        Refuse(sent: 10, now: 10.4, hint: 5);

        Assert.That(ReadyAt, Is.EqualTo(110.2).Within(1e-6));
    }

    [Test]
    public void ARestShorterThanATrialsHoldCountsAsItIs()
    {
        Rest(now: 0, hint: 1);
        Take(1);
        Refuse(sent: 1, now: 1.1, hint: 0.2);

        Assert.That(ReadyAt, Is.EqualTo(1.3).Within(1e-6));
    }

    [Test]
    public void WithoutAHintItDoublesFromOneSecondToSixty()
    {
        var now = 0.0;
        foreach (var expected in new[] { 1, 2, 4, 8, 16, 32, 60, 60, 60 })
        {
            Take(now);
            Refuse(sent: now, now: now + 0.1);
            var rest = ReadyAt - now - 0.1;
            Assert.That(rest, Is.InRange(expected * 0.8, expected * 1.2));
            now = ReadyAt;
        }
    }

    [Test]
    public void TheStrikesCanGoOnForYears()
    {
        var now = 0.0;
        for (var i = 0; i < 5000; i++, now = ReadyAt)
        {
            Take(now);
            Refuse(sent: now, now: now);
        }

        Assert.That(ReadyAt, Is.GreaterThan(4000 * 48));
    }

    [Test]
    public void TheJitterKeepsKeysApart()
    {
        var rests = Enumerable.Range(0, 50).Select(_ =>
        {
            var limit = new Limit();
            limit.Take(0);
            limit.Rest(0, 0, new(Refused: true));
            return limit.ReadyAt;
        }).ToArray();

        Assert.That(rests.Distinct().Count(), Is.GreaterThan(40));
        Assert.That(rests.Max() - rests.Min(), Is.GreaterThan(0.2));
    }

    [Test]
    public void RefusalsOfOneWaveAreOneStrike()
    {
        Take(0, 20);
        for (var i = 0; i < 20; i++) Refuse(sent: 0, now: 0.1 + (i * 0.01));
        Assert.That(ReadyAt, Is.InRange(0.1 + 0.8, 0.3 + 1.2));

        var trial = ReadyAt;
        Take(trial);
        Refuse(sent: trial, now: trial + 0.1);
        Assert.That(ReadyAt - trial - 0.1, Is.InRange(1.6, 2.4));
    }

    [Test]
    public void ASuccessClearsTheStrikes()
    {
        var now = Strike(0, times: 4);
        Take(now);
        Clear(sent: now);
        Assert.That(_limit.OnTrial, Is.False);
        Take(now + 0.2);
        Refuse(sent: now + 0.2, now: now + 0.3);

        Assert.That(ReadyAt - now - 0.3, Is.InRange(0.8, 1.2));
    }

    [Test]
    public void WhatIsForeseenIsNoStrike()
    {
        var now = 0.0;
        for (var i = 0; i < 6; i++, now = ReadyAt)
        {
            Take(now);
            Rest(now + 0.1, hint: 4, sent: now);
        }

        Take(now);
        Refuse(sent: now, now: now + 0.1);
        Assert.That(ReadyAt - now - 0.1, Is.InRange(0.8, 1.2));
    }

    [Test]
    public void ASuccessSentBeforeTheRestBeganSaysNothing()
    {
        Take(0, 2);
        Refuse(sent: 0, now: 1, hint: 30);
        Clear(sent: 0);

        Assert.That(ReadyAt, Is.EqualTo(31));
        Assert.That(_limit.OnTrial);
    }

    [Test]
    public void AfterARestOneTriesBeforeTheCrowd()
    {
        Rest(now: 0, hint: 5);
        Assert.That(ReadyAt, Is.EqualTo(5));
        Take(5);
        Assert.That(ReadyAt, Is.EqualTo(6), "the others wait for its answer");
        Clear(sent: 5);

        Assert.That(ReadyAt, Is.LessThanOrEqualTo(5.3));
        Assert.That(_limit.OnTrial, Is.False);
    }

    [Test]
    public void AHintOfMillisecondsThatIsNeverTrueIsNoWayToSpin()
    {
        var (now, sent) = (0.0, 0);
        for (; now < 60; now = ReadyAt, sent++)
        {
            Take(now);
            Refuse(sent: now, now: now, hint: 0.001);
        }

        Assert.That(sent, Is.LessThan(70));
    }

    [Test]
    public void AfterARestTheTrialLetsTwoGoAndEveryTwoAnswersThreeMore()
    {
        Take(0);
        Refuse(sent: 0, now: 0, hint: 200);
        Pass(200);
        Take(200.1, 2);
        Assert.That(ReadyAt, Is.EqualTo(201.1));
        Clear(sent: 200.1);
        Clear(sent: 200.1);
        Take(200.2, 2);
        Assert.That(ReadyAt, Is.LessThanOrEqualTo(200.2));
        Take(200.2);
        Assert.That(ReadyAt, Is.EqualTo(201.2));
    }

    [Test]
    public void WhileATrialIsSilentOneMoreTriesEachSecond()
    {
        Rest(now: 0, hint: 5);
        for (var now = 5; now < 15; now++)
        {
            Assert.That(ReadyAt, Is.EqualTo(now));
            Take(now);
        }

        // Whichever of them answers first.
        Clear(sent: 7);
        Assert.That(ReadyAt, Is.LessThanOrEqualTo(14.5));
    }

    // The upstream takes 20 in windows of 4 s.
    [Test]
    public void ItRemembersHowManyAWindowTookAndClosesByItselfAfterAsMany()
    {
        LearnTwentyInFourSeconds();

        Pass(4);
        Pass(4.1, 18);
        Assert.That(ReadyAt, Is.LessThanOrEqualTo(4.1), "19 are sent");
        Take(4.1);
        Assert.That(ReadyAt, Is.EqualTo(8), "20 are sent");
    }

    [Test]
    public void WhenTheForeseenWindowIsOverOneAsksAndThenAll()
    {
        LearnTwentyInFourSeconds();
        Pass(4);
        Pass(4.1, 19);

        Take(8);
        Assert.That(ReadyAt, Is.EqualTo(9));
        Assert.That(_limit.OnTrial);
        Clear(sent: 8);
        Assert.That(ReadyAt, Is.LessThanOrEqualTo(8.1));
        Take(8.1, 19);
        Assert.That(ReadyAt, Is.EqualTo(12));
        Pass(12);
        Take(12.1, 19);
        Assert.That(ReadyAt, Is.LessThanOrEqualTo(12.1), "nobody refused for two windows: it asks for more");
        Take(12.1);
        Assert.That(ReadyAt, Is.EqualTo(16));
    }

    [Test]
    public void WhatALimitWasRaisedToIsFound()
    {
        LearnTwentyInFourSeconds();
        // From now on nobody refuses. Each time that the window is open, as many are sent as it lets through.
        var (now, sent) = (4.0, 0);
        for (; now < 64; now = Math.Max(now + 0.1, ReadyAt))
        {
            Take(now);
            Clear(sent: now);
            for (sent++; ReadyAt <= now + 0.05 && sent < 100_000; sent++) Take(now + 0.05);
        }

        Assert.That(sent, Is.GreaterThan(2 * 20 * 15), "in a minute, where the old limit lets 300 through");
    }

    [Test]
    public void ARefusalThatCameTooEarlyDoesNotHoldDownAKeyForLong()
    {
        // Somebody else had used the window up but for one; the limit is 60 a minute.
        Take(0, 2);
        Clear(sent: 0);
        Refuse(sent: 0, now: 0.1, hint: 30);
        var (now, sent, window, inWindow) = (30.1, 0, 30.1, 0);
        while (now < 30.1 + 600)
        {
            if (now >= window + 60) (window, inWindow) = (now, 0);
            Take(now);
            sent++;
            if (inWindow++ < 60) Clear(sent: now);
            else Refuse(sent: now, now: now + 0.05, hint: window + 60 - now - 0.05);
            // As the ring does: a millisecond later, so that it is never too early.
            now = Math.Max(now + 0.1, ReadyAt + 0.001);
        }

        Assert.That(sent, Is.GreaterThan(300), "in ten minutes that would take 600");
    }

    [Test]
    public void WhatWasLearnedIsForgottenWhenNotUsed()
    {
        LearnTwentyInFourSeconds();
        Take(4);
        Clear(sent: 4);
        Take(100, 1000);

        Assert.That(ReadyAt, Is.LessThanOrEqualTo(100));
        Assert.That(_limit.OnTrial, Is.False);
    }

    [Test]
    public void WhatIsForeseenOrWasRefusedToAnotherKeyTeachesNothing()
    {
        Take(0, 5);
        for (var i = 0; i < 5; i++) Rest(now: 0.1, hint: 3.9, sent: 0);
        Pass(4);
        Pass(4.1, 10);

        Assert.That(ReadyAt, Is.LessThanOrEqualTo(4.1));
    }

    [Test]
    public void ALongRestIsNoWindow()
    {
        Take(0, 3);
        Refuse(sent: 0, now: 1, hint: 3600);
        Pass(3601);
        Pass(3602, 100);

        Assert.That(ReadyAt, Is.LessThanOrEqualTo(3602));
    }

    [Test]
    public void MoreRefusalsThanWereCountedDoNotMakeItSmallerForEver()
    {
        Take(0);
        Refuse(sent: 0, now: 0, hint: 1);
        for (var now = 1; now < 4; now++) Take(now);
        // The trial begins a window. Those that went while it was silent are in it, and were counted before it.
        Clear(sent: 1);
        Refuse(sent: 2, now: 3.1, hint: 1);
        Refuse(sent: 3, now: 3.1, hint: 1);
        for (var window = 0; window < 60; window++)
        {
            Pass(ReadyAt);
            Rest(now: ReadyAt, hint: 1);
        }

        var end = ReadyAt;
        Pass(end);
        Pass(end + 0.1, 100);
        Assert.That(ReadyAt, Is.LessThanOrEqualTo(end + 0.1));
    }

    private void LearnTwentyInFourSeconds()
    {
        Take(0, 21);
        for (var i = 0; i < 20; i++) Clear(sent: 0);
        Refuse(sent: 0, now: 0.1, hint: 3.9);
        Assert.That(ReadyAt, Is.EqualTo(4).Within(1e-6));
    }

    private double Strike(double now, int times)
    {
        for (; times > 0; times--, now = ReadyAt)
        {
            Take(now);
            Refuse(sent: now, now: now);
        }

        return now;
    }

    // What follows is all that these tests know of the product.
    private void Take(double now, int times = 1)
    {
        for (; times > 0; times--) _limit.Take(now);
    }

    private void Clear(double sent) => _limit.Clear(sent, isSuccess: true);

    // Sent and answered.
    private void Pass(double now, int times = 1)
    {
        for (; times > 0; times--)
        {
            Take(now);
            Clear(now);
        }
    }

    private void Refuse(double sent, double now, double? hint = null) =>
        _limit.Rest(sent, now, new(Refused: true, "rate limit", hint));

    private void Rest(double now, double hint, double? sent = null) =>
        _limit.Rest(sent ?? now, now, new(Refused: false, "nothing left", hint));
}
