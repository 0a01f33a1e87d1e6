using Rotato.Tests.Infra;

namespace Rotato.Tests;

/// <summary>Keys, rests and the line before them, as written sequences on a clock that moves only when told to.</summary>
internal sealed class KeyRingTests
{
    private static readonly TimeSpan Hint = TimeSpan.FromSeconds(10);

    [Test]
    public void TheLoadIsEven()
    {
        var ring = new RingUnderTest(3);
        var used = Enumerable.Range(0, 300).Select(_ => ring.Ask().Number).ToArray();

        Assert.That(used.Take(6), Is.EqualTo([1, 2, 3, 1, 2, 3]));
        Assert.That(used.CountBy(number => number).Select(pair => pair.Value), Is.All.EqualTo(100));
    }

    [Test]
    public void ARequestTriesEachKeyOnceAPass()
    {
        var ring = new RingUnderTest(4);
        var turn = ring.Ask();
        for (var i = 1; i <= 4; i++)
        {
            Assert.That((turn.Number, turn.Tries), Is.EqualTo((i, i)));
            ring.RefuseAndAskAgain(turn, Hint);
        }

        Assert.That(turn.IsWaiting);
        ring.Pass(9.9);
        Assert.That(turn.IsWaiting);
        ring.Pass(0.2);
        Assert.That((turn.Number, turn.Tries), Is.EqualTo((1, 5)));
    }

    [Test]
    public void APassMayBeOverWhileAKeyOfItIsReadyAgain()
    {
        var ring = new RingUnderTest(1, "--wait 60");
        var (early, late) = (ring.Ask(), ring.Ask());
        ring.Pass(0.1);
        ring.Refuse(early, null);
        ring.Pass(5);
        // Of the same wave, so there is no further strike; the key's second of rest has long passed.
        ring.RefuseAndAskAgain(late, null);
        ring.Pass(1.3);

        Assert.That(late.Number, Is.EqualTo(1));
    }

    [Test]
    public void WithinAPassItDoesNotComeBackToAKeyThatIsReadyAgain([Values("sticky", "headroom", "round-robin")] string strategy)
    {
        var ring = new RingUnderTest(4, $"--strategy {strategy}");
        var (turn, tried) = (ring.Ask(), new List<int>());
        for (var pass = 0; pass < 4; pass++)
        {
            tried.Add(turn.Number);
            // By then the keys before are ready again.
            ring.Pass(0.05);
            ring.RefuseAndAskAgain(turn, TimeSpan.FromSeconds(0.02));
        }

        Assert.That(tried, Is.EquivalentTo([1, 2, 3, 4]));
    }

    [Test]
    public void AKeyRestsUntilTheHint()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        var next = ring.Ask();

