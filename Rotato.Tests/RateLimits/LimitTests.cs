namespace Rotato.Tests.RateLimits;

/// <summary>The mechanism behind every rest, as sequences written in seconds.</summary>
internal sealed class LimitTests
{
    private readonly Limit _limit = new();

    [Test]
    public void AtFirstNothingHoldsItBack()
    {
        Send(0, 1000);

        Assert.That(ReadyAt(0), Is.LessThanOrEqualTo(0));
        Assert.That(_limit.StateAt(0), Is.EqualTo(LimitState.Open));
        Assert.That(_limit.Reason, Is.Empty);
    }

    [Test]
    public void ItRestsUntilTheHint()
    {
        Send(0);
        Refuse(sent: 0, now: 1, hint: 30);

        Assert.That(ReadyAt(1), Is.EqualTo(31));
        Assert.That(_limit.StateAt(30.9), Is.EqualTo(LimitState.Resting));
        Assert.That(_limit.StateAt(31), Is.EqualTo(LimitState.Trial));
        Assert.That(_limit.Reason, Is.EqualTo("rate limit"));
    }

    [Test]
    public void ALaterRestMayLengthenARunningOneButNeverShortenIt()
    {
        Send(0, 3);
        Refuse(sent: 0, now: 1, hint: 30);
        Refuse(sent: 0, now: 2, hint: 5);
        Assert.That(ReadyAt(2), Is.EqualTo(31));
        Refuse(sent: 0, now: 3);
        Assert.That(ReadyAt(3), Is.EqualTo(31));
        Refuse(sent: 0, now: 4, hint: 60);
        Assert.That(ReadyAt(4), Is.EqualTo(64));
    }

    [Test]
    public void NorDoesTheRefusalOfATrialShortenOne()
    {
        Send(0, 2);
        Refuse(sent: 0, now: 1, hint: 9);
        Send(10);
        // The second of the first wave is late, and knows that it takes longer.
        Refuse(sent: 0, now: 10.2, hint: 100);
        Refuse(sent: 10, now: 10.4, hint: 5);

        Assert.That(ReadyAt(10.4), Is.EqualTo(110.2).Within(1e-6));
    }

    [Test]
    public void NorWhatIsForeseen()
    {
        Send(0, 2);
        Refuse(sent: 0, now: 1, hint: 30);
        _limit.Rest(20, "told");

        Assert.That(ReadyAt(1), Is.EqualTo(31));
        Assert.That(_limit.Reason, Is.EqualTo("rate limit"));
    }

    [Test]
    public void ARestShorterThanATrialsHoldCountsAsItIs()
    {
        _limit.Rest(1, "told");
        Send(1);
        Refuse(sent: 1, now: 1.1, hint: 0.2);

        Assert.That(ReadyAt(1.1), Is.EqualTo(1.3).Within(1e-6));
    }

    [Test]
    public void WithoutAHintItDoublesFromOneSecondToSixty()
    {
        var now = 0.0;
        foreach (var expected in new[] { 1, 2, 4, 8, 16, 32, 60, 60, 60 })
        {
            Send(now);
            Refuse(sent: now, now: now + 0.1);
            var rest = _limit.RestsUntil - now - 0.1;
            Assert.That(rest, Is.InRange(expected * 0.8, expected * 1.2));
            now = _limit.RestsUntil;
        }
    }

    [Test]
    public void ARequestThatWasRefusedBeforeIsNoFurtherStrike()
    {
        var now = 0.0;
        for (var refusals = 0; refusals < 5; refusals++)
        {
            Send(now);
            _limit.Refuse(now, now, null, isNewStrike: refusals == 0, "rate limit");
            Assert.That(_limit.RestsUntil - now, Is.InRange(0.8, 1.2));
            now = _limit.RestsUntil;
        }
    }

    [Test]
    public void TheStrikesCanGoOnForYears()
    {
        var now = Strike(0, times: 5000);

        Assert.That(now, Is.GreaterThan(4000 * 48));
    }