        ring.Pass(9.99);
        Assert.That(next.IsWaiting);
        ring.Pass(0.02);
        Assert.That(next.Number, Is.EqualTo(1));
    }

    [Test]
    public void TheOtherKeysServeMeanwhile()
    {
        var ring = new RingUnderTest(3);
        ring.Refuse(ring.Ask(), Hint);

        Assert.That(Enumerable.Range(0, 6).Select(_ => ring.Ask().Number), Is.EqualTo([2, 3, 2, 3, 2, 3]));
    }

    [Test]
    public void WithoutAHintItRestsLongerEachTime()
    {
        var ring = new RingUnderTest(1, "--wait 100");
        var turn = ring.Ask();
        foreach (var expected in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            ring.RefuseAndAskAgain(turn, null);
            ring.Pass((expected * 0.8) - 0.01);
            Assert.That(turn.IsWaiting);
            ring.Pass((expected * 0.4) + 0.02);
            Assert.That(turn.Number, Is.EqualTo(1));
            // Its time to wait would be over before the last of these rests.
            turn = ring.Ask();
            ring.Pass(1.01);
        }
    }

    [Test]
    public void AfterARestOneTriesThenTwoGoAndThenThreeForEveryTwoAnswers()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        var crowd = ring.AskMany(5);
        ring.Pass(10.1);
        Assert.That(crowd.Select(turn => turn.IsWaiting), Is.EqualTo([false, true, true, true, true]));

        ring.Answer(crowd[0]);
        Assert.That(crowd.Select(turn => turn.IsWaiting), Is.EqualTo([false, false, false, true, true]));
        ring.Answer(crowd[2]);
        Assert.That(crowd.Select(turn => turn.IsWaiting), Is.EqualTo([false, false, false, false, true]));
        ring.Answer(crowd[1]);
        Assert.That(crowd.Select(turn => turn.Number), Is.All.EqualTo(1));
    }

    [Test]
    public void AKeyIsOnTrialUntilTheAnswerIsThere()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        ring.Pass(10.1);
        Assert.That(ring.State(1), Is.EqualTo("trial"));
        var trial = ring.Ask();
        Assert.That(ring.State(1), Is.EqualTo("trial"));
        ring.Answer(trial);
        Assert.That(ring.State(1), Is.EqualTo("ready"));
    }

    [Test]
    public void WhileATrialIsSilentOneMoreTriesEachSecond()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        var crowd = ring.AskMany(4);
        for (var tried = 1; tried < 4; tried++)
        {
            ring.Pass(tried == 1 ? 10.01 : 1);
            Assert.That(crowd.Count(turn => !turn.IsWaiting), Is.EqualTo(tried));
        }
    }

    [Test]
    public void WhoWaitsForATrialIsNotToldBeforeItsTimeIsOver()
    {
        var ring = new RingUnderTest(1, "--wait 2");
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(1.5));
        var crowd = ring.AskMany(3);
        ring.Pass(1.6);
        Assert.That(crowd.Select(turn => turn.IsWaiting), Is.EqualTo([false, true, true]), "the trial's answer may come in time");
        ring.Answer(crowd[0]);
        Assert.That(crowd.Select(turn => turn.Number), Is.All.EqualTo(1));
    }

    [Test]
    public void AHintShorterThanALearnedWindowIsKept()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Answer(ring.Ask());
        ring.Pass(0.3);
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(0.1));
        Assert.That(ring.Ask().Soonest.TotalSeconds, Is.EqualTo(0.1).Within(0.001));
        ring.Pass(0.11);
        Assert.That(ring.Ask().Number, Is.EqualTo(1));
    }

    [Test]
    public void OneThatIsRefusedAgainAndAgainDoesNotTakeEveryTrialFromOthers()
    {
        var ring = new RingUnderTest(1, "--wait 600");
        var greedy = ring.Ask();
        ring.RefuseAndAskAgain(greedy, null);
        var modest = ring.Ask();
        for (var trials = 1; modest.IsWaiting; trials++)
        {
            Assert.That(trials, Is.LessThan(5));
            ring.Pass(61);
            if (!greedy.IsWaiting) ring.RefuseAndAskAgain(greedy, null);
        }
    }

    /// <summary>499: the client has gone.</summary>
    [TestCase(500)]
    [TestCase(529)]
    [TestCase(502)]
    [TestCase(499)]
    public void AnAnswerThatSaysNothingOfTheKeyLeavesTheTrialToTheNext(int status)
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Refuse(ring.Ask(), Hint);
        ring.Pass(10.1);
        for (var i = 0; i < 3; i++)
        {
            var trial = ring.Ask();
            Assert.That(trial.Number, Is.EqualTo(1));
            ring.Answer(trial, status);
        }
    }

    [TestCase(500)]
    [TestCase(529)]
    [TestCase(502)]
    public void AnUpstreamInTroubleNeitherEndsATrialNorRestsAKey(int status)
    {
        var ring = new RingUnderTest(1);
        var first = ring.Ask();
        ring.Answer(first, status);
        Assert.That(ring.State(1), Is.EqualTo("ready"));
        ring.Refuse(ring.Ask(), Hint);
        var trial = ring.Ask();
        ring.Pass(10.01);
        ring.Answer(trial, status);
        Assert.That(ring.State(1), Is.Not.EqualTo("ready"), "it says nothing of the limit");
        var next = ring.Ask();
        ring.Pass(1.01);
        Assert.That(next.Number, Is.EqualTo(1));
    }

    [Test]
    public void AKeyThatSawTheLimitOnceDoesNotRunIntoItAgain()
    {
        // 20 in windows of 4 s, which begin with the first request.
        var ring = new RingUnderTest(1, "--wait 60");
        var turns = ring.AskMany(21);
        foreach (var turn in turns.Take(20)) ring.Answer(turn);
        ring.Refuse(turns[20], TimeSpan.FromSeconds(3.9));
        var crowd = ring.AskMany(60);
        ring.Pass(3.91);
        for (var answered = 0; crowd.Count(turn => !turn.IsWaiting) > answered; answered++) ring.Answer(crowd[answered]);

        Assert.That(crowd.Count(turn => !turn.IsWaiting), Is.EqualTo(20));
        ring.Pass(3.88);
        Assert.That(crowd.Count(turn => !turn.IsWaiting), Is.EqualTo(20));
        ring.Pass(0.03);
        Assert.That(crowd.Count(turn => !turn.IsWaiting), Is.EqualTo(21));
    }

    [Test]
    public void ARestIsForTheModelThatWasRefused()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask("big"), Hint);

        Assert.That(ring.Ask("small").Number, Is.EqualTo(1));
        Assert.That(ring.Ask("").Number, Is.EqualTo(1));
        Assert.That(ring.Ask("big").IsWaiting);
    }

    [Test]
    public void WhoWaitsForAModelDoesNotHoldUpOthers()
    {
        var ring = new RingUnderTest(2, "--wait 60");
        ring.Refuse(ring.Ask("big"), Hint);
        ring.Refuse(ring.Ask("big"), Hint);
        var waiting = ring.AskMany(10, "big");

        Assert.That(ring.AskMany(10, "small").Count(turn => turn.IsWaiting), Is.Zero);
        Assert.That(waiting.All(turn => turn.IsWaiting));
    }

    // It measures the memory of the whole process.
    [Test, NonParallelizable]
    public void AnEndlessNumberOfModelsIsNoLeak()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 10_000; i++)
        {
            ring.Refuse(ring.Ask($"{new string('x', 100)}-{i}"), Hint);
            ring.Pass(200);
        }

        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(8 << 20));
        Assert.That(ring.Ask("another").Number, Is.EqualTo(1));
    }

    [Test]
    public void WithoutAModelTheRestIsForAll()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(""), Hint);

        Assert.That(ring.Ask("big").IsWaiting);
        Assert.That(ring.Ask("").IsWaiting);
    }

    [TestCase("dead", 10)]
    [TestCase("broke", 60)]
    public void WhatIsAboutTheKeyItselfRestsItForAllModels(string what, int minutes)
    {
        var ring = new RingUnderTest(2, "--wait 86400");
        ring.Answer(ring.Ask("big"), 401, RingUnderTest.AboutTheKey(what, TimeSpan.FromMinutes(minutes)));
        Assert.That(Enumerable.Range(0, 4).Select(_ => ring.Ask("small").Number), Is.All.EqualTo(2));
        Assert.That((ring.State(1), ring.Reason(1)), Is.EqualTo(("resting", what)));

        ring.Pass((minutes * 60) - 1);
        Assert.That(Enumerable.Range(0, 4).Select(_ => ring.Ask("third").Number), Is.All.EqualTo(2));
        ring.Pass(1.1);
        Assert.That(ring.State(1), Is.EqualTo("trial"));
        var trials = ring.AskMany(4, "third");
        Assert.That(trials.Select(turn => turn.Number), Is.EquivalentTo([1, 2, 2, 2]));
        ring.Answer(trials.Single(turn => turn.Number == 1));
        Assert.That((ring.State(1), ring.Reason(1)), Is.EqualTo(("ready", (string?)null)));
    }

    [Test]
    public void KeysOfOneOrganisationRestTogetherAndItIsSaidOnce()
    {
        var ring = new RingUnderTest(3);
        string[] owners = ["org-a", "org-b", "org-a"];
        for (var round = 0; round < 3; round++)
        {
            foreach (var turn in ring.AskMany(3)) ring.Answer(turn, 200, new(Refused: false, Organisation: owners[turn.Number - 1]));
            // An answer that does not come from the API itself does not name it.
            foreach (var turn in ring.AskMany(3)) ring.Answer(turn, 502);
        }

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
        Assert.That(ring.Warnings[0], Does.Contain("1").And.Contain("3").And.Not.Contain("2").And.Contain("organisation"));
        ring.Refuse(ring.Ask(), Hint);
        Assert.That(Enumerable.Range(0, 4).Select(_ => ring.Ask().Number), Is.All.EqualTo(2));
        Assert.That((ring.State(1), ring.State(2), ring.State(3)), Is.EqualTo(("resting", "ready", "resting")));
    }

    [Test]
    public void ItIsSaidOnceHoweverManyKeysShareALimit()
    {
        var ring = new RingUnderTest(4);
        foreach (var turn in ring.AskMany(4)) ring.Answer(turn, 200, new(Refused: false, Organisation: "org-a"));

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
    }

    [Test]
    public void ADeadKeyDoesNotRestItsOrganisation()
    {
        var ring = new RingUnderTest(2);
        foreach (var turn in ring.AskMany(2)) ring.Answer(turn, 200, new(Refused: false, Organisation: "org-a"));
        ring.Answer(ring.Ask(), 401, RingUnderTest.AboutTheKey("dead", TimeSpan.FromMinutes(10)));

        Assert.That((ring.State(1), ring.State(2)), Is.EqualTo(("resting", "ready")));
    }

    [Test]
    public void OnlyTheRateLimitIsSharedAndNoOtherRestOfTheKeyThatMetIt()
    {
        var ring = new RingUnderTest(2);
        foreach (var turn in ring.AskMany(2)) ring.Answer(turn, 200, new(Refused: false, Organisation: "org-a"));
        var (first, second) = (ring.Ask(), ring.Ask());
        ring.Answer(second);
        ring.Answer(ring.Ask(), 401, RingUnderTest.AboutTheKey("dead", TimeSpan.FromMinutes(10)));
        ring.Refuse(first, Hint);
        Assert.That((first.Number, ring.State(2)), Is.EqualTo((1, "resting")));
        ring.Pass(10.1);

        Assert.That((ring.State(1), ring.State(2)), Is.EqualTo(("resting", "trial")));
    }

    [Test]
    public void WhileATrialIsSilentItIsToldWhenAnotherMayGo()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Refuse(ring.Ask(), Hint);
        ring.Pass(10.1);
        ring.Ask();
        ring.Pass(0.25);

        Assert.That(ring.Ask().Soonest.TotalSeconds, Is.EqualTo(0.75).Within(0.01));
    }

    [Test]
    public void KeysThatNameNoOrganisationAreOfNone()
    {
        var ring = new RingUnderTest(2);
        foreach (var turn in ring.AskMany(2)) ring.Answer(turn);
        ring.Refuse(ring.Ask(), Hint);

        Assert.That((ring.State(1), ring.State(2)), Is.EqualTo(("resting", "ready")));
        Assert.That(ring.Warnings, Is.Empty);
    }

    [Test]
    public void AnAnswerThatForeseesTheLimitSavesA429()
    {
        var ring = new RingUnderTest(1);
        ring.Answer(ring.Ask(), 200, new(Refused: false, "nothing left", Hint.TotalSeconds, Remaining: 0));
        var next = ring.Ask();

        Assert.That((ring.State(1), ring.Reason(1)), Is.EqualTo(("resting", "nothing left for m")));
        ring.Pass(9.99);
        Assert.That(next.IsWaiting);
        ring.Pass(0.02);
        Assert.That(next.Number, Is.EqualTo(1));
    }

    [Test]
    public void TheLineIsFirstComeFirstServed()
    {
        var ring = new RingUnderTest(1, "--rpm 1 --wait 3600");
        ring.Ask();
        var line = new List<Asking>();
        for (var i = 0; i < 5; i++)
        {
            line.Add(ring.Ask());
            ring.Pass(0.1);
        }

        for (var served = 1; served <= 5; served++)
        {
            ring.Pass(60);
            Assert.That(line.Select(turn => !turn.IsWaiting), Is.EqualTo(Enumerable.Range(1, 5).Select(place => place <= served)));
        }
    }

    [Test]
    public void WhoComesNewDoesNotPassTheLine()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        var first = ring.Ask();
        ring.Pass(10.01);
        ring.Answer(first);
        ring.Refuse(ring.Ask(), Hint);
        var line = ring.AskMany(3);
        ring.Pass(10.01);
        var late = ring.Ask();

        Assert.That(line[0].Number, Is.EqualTo(1));
        Assert.That(late.IsWaiting && line[1].IsWaiting && line[2].IsWaiting);
    }

    [Test]
    public void WhoWasRefusedStandsWhereItCame()
    {
        var ring = new RingUnderTest(2);
        var first = ring.Ask();
        ring.Pass(0.01);
        var second = ring.Ask();
        ring.Pass(0.01);
        ring.RefuseAndAskAgain(second, TimeSpan.FromSeconds(5));
        // Of the two keys the first has now refused the second request too.
        Assert.That(second.Number, Is.EqualTo(1));
        ring.RefuseAndAskAgain(second, TimeSpan.FromSeconds(5));
        var third = ring.Ask();
        ring.Pass(0.01);
        ring.RefuseAndAskAgain(first, TimeSpan.FromSeconds(5));
        Assert.That(first.IsWaiting && second.IsWaiting && third.IsWaiting);

        ring.Pass(5.01);
        Assert.That((first.IsWaiting, second.IsWaiting, third.IsWaiting), Is.EqualTo((false, false, true)), "a trial on each key");
        ring.Pass(0.9);
        Assert.That(third.IsWaiting);
    }

    [Test]
    public void OfTwoThatWaitTheOneWhoCameFirstIsServedThoughItWasRefusedLast()
    {
        var ring = new RingUnderTest(1);
        var first = ring.Ask();
        ring.Pass(0.01);
        var second = ring.Ask();
        ring.Pass(0.01);
        ring.RefuseAndAskAgain(second, TimeSpan.FromSeconds(5));
        ring.RefuseAndAskAgain(first, TimeSpan.FromSeconds(5));
        ring.Pass(5.01);

        Assert.That((first.IsWaiting, second.IsWaiting), Is.EqualTo((false, true)));
    }

    [TestCase("--wait 30", 30, true)]
    [TestCase("--wait 30", 30.1, false)]
    [TestCase("", 30, true)]
    [TestCase("", 31, false)]
    [TestCase("--wait 0", 0.5, false)]
    [TestCase("--wait 60", 31, true)]
    public void WhoCannotBeInTimeIsToldAtOnce(string arguments, double rest, bool waits)
    {
        var ring = new RingUnderTest(2, arguments);
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(rest + 5));
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(rest));
        var turn = ring.Ask();

        Assert.That(turn.IsWaiting, Is.EqualTo(waits));
        if (waits) return;
        Assert.That(turn.WasTurnedAway);
        Assert.That(turn.Soonest, Is.EqualTo(TimeSpan.FromSeconds(rest)), "by the key that is ready first");
    }

    [Test]
    public void WithoutWaitingAReadyKeyServesAllTheSame()
    {
        var ring = new RingUnderTest(2, "--wait 0");
        var turn = ring.Ask();
        Assert.That(turn.Number, Is.EqualTo(1));
        ring.RefuseAndAskAgain(turn, Hint);
        Assert.That(turn.Number, Is.EqualTo(2));
        ring.RefuseAndAskAgain(turn, Hint);
        Assert.That(turn.WasTurnedAway);
        Assert.That(turn.Soonest, Is.EqualTo(Hint));
    }

    [Test]
    public void WhoWaitsIsToldWhenItsKeyRestsLongerThanThought()
    {
        var ring = new RingUnderTest(1, "--wait 20");
        var (first, second) = (ring.Ask(), ring.Ask());
        ring.Refuse(first, Hint);
        var waiting = ring.Ask();
        Assert.That(waiting.IsWaiting);
        ring.Refuse(second, TimeSpan.FromSeconds(100));

        Assert.That(waiting.WasTurnedAway);
        Assert.That(waiting.Soonest, Is.EqualTo(TimeSpan.FromSeconds(100)));
    }

    [Test]
    public void TheDeadlineEndsAWaitInLine()
    {
        var ring = new RingUnderTest(1, "--wait 12");
        ring.Refuse(ring.Ask(), Hint);
        var crowd = ring.AskMany(6);
        // A trial each second, all silent: at 10, 11 and perhaps 12.
        ring.Pass(11.5);
        Assert.That(crowd.Count(turn => turn.Number > 0), Is.EqualTo(2));
        ring.Pass(0.51);

        Assert.That(crowd.Count(turn => turn.IsWaiting), Is.Zero);
        Assert.That(crowd.Count(turn => turn.WasTurnedAway), Is.InRange(3, 4));
        Assert.That(crowd.Last(turn => turn.WasTurnedAway).Soonest, Is.GreaterThan(TimeSpan.Zero));
    }

    [Test]
    public void ARequestsTimeRunsFromItsArrivalAndNotFromItsLastRefusal()
    {
        var ring = new RingUnderTest(1, "--wait 15");
        ring.Refuse(ring.Ask(), Hint);
        var turn = ring.Ask();
        ring.Pass(10.01);
        ring.RefuseAndAskAgain(turn, Hint);

        Assert.That(turn.WasTurnedAway, "ten more seconds would make twenty");
    }

    [Test]
    public void WhoGoesAwayCostsNothing()
    {
        var ring = new RingUnderTest(1, "--rpm 2 --wait 3600");
        ring.AskMany(2);
        var line = ring.AskMany(4);
        line[0].GoAway();
        line[1].GoAway();
        ring.Settle();
        Assert.That((line[0].HasGone, line[1].HasGone, ring.Waiting), Is.EqualTo((true, true, 2)));

        ring.Pass(60.1);
        Assert.That((line[2].Number, line[3].Number), Is.EqualTo((1, 1)));
        Assert.That(ring.Requests(1), Is.EqualTo(4), "nothing was counted for those who had gone");
    }

    [Test]
    public void WhoHasGoneBeforeAskingCostsNothingEither()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        using var gone = new CancellationTokenSource();
        gone.Cancel();
        var turn = ring.Ask(gone: gone.Token);

        Assert.That((turn.HasGone, ring.Waiting), Is.EqualTo((true, 0)));
    }

    [Test]
    public void WithRpmAKeySendsSoManyInAnySixtySeconds()
    {
        var ring = new RingUnderTest(1, "--rpm 3 --wait 86400");
        foreach (var pause in new[] { 10.0, 10, 5 })
        {
            Assert.That(ring.Ask().Number, Is.EqualTo(1));
            ring.Pass(pause);
        }

        // Sent at 0, 10 and 20; it is 25. One place is free again at 60, the next at 70, at 80, at 120.
        var line = ring.AskMany(4);
        foreach (var (moment, served) in new[] { (59.99, 0), (60.01, 1), (69.99, 1), (70.02, 2), (79.99, 2), (80.03, 3), (119.99, 3), (120.05, 4) })
        {
            ring.PassUntil(moment);
            Assert.That(line.Count(turn => !turn.IsWaiting), Is.EqualTo(served), $"at {moment} s");
        }
    }

    [Test]
    public void WithRpmTheKeysShareTheLoad()
    {
        var ring = new RingUnderTest(5, "--rpm 20 --wait 0");
        var turns = ring.AskMany(101);

        Assert.That(turns.Take(100).CountBy(turn => turn.Number).Select(pair => (pair.Key, pair.Value)),
            Is.EquivalentTo([(1, 20), (2, 20), (3, 20), (4, 20), (5, 20)]));
        Assert.That(turns[100].WasTurnedAway);
        Assert.That(turns[100].Soonest, Is.EqualTo(TimeSpan.FromMinutes(1)));
    }

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(-10_000)]
    public void SettingTheWallClockNeitherFreesNorJailsAKey(int hours)
    {
        var ring = new RingUnderTest(2, "--rpm 1 --wait 3600");
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(100));
        ring.Ask();
        var (second, first) = (ring.Ask(), ring.Ask());
        ring.Clock.WallShift = TimeSpan.FromHours(hours);
        ring.Pass(59.9);
        Assert.That(first.IsWaiting && second.IsWaiting);
        ring.Pass(0.2);
        Assert.That((second.Number, first.IsWaiting), Is.EqualTo((2, true)));
        ring.Clock.WallShift = TimeSpan.Zero;
        ring.Pass(40);
        Assert.That(first.Number, Is.EqualTo(1));
    }

    [Test]
    public void StickyStaysOnAKeyUntilItIsLimited()
    {
        var ring = new RingUnderTest(3, "--strategy sticky");
        Assert.That(Enumerable.Range(0, 5).Select(_ => ring.Ask().Number), Is.All.EqualTo(1));
        ring.Refuse(ring.Ask(), Hint);
        Assert.That(Enumerable.Range(0, 5).Select(_ => ring.Ask().Number), Is.All.EqualTo(2));
        ring.Pass(20);
        Assert.That(ring.Ask().Number, Is.EqualTo(2), "its cache is warm now");
    }

    [Test]
    public void HeadroomGoesWhereMostIsLeft()
    {
        var ring = new RingUnderTest(3, "--strategy headroom");
        int[] left = [5, 50, 20];
        for (var i = 0; i < 3; i++)
        {
            var turn = ring.Ask();
            ring.Answer(turn, 200, new(Refused: false, Remaining: left[turn.Number - 1]));
        }

        Assert.That(ring.Ask().Number, Is.EqualTo(2));
        ring.Refuse(ring.Ask(), Hint);
        Assert.That(ring.Ask().Number, Is.EqualTo(3));
    }

    [Test]
    public void ALongRestIsSaidOnceWithItsReasonAndWithoutTheKey()
    {
        var ring = new RingUnderTest(2);
        var turns = ring.AskMany(20);
        foreach (var turn in turns.Where(turn => turn.Number == 1)) ring.Answer(turn, 401, RingUnderTest.AboutTheKey("dead", TimeSpan.FromMinutes(10)));

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
        Assert.That(ring.Warnings[0], Does.Contain("key 1").And.Contain("dead").And.Contain("600 s"));
        Assert.That(ring.Warnings[0], Does.Not.Contain(RingUnderTest.Secret(1)));
    }

    [Test]
    public void AShortRestIsNotWorthAWord()
    {
        var ring = new RingUnderTest(2);
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(59));
        ring.Refuse(ring.Ask(), null);

        Assert.That(ring.Warnings, Is.Empty);
    }

    [Test]
    public void ALongRestIsSaidThoughItBeginsWithinAShortOne()
    {
        var ring = new RingUnderTest(1);
        var (first, second) = (ring.Ask(), ring.Ask());
        ring.Refuse(first, TimeSpan.FromSeconds(2));
        ring.Answer(second, 429, RingUnderTest.AboutTheKey("broke", TimeSpan.FromHours(1)));

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
    }

    [Test]
    public void ALongRestIsSaidWhenATrialBringsIt()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), TimeSpan.FromSeconds(2));
        ring.Pass(3);
        ring.Answer(ring.Ask(), 429, RingUnderTest.AboutTheKey("broke", TimeSpan.FromHours(1)));

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task ManyThreadsShareTheKeysFairly()
    {
        var ring = new KeyRing(RingUnderTest.Options(4, "--rpm 100 --wait 0"), TimeProvider.System, _ => { });
        var used = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            var numbers = new List<int>();
            while (await ring.NextAsync(ring.Arrive("m"), default) is { } key) numbers.Add(key.Number);
            return numbers;
        })));

        Assert.That(used.SelectMany(numbers => numbers).CountBy(number => number).Select(pair => pair.Value), Is.EqualTo([100, 100, 100, 100]));
    }
}

/// <summary>A ring on a clock of its own; all that its tests know of the product. Nothing is still on its way when a method returns.</summary>
internal sealed class RingUnderTest
{
    private readonly List<Asking> _asked = [];

    public RingUnderTest(int keys, string arguments = "") => Ring = new(Options(keys, arguments), new StrictClock(Clock), Warnings.Add);

    public FakeClock Clock { get; } = new();
    public List<string> Warnings { get; } = [];
    public KeyRing Ring { get; }
    public int Waiting => Ring.Waiting;

    public static string Secret(int number) => $"key-number-{number}-of-the-ring";

    public static Options Options(int keys, string arguments) => new(
        [.. Enumerable.Range(1, keys).Select(Secret), .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)], _ => null, _ => "");

    public static Sign AboutTheKey(string reason, TimeSpan rest) => new(Refused: true, reason, rest.TotalSeconds, WholeKey: true);

    public Asking Ask(string model = "m", CancellationToken gone = default)
    {
        var asking = new Asking(Ring, Ring.Arrive(model), gone);
        _asked.Add(asking);
        Settle();
        return asking;
    }

    public Asking[] AskMany(int count, string model = "m") => [.. Enumerable.Range(0, count).Select(_ => Ask(model))];

    public void Answer(Asking asking, int status = 200, Sign? sign = null)
    {
        asking.Report(status, sign ?? new(Refused: false));
        Settle();
    }

    /// <summary>A 429, with or without a hint.</summary>
    public void Refuse(Asking asking, TimeSpan? hint) => Answer(asking, 429, new(Refused: true, "rate limit", hint?.TotalSeconds));

    public void RefuseAndAskAgain(Asking asking, TimeSpan? hint)
    {
        Refuse(asking, hint);
        AskAgain(asking);
    }

    public void AskAgain(Asking asking)
    {
        asking.Again();
        _asked.Add(asking);
        Settle();
    }

    public void Pass(double seconds)
    {
        Clock.Advance(seconds);
        Settle();
    }

    public void PassUntil(double moment) => Pass(moment - Clock.Elapsed.TotalSeconds);

    public string State(int number) => Ring.Show()[number - 1].State;

    public string? Reason(int number) => Ring.Show()[number - 1].Reason;

    public long Requests(int number) => Ring.Show()[number - 1].Requests;

    /// <summary>Who has left the line gets to know it on another thread.</summary>
    public void Settle()
    {
        Assert.That(SpinWait.SpinUntil(() => _asked.Count(asking => asking.IsWaiting) == Ring.Waiting, Hang.Limit), "someone was lost");
        _asked.RemoveAll(asking => !asking.IsWaiting);
    }

    /// <summary>As strict as the system's timers: they throw where a moment has passed.</summary>
    private sealed class StrictClock(FakeClock clock) : TimeProvider
    {
        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(clock.CreateTimer(callback, state, dueTime, period));

        private sealed class Timer(ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan((long)dueTime.TotalMilliseconds, -1);
                return timer.Change(dueTime, period);
            }

            public void Dispose() => timer.Dispose();

            public ValueTask DisposeAsync() => timer.DisposeAsync();
        }
    }
}