    [Test]
    public void TheJitterKeepsKeysApart()
    {
        var rests = Enumerable.Range(0, 50).Select(_ =>
        {
            var limit = new Limit();
            limit.RecordSend(0);
            limit.Refuse(0, 0, null, true, "rate limit");
            return limit.RestsUntil;
        }).ToArray();

        Assert.That(rests.Distinct().Count(), Is.GreaterThan(40));
        Assert.That(rests.Max() - rests.Min(), Is.GreaterThan(0.2));
    }

    [Test]
    public void RefusalsOfOneWaveAreOneStrike()
    {
        Send(0, 20);
        for (var i = 0; i < 20; i++) Refuse(sent: 0, now: 0.1 + (i * 0.01));
        Assert.That(_limit.RestsUntil, Is.InRange(0.1 + 0.8, 0.3 + 1.2));

        var trial = _limit.RestsUntil;
        Send(trial);
        Refuse(sent: trial, now: trial + 0.1);
        Assert.That(_limit.RestsUntil - trial - 0.1, Is.InRange(1.6, 2.4));
    }

    [Test]
    public void ASuccessClearsTheStrikes()
    {
        var now = Strike(0, times: 4);
        Send(now);
        Serve(now);
        Assert.That(_limit.StateAt(now), Is.EqualTo(LimitState.Open));
        Send(now + 0.2);
        Refuse(sent: now + 0.2, now: now + 0.3);

        Assert.That(_limit.RestsUntil - now - 0.3, Is.InRange(0.8, 1.2));
    }

    [Test]
    public void APardonTakesAStrikeBackAndLetsTheRestGoOn()
    {
        var now = Strike(0, times: 3);
        Send(now);
        Refuse(sent: now, now: now);
        var until = _limit.RestsUntil;
        _limit.Pardon();
        Assert.That(_limit.RestsUntil, Is.EqualTo(until));
        Send(until);
        Refuse(sent: until, now: until);

        Assert.That(_limit.RestsUntil - until, Is.InRange(8 * 0.8, 8 * 1.2), "of the fourth strike again");
    }

    [Test]
    public void WhatIsForeseenIsNoStrike()
    {
        var now = 0.0;
        for (var i = 0; i < 6; i++, now = _limit.RestsUntil)
        {
            Send(now);
            _limit.Rest(now + 4, "told");
        }

        Send(now);
        Refuse(sent: now, now: now + 0.1);
        Assert.That(_limit.RestsUntil - now - 0.1, Is.InRange(0.8, 1.2));
    }

    [Test]
    public void ASuccessSentBeforeTheRestsEndSaysNothing()
    {
        Send(0, 2);
        Refuse(sent: 0, now: 1, hint: 30);
        _limit.RecordServed(0, 2);
        Assert.That(ReadyAt(2), Is.EqualTo(31));
        _limit.RecordServed(0, 40);

        Assert.That(_limit.StateAt(40), Is.EqualTo(LimitState.Trial));
    }

    [Test]
    public void AfterARestOneTriesBeforeTheCrowd()
    {
        _limit.Rest(5, "told");
        Assert.That(ReadyAt(0), Is.EqualTo(5));
        Send(5);
        Assert.That(ReadyAt(5), Is.EqualTo(6), "the others wait for its answer");
        Serve(5);

        Assert.That(ReadyAt(5.3), Is.LessThanOrEqualTo(5.3));
        Assert.That(_limit.StateAt(5.3), Is.EqualTo(LimitState.Open));
    }

    [Test]
    public void ATrialWithoutAnAnswerThatCountsIsTheNextOnes()
    {
        _limit.Rest(5, "told");
        Send(5);
        _limit.RecordUnknown(5, 5.2);

        Assert.That(ReadyAt(5.2), Is.LessThanOrEqualTo(5.2));
        Assert.That(_limit.StateAt(5.2), Is.EqualTo(LimitState.Trial));
    }

    [Test]
    public void AHintOfMillisecondsThatIsNeverTrueIsNoWayToSpin()
    {
        var now = 0.0;
        var sent = 0;
        for (; now < 60; now = _limit.RestsUntil, sent++)
        {
            Send(now);
            _limit.Refuse(now, now, 0.001, isNewStrike: sent == 0, "rate limit");
        }

        Assert.That(sent, Is.LessThan(70));
    }

    [Test]
    public void AfterARefusalTwoMayBeUnderWayAndOneMoreForEveryFourThatAreServed()
    {
        Send(0);
        Refuse(sent: 0, now: 0, hint: 100);
        Pass(100);
        // The trial's success counts as the first of four.
        foreach (var room in new[] { 2, 2, 2, 3 })
        {
            var now = 100.1;
            for (var under = 0; under < room; under++)
            {
                Assert.That(ReadyAt(now), Is.LessThanOrEqualTo(now));
                Send(now);
            }

            Assert.That(ReadyAt(now), Is.GreaterThan(now), $"{room} are under way");
            for (var under = 0; under < room; under++) _limit.RecordUnknown(now, now);
            Pass(now);
        }
    }

    [Test]
    public void OneThatTakesLongIsLetThroughAndKeepsNobodyWaitingForEver()
    {
        Send(0);
        Refuse(sent: 0, now: 0, hint: 100);
        Pass(100);
        Send(100.1, 2);
        Assert.That(ReadyAt(100.1), Is.EqualTo(105.1).Within(1e-6));
        Send(105.2);

        Assert.That(ReadyAt(105.2), Is.EqualTo(110.2).Within(1e-6));
    }

    [Test]
    public void WhileATrialIsSilentOneMoreTriesEachSecond()
    {
        _limit.Rest(5, "told");
        for (var now = 5; now < 15; now++)
        {
            Assert.That(ReadyAt(now), Is.EqualTo(now));
            Send(now);
            Assert.That(ReadyAt(now), Is.EqualTo(now + 1));
        }

        // Whichever of them answers first.
        _limit.RecordServed(7, 14.5);
        Assert.That(ReadyAt(14.5), Is.LessThanOrEqualTo(14.5));
    }

    // The upstream takes 20 in windows of 4 s.
    [Test]
    public void ItRemembersHowManyAWindowTookAndClosesByItselfAfterAsMany()
    {
        LearnTwentyInFourSeconds();

        Pass(4);
        Pass(4.1, 18);
        Assert.That(ReadyAt(4.1), Is.LessThanOrEqualTo(4.1), "19 are sent");
        Send(4.1);
        Assert.That(ReadyAt(4.1), Is.EqualTo(8).Within(1e-6), "20 are sent");
        Assert.That(_limit.Reason, Does.Contain("window"));
    }

    [Test]
    public void WhenTheForeseenWindowIsOverOneAsksAndThenAll()
    {
        LearnTwentyInFourSeconds();
        Pass(4);
        Pass(4.1, 19);

        Send(8);
        Assert.That(ReadyAt(8), Is.EqualTo(9).Within(1e-6));
        Assert.That(_limit.StateAt(8), Is.EqualTo(LimitState.Trial));
        Serve(8);
        Pass(8.1, 19);
        Assert.That(ReadyAt(8.1), Is.LessThanOrEqualTo(8.1), "nobody refused for a window: it asks for more");
        Pass(8.1, 1);
        Assert.That(ReadyAt(8.1), Is.EqualTo(12).Within(1e-6));
    }

    [Test]
    public void WhatALimitWasRaisedToIsFound()
    {
        LearnTwentyInFourSeconds();
        // From now on nobody refuses. Each time that the window is open, as many are sent as it lets through.
        var now = 4.0;
        var sent = 0;
        for (; now < 124; now = Math.Max(now + 0.1, ReadyAt(now)))
        {
            for (var each = 0; ReadyAt(now) <= now && each < 1000; each++, sent++) Pass(now);
        }

        Assert.That(sent, Is.GreaterThan(2 * 20 * 30), "in two minutes, where the old limit lets 600 through");
    }