/// <summary>One request at the ring.</summary>
internal sealed class Asking
{
    private readonly CancellationTokenSource _gone;
    private readonly KeyRing _ring;
    private readonly Turn _turn;
    private Task<ApiKey?> _task;

    public Asking(KeyRing ring, Turn turn, CancellationToken gone)
    {
        (_ring, _turn, _gone) = (ring, turn, CancellationTokenSource.CreateLinkedTokenSource(gone));
        _task = ring.NextAsync(turn, _gone.Token).AsTask();
    }

    public bool IsWaiting => !_task.IsCompleted;
    public bool HasGone => _task.IsCanceled;
    public bool WasTurnedAway => _task.IsCompletedSuccessfully && _task.Result is null;

    /// <summary>The key's number, 0 where it has none.</summary>
    public int Number => _task.IsCompletedSuccessfully && _task.Result is { } key ? key.Number : 0;
    public int Tries => _turn.Tried.Count;
    public TimeSpan Soonest => TimeSpan.FromSeconds(_turn.Soonest);
    public TimeSpan SentAt => TimeSpan.FromSeconds(_turn.SentAt);
    public TimeSpan Deadline => TimeSpan.FromSeconds(_turn.Deadline);
    public string Model => _turn.Model;

    public void Report(int status, Sign sign) =>
        _ring.Report(Number > 0 ? _task.Result! : throw new AssertionException("It has no key."), _turn, status, sign);

    public void Again() => _task = _ring.NextAsync(_turn, _gone.Token).AsTask();

    public void GoAway() => _gone.Cancel();
}