    [Test]
    public void ARefusalThatCameTooEarlyDoesNotHoldDownAKeyForLong()
    {
        // Somebody else had used the window up but for one; the limit is 60 a minute.
        Send(0, 4);
        _limit.RecordServed(0, 0);
        for (var i = 0; i < 3; i++) Refuse(sent: 0, now: 0.1, hint: 30);
        var now = 30.1;
        var sent = 0;
        var window = 30.1;
        var inWindow = 0;
        while (now < 30.1 + 600)
        {
            if (now >= window + 60)
            {
                window = now;
                inWindow = 0;
            }

            Send(now);
            sent++;
            inWindow++;
            if (inWindow <= 60) _limit.RecordServed(now, now);
            else Refuse(sent: now, now: now + 0.05, hint: window + 60 - now - 0.05);
            // As the ring does: a millisecond later, so that it is never too early.
            now = Math.Max(now + 0.1, ReadyAt(now + 0.05) + 0.001);
        }

        Assert.That(sent, Is.GreaterThan(300), "in ten minutes that would take 600");
    }

    [Test]
    public void WhatWasLearnedIsForgottenWhenNotUsed()
    {
        LearnTwentyInFourSeconds();
        Pass(4);
        Send(100, 1000);

        Assert.That(ReadyAt(100), Is.LessThanOrEqualTo(100));
        Assert.That(_limit.StateAt(100), Is.EqualTo(LimitState.Open));
    }

    [Test]
    public void AMinuteAfterItsRestItIsForgottenAlsoOnTrial()
    {
        LearnTwentyInFourSeconds();
        Refuse(sent: 0, now: 0.2, hint: 10);
        // Nobody has tried since. The one that does now, alone, is served.
        Pass(80);
        Send(80.1, 100);

        Assert.That(ReadyAt(80.1), Is.LessThanOrEqualTo(80.1), "no crowd is held back for what was minutes ago");
    }

    [Test]
    public void AStrayRefusalTeachesNothing()
    {
        for (var second = 0; second < 25; second++) Pass(second);
        Send(25);
        Refuse(sent: 25, now: 25.1);
        var trial = _limit.RestsUntil;
        Pass(trial);
        Pass(trial + 0.1, 200);

        Assert.That(ReadyAt(trial + 0.1), Is.LessThanOrEqualTo(trial + 0.1));
    }

    [Test]
    public void WhatIsForeseenOrWasRefusedToAnotherKeyTeachesNothing()
    {
        Send(0, 5);
        for (var i = 0; i < 5; i++) _limit.Rest(4, "told");
        for (var i = 0; i < 5; i++) _limit.RecordServed(0, 1);
        Pass(4);
        Pass(4.1, 10);

        Assert.That(ReadyAt(4.1), Is.LessThanOrEqualTo(4.1));
    }

    [Test]
    public void ALongRestIsNoWindow()
    {
        Send(0, 6);
        for (var i = 0; i < 3; i++) _limit.RecordServed(0, 0);
        for (var i = 0; i < 3; i++) Refuse(sent: 0, now: 1, hint: 3600);
        Pass(3601);
        Pass(3602, 100);

        Assert.That(ReadyAt(3602), Is.LessThanOrEqualTo(3602));
    }

    [Test]
    public void MoreRefusalsThanWereCountedDoNotMakeItSmallerForEver()
    {
        Send(0, 3);
        for (var i = 0; i < 3; i++) Refuse(sent: 0, now: 0, hint: 1);
        for (var now = 1; now < 4; now++) Send(now);
        // The trial begins a window. Those that went while it was silent are in it, and were counted before it.
        _limit.RecordServed(1, 3);
        Refuse(sent: 2, now: 3.1, hint: 1);
        Refuse(sent: 3, now: 3.1, hint: 1);
        for (var window = 0; window < 60; window++)
        {
            var trial = _limit.RestsUntil;
            Pass(trial);
            _limit.Rest(trial + 1, "told");
        }

        var end = _limit.RestsUntil;
        Pass(end);
        Pass(end + 0.1, 100);
        Assert.That(ReadyAt(end + 0.1), Is.LessThanOrEqualTo(end + 0.1));
    }

    /// <summary>
    /// Whatever happens in whatever order: no rest is shortened, nothing is ready in one, and something is ready soon
    /// after it.
    /// </summary>
    [Test]
    public void NoRestIsEverShortenedAndNoLimitStaysClosed([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 20; round++)
        {
            var limit = new Limit(random);
            var now = 0.0;
            var sent = new List<double>();
            for (var step = 0; step < 500; step++)
            {
                var before = limit.RestsUntil;
                if (random.Next(4) == 0) now += random.NextDouble() * (random.Next(20) == 0 ? 200 : 5);
                Step(limit, random, sent, now);
                var ready = limit.ReadyAt(now);
                Assert.That(limit.RestsUntil, Is.GreaterThanOrEqualTo(before));
                if (now < limit.RestsUntil)
                {
                    Assert.That(ready, Is.GreaterThanOrEqualTo(limit.RestsUntil));
                    Assert.That(limit.StateAt(now), Is.EqualTo(LimitState.Resting));
                }
                else
                {
                    Assert.That(ready, Is.LessThanOrEqualTo(now + 5));
                }
            }
        }
    }

    private static void Step(Limit limit, Random random, List<double> sent, double now)
    {
        var any = sent.Count > 0 ? random.Next(sent.Count) : -1;
        var what = random.Next(7);
        switch (what)
        {
            case 0:
                limit.Rest(now + (random.NextDouble() * 9), "told");
                break;
            case 1 when any >= 0:
                limit.RecordServed(sent[any], now);
                sent.RemoveAt(any);
                break;
            case 2 when any >= 0:
                limit.RecordUnknown(sent[any], now);
                sent.RemoveAt(any);
                break;
            case 3 when any >= 0:
                double? hint = random.Next(2) == 0 ? null : random.NextDouble() * 9;
                limit.Refuse(sent[any], now, hint, random.Next(2) == 0, "rate limit");
                sent.RemoveAt(any);
                break;
            case 4:
                limit.Pardon();
                break;
            default:
                if (limit.ReadyAt(now) > now) break;
                limit.RecordSend(now);
                sent.Add(now);
                break;
        }
    }

    private void LearnTwentyInFourSeconds()
    {
        Send(0, 23);
        for (var i = 0; i < 20; i++) _limit.RecordServed(0, 0.1);
        for (var i = 0; i < 3; i++) Refuse(sent: 0, now: 0.1, hint: 3.9);
        Assert.That(_limit.RestsUntil, Is.EqualTo(4).Within(1e-6));
    }

    private double Strike(double now, int times)
    {
        for (; times > 0; times--, now = _limit.RestsUntil)
        {
            Send(now);
            Refuse(sent: now, now: now);
        }

        return now;
    }

    // What follows is all that these tests know of the product.
    private double ReadyAt(double now) => _limit.ReadyAt(now);

    private void Send(double now, int times = 1)
    {
        for (; times > 0; times--) _limit.RecordSend(now);
    }

    private void Serve(double sent) => _limit.RecordServed(sent, sent);

    // Sent and answered.
    private void Pass(double now, int times = 1)
    {
        for (; times > 0; times--)
        {
            Send(now);
            Serve(now);
        }
    }

    private void Refuse(double sent, double now, double? hint = null) =>
        _limit.Refuse(sent, now, hint, isNewStrike: true, "rate limit");
}
