namespace Rotato.Tests.RateLimits;

/// <summary>Keys, rests and trials, as written sequences on a clock that moves only when told to.</summary>
internal sealed class KeyRingTests
{
    private const double Hint = 10;

    private static readonly Evidence DeadKey = new(401) { Meaning = Meaning.KeyInvalid };
    private static readonly Evidence NoMoney = new(429) { Meaning = Meaning.FundsUsedUp };

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
        var early = ring.Ask();
        var late = ring.Ask();
        ring.Pass(0.1);
        ring.Refuse(early, null);
        ring.Pass(5);
        // Of the same wave, so there is no further strike; the key's second of rest has long passed.
        ring.RefuseAndAskAgain(late, null);
        ring.Pass(1.3);

        Assert.That(late.Number, Is.EqualTo(1));
    }

    [Test]
    public void WithinAPassItDoesNotComeBackToAKeyThatIsReadyAgain(
        [Values("sticky", "headroom", "round-robin")] string strategy)
    {
        var ring = new RingUnderTest(4, $"--strategy {strategy}");
        var turn = ring.Ask();
        var tried = new List<int>();
        for (var pass = 0; pass < 4; pass++)
        {
            tried.Add(turn.Number);
            // By then the keys before are ready again.
            ring.Pass(0.05);
            ring.RefuseAndAskAgain(turn, 0.02);
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
            ring.Refuse(turn, null);
            turn = ring.Ask();
            ring.Pass((expected * 0.8) - 0.01);
            Assert.That(turn.IsWaiting);
            ring.Pass((expected * 0.4) + 0.02);
            Assert.That(turn.Number, Is.EqualTo(1));
        }
    }

    [Test]
    public void OneRequestGivesALimitAtMostOneStrike()
    {
        var ring = new RingUnderTest(1, "--wait 100");
        var turn = ring.Ask();
        ring.RefuseAndAskAgain(turn, null);
        ring.Pass(1.3);
        ring.Refuse(turn, null);
        var next = ring.Ask();
        ring.Pass(1.3);

        Assert.That(next.Number, Is.EqualTo(1), "again the rest of a first strike");
    }

    [Test]
    public void AfterARestOneTriesThenTwoGoAndThenOneMoreForEveryFourAnswers()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        var crowd = ring.AskMany(30);
        ring.Pass(10.1);
        Assert.That(crowd.Count(turn => !turn.IsWaiting), Is.EqualTo(1));

        for (var answers = 1; answers <= 16; answers++)
        {
            ring.Answer(crowd[answers - 1]);
            Assert.That(crowd.Count(turn => !turn.IsWaiting) - answers, Is.EqualTo(2 + (answers / 4)));
        }
    }

    [Test]
    public void AKeyIsOnTrialUntilTheAnswerIsThere()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        Assert.That(ring.StateFor(1), Is.EqualTo("resting"));
        ring.Pass(10.1);
        Assert.That(ring.StateFor(1), Is.EqualTo("trial"));
        var trial = ring.Ask();
        Assert.That(ring.StateFor(1), Is.EqualTo("trial"));
        ring.Answer(trial);
        Assert.That(ring.StateFor(1), Is.EqualTo("ready"));
    }

    [Test]
    public void WhileATrialIsSilentOneMoreTriesAfterASecondAndOthersEveryFive()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), Hint);
        var crowd = ring.AskMany(5);
        foreach (var (moment, tried) in new[] { (10.01, 1), (10.99, 1), (11.1, 2), (15.9, 2), (16.1, 3), (21.2, 4) })
        {
            ring.PassUntil(moment);
            Assert.That(crowd.Count(turn => !turn.IsWaiting), Is.EqualTo(tried), $"at {moment} s");
        }
    }

    [Test]
    public void WhoWaitsForATrialIsNotToldBeforeItsTimeIsOver()
    {
        var ring = new RingUnderTest(1, "--wait 2");
        ring.Refuse(ring.Ask(), 1.5);
        var crowd = ring.AskMany(3);
        ring.Pass(1.6);
        Assert.That(
            crowd.Select(turn => turn.IsWaiting), Is.EqualTo([false, true, true]), "the trial's answer may be in time");
        ring.Answer(crowd[0]);
        Assert.That(crowd.Select(turn => turn.Number), Is.All.EqualTo(1));
    }

    [Test]
    public void WhileATrialIsSilentItIsToldWhenAnotherMayGo()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Refuse(ring.Ask(), Hint);
        ring.Pass(10.1);
        ring.Ask();
        ring.Pass(0.25);

        Assert.That(ring.Ask().Soonest, Is.EqualTo(0.75).Within(0.01));
    }

    [Test]
    public void AHintShorterThanALearnedWindowIsKept()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Answer(ring.Ask());
        ring.Pass(0.3);
        ring.Refuse(ring.Ask(), 0.1);
        Assert.That(ring.Ask().Soonest, Is.EqualTo(0.1).Within(0.001));
        ring.Pass(0.11);
        Assert.That(ring.Ask().Number, Is.EqualTo(1));
    }

    /// <summary>499: the client has gone.</summary>
    [TestCase(500)]
    [TestCase(529)]
    [TestCase(502)]
    [TestCase(404)]
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
            if (status == 499) ring.Fail(trial, status);
            else ring.Answer(trial, status);
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
        Assert.That((ring.State(1), ring.StateFor(1)), Is.EqualTo(("ready", "ready")));
        ring.Refuse(ring.Ask(), Hint);
        var trial = ring.Ask();
        ring.Pass(10.01);
        ring.Answer(trial, status);
        Assert.That(ring.StateFor(1), Is.EqualTo("trial"), "it says nothing of the limit");
        var next = ring.Ask();
        ring.Pass(1.01);
        Assert.That(next.Number, Is.EqualTo(1));
    }

    [Test]
    public void AKeyThatSawTheLimitOnceDoesNotRunIntoItAgain()
    {
        // 20 in windows of 4 s, which begin with the first request.
        var ring = new RingUnderTest(1, "--wait 60");
        var turns = ring.AskMany(23);
        foreach (var turn in turns.Take(20)) ring.Answer(turn);
        foreach (var turn in turns.Skip(20)) ring.Refuse(turn, 3.9);
        var crowd = ring.AskMany(60);
        ring.Pass(3.91);
        for (var answered = 0; crowd.Count(turn => !turn.IsWaiting) > answered; answered++)
            ring.Answer(crowd[answered]);

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
        Assert.That((ring.State(1), ring.Reason(1)), Is.EqualTo(("ready", (string?)null)), "it can serve others");
    }

    [Test]
    public void ARestIsForTheEndpointThatRefused()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(new Scope("/v1/messages/count_tokens", "m")), Hint);

        Assert.That(ring.Ask(new Scope("/v1/messages", "m")).Number, Is.EqualTo(1));
        Assert.That(ring.Ask(new Scope("/v1/messages/count_tokens", "m")).IsWaiting);
    }

    [Test]
    public void WithoutAModelTheRestIsForItsEndpointAlone()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(new Scope("/v1/files", "")), Hint);

        Assert.That(ring.Ask("big").Number, Is.EqualTo(1));
        Assert.That(ring.Ask(new Scope("/v1/files", "")).IsWaiting);
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

    [TestCase("dead", 10)]
    [TestCase("unpaid", 60)]
    public void WhatIsAboutTheKeyItselfRestsItForAllModels(string what, int minutes)
    {
        var ring = new RingUnderTest(2, "--wait 86400");
        ring.Answer(ring.Ask("big"), what == "dead" ? DeadKey : NoMoney);
        Assert.That(Enumerable.Range(0, 4).Select(_ => ring.Ask("small").Number), Is.All.EqualTo(2));
        Assert.That(ring.State(1), Is.EqualTo("unusable"));
        Assert.That(ring.Reason(1), Does.Contain(what == "dead" ? "refuses this key" : "money"));
        Assert.That(ring.View(1).RestSeconds, Is.EqualTo(minutes * 60));

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
    public void ARateLimitClearsTheTrialOfAKeyThatWasDead()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Answer(ring.Ask("big"), DeadKey);
        ring.Pass(600.1);
        ring.Refuse(ring.Ask("big"), Hint);

        Assert.That(ring.State(1), Is.EqualTo("ready"), "the API knows the key");
        Assert.That(ring.AskMany(3, "small").Select(turn => turn.Number), Is.All.EqualTo(1));
    }

    [Test]
    public void AKeyThatWasLookedAfterMayBeTriedAtOnce()
    {
        var ring = new RingUnderTest(1, "--wait 0");
        ring.Answer(ring.Ask(), DeadKey);
        Assert.That(ring.Ask().WasTurnedAway);
        ring.Ring.Replace(ring.Keys);

        Assert.That(ring.Ask().Number, Is.EqualTo(1));
    }

    [Test]
    public void KeysOfOneOrganisationRestTogetherAndItIsSaidOnce()
    {
        var ring = new RingUnderTest(3);
        string[] owners = ["org-a", "org-b", "org-a"];
        for (var round = 0; round < 3; round++)
        {
            foreach (var turn in ring.AskMany(3))
                ring.Answer(turn, new Evidence(200) { Organisation = owners[turn.Number - 1] });
            // An answer that does not come from the API itself does not name it.
            foreach (var turn in ring.AskMany(3)) ring.Answer(turn, 502);
        }

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
        Assert.That(ring.Warnings[0], Does.Contain("1").And.Contain("3").And.Not.Contain("2"));
        Assert.That(ring.Warnings[0], Does.Contain("organisation"));
        ring.Refuse(ring.Ask(), Hint);
        Assert.That(Enumerable.Range(0, 4).Select(_ => ring.Ask().Number), Is.All.EqualTo(2));
        Assert.That(
            (ring.StateFor(1), ring.StateFor(2), ring.StateFor(3)), Is.EqualTo(("resting", "ready", "resting")));
    }

    [Test]
    public void ItIsSaidOnceHoweverManyKeysShareALimit()
    {
        var ring = new RingUnderTest(4);
        NameOrganisation(ring, 4);

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
    }

    [Test]
    public void ADeadKeyDoesNotRestItsOrganisation()
    {
        var ring = new RingUnderTest(2);
        NameOrganisation(ring, 2);
        ring.Answer(ring.Ask(), DeadKey);

        Assert.That((ring.State(1), ring.State(2)), Is.EqualTo(("unusable", "ready")));
        Assert.That(ring.Ask().Number, Is.EqualTo(2));
    }

    [Test]
    public void OnlyTheRateLimitIsSharedAndNoOtherRestOfTheKeyThatMetIt()
    {
        var ring = new RingUnderTest(2);
        NameOrganisation(ring, 2);
        var first = ring.Ask();
        var second = ring.Ask();
        ring.Answer(second);
        ring.Answer(ring.Ask(), DeadKey);
        ring.Refuse(first, Hint);
        Assert.That((first.Number, ring.StateFor(2)), Is.EqualTo((1, "resting")));
        Assert.That((ring.State(1), ring.State(2)), Is.EqualTo(("unusable", "ready")));
        ring.Pass(10.1);

        Assert.That((ring.State(1), ring.StateFor(2)), Is.EqualTo(("unusable", "trial")));
    }

    [Test]
    public void ThatOneKeyHasNoAccessToAModelDoesNotKeepItsOrganisationFromIt()
    {
        var ring = new RingUnderTest(2, "--wait 0");
        NameOrganisation(ring, 2);
        var noAccess = new Evidence(403) { Meaning = Meaning.NoAccess, Organisation = "org-a" };
        var first = ring.Ask();
        ring.Ask();
        var third = ring.Ask();
        Assert.That((first.Number, third.Number), Is.EqualTo((1, 1)));
        ring.AnswerAndAskAgain(first, noAccess);
        Assert.That(first.Number, Is.EqualTo(2));
        ring.Answer(first, new Evidence(200) { Organisation = "org-a" });
        Assert.That(ring.StateFor(1), Is.EqualTo("resting"));
        ring.AnswerAndAskAgain(third, noAccess);

        Assert.That(third.Number, Is.EqualTo(2), "the second key's project has access");
        Assert.That(ring.StateFor(2), Is.EqualTo("ready"));
    }

    [Test]
    public void ARestThatIsOverIsNotShared()
    {
        var ring = new RingUnderTest(2);
        ring.Answer(ring.Ask(), new Evidence(200) { Organisation = "org-a" });
        ring.Refuse(ring.Ask(), 5);
        ring.Pass(100);
        // Key 2 becomes known as of the same organisation only now.
        var turns = ring.AskMany(2);
        foreach (var turn in turns) ring.Answer(turn, new Evidence(200) { Organisation = "org-a" });

        Assert.That((ring.StateFor(1), ring.StateFor(2)), Is.EqualTo(("ready", "ready")));
    }

    [Test]
    public void KeysOfOneOrganisationAtDifferentApisShareNothing()
    {
        var ring = new RingUnderTest(2, apis: 2);
        var first = ring.Ask(new Scope("/v1/x", ""), api: 0);
        var second = ring.Ask(new Scope("/v1/x", ""), api: 1);
        Assert.That((first.Number, second.Number), Is.EqualTo((1, 2)));
        ring.Answer(first, new Evidence(200) { Organisation = "org-a" });
        ring.Answer(second, new Evidence(200) { Organisation = "org-a" });
        ring.Refuse(ring.Ask(new Scope("/v1/x", ""), api: 0), Hint);

        Assert.That(ring.Ask(new Scope("/v1/x", ""), api: 1).Number, Is.EqualTo(2));
        Assert.That(ring.Warnings.Where(text => text.Contains("share", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void KeysThatNameNoOrganisationAreOfNone()
    {
        var ring = new RingUnderTest(2);
        foreach (var turn in ring.AskMany(2)) ring.Answer(turn);
        ring.Refuse(ring.Ask(), 4);

        Assert.That((ring.StateFor(1), ring.StateFor(2)), Is.EqualTo(("resting", "ready")));
        Assert.That(ring.Warnings, Is.Empty);
    }

    [Test]
    public void AnAnswerThatForeseesTheLimitSavesA429()
    {
        var ring = new RingUnderTest(1);
        ring.Answer(ring.Ask(), new Evidence(200) { EmptyFor = Hint, Remaining = 0, RemainingFor = Hint });
        var next = ring.Ask();

        Assert.That(ring.StateFor(1), Is.EqualTo("resting"));
        Assert.That(ring.ReasonFor(1), Does.Contain("nothing left"));
        ring.Pass(9.99);
        Assert.That(next.IsWaiting);
        ring.Pass(0.02);
        Assert.That(next.Number, Is.EqualTo(1));
        Assert.That(ring.View(1).Limited, Is.Zero);
    }

    [Test]
    public void ARequestGoesToTheKeysOfItsApiAlone()
    {
        var ring = new RingUnderTest(4, apis: 2);

        Assert.That(
            Enumerable.Range(0, 4).Select(_ => ring.Ask(new Scope("/v1/x", "m"), api: 1).Number),
            Is.EqualTo([2, 4, 2, 4]));
    }

    [Test]
    public void APinnedRequestWaitsForItsKeyThoughOthersAreReady()
    {
        var ring = new RingUnderTest(3);
        var pinned = ring.Ask(new Scope(RingUnderTest.Chat, "m"), pinned: 2);
        Assert.That(pinned.Number, Is.EqualTo(2));
        ring.Refuse(pinned, Hint);
        var next = ring.Ask(new Scope(RingUnderTest.Chat, "m"), pinned: 2);

        Assert.That(next.IsWaiting);
        Assert.That(ring.AskMany(4).Select(turn => turn.Number), Has.None.EqualTo(2).And.None.EqualTo(0));
        ring.Pass(10.1);
        Assert.That(next.Number, Is.EqualTo(2));
    }

    [Test]
    public void ARequestThatEveryKeyRefusesTwiceWithoutAHintIsAtFaultItselfAndItsRefusalsAreNoStrikes()
    {
        var ring = new RingUnderTest(2, "--wait 60");
        var impossible = ring.Ask();
        var tries = 0;
        for (; !impossible.WasTurnedAway; tries++)
        {
            Assert.That(tries, Is.LessThan(4), "twice per key");
            if (impossible.IsWaiting) ring.Pass(1.3);
            ring.RefuseAndAskAgain(impossible, null);
        }

        Assert.That(tries, Is.EqualTo(4));
        Assert.That(ring.Ring.TryPardonKeys(impossible.Request));
        ring.Pass(1.3);
        foreach (var turn in ring.AskMany(2)) ring.Refuse(turn, null);
        Assert.That(new[] { ring.RestFor(1), ring.RestFor(2) }, Is.All.InRange(0.8, 1.2), "the first strike of each");
    }

    [Test]
    public void WhereAKeyGaveAHintTheRequestIsNotAtFault()
    {
        var ring = new RingUnderTest(2, "--wait 5");
        var turn = ring.Ask();
        ring.RefuseAndAskAgain(turn, 100);
        ring.RefuseAndAskAgain(turn, null);
        ring.Pass(1.3);
        ring.RefuseAndAskAgain(turn, null);

        Assert.That(turn.WasTurnedAway);
        Assert.That(ring.Ring.TryPardonKeys(turn.Request), Is.False);
    }

    [Test]
    public void WhereAKeyRestsFromBeforeTheRequestIsNotAtFaultEither()
    {
        var ring = new RingUnderTest(2, "--wait 5");
        ring.Refuse(ring.Ask(), 100);
        var turn = ring.Ask();
        Assert.That(turn.Number, Is.EqualTo(2));
        ring.RefuseAndAskAgain(turn, null);
        ring.Pass(1.3);
        ring.RefuseAndAskAgain(turn, null);

        Assert.That(turn.WasTurnedAway);
        Assert.That(ring.Ring.TryPardonKeys(turn.Request), Is.False, "key 1 has not refused it");
        Assert.That(turn.Soonest, Is.EqualTo(98.7).Within(0.1));
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
        (double Moment, int Served)[] expected =
            [(59.99, 0), (60.01, 1), (69.99, 1), (70.02, 2), (79.99, 2), (80.03, 3), (119.99, 3), (120.05, 4)];
        foreach (var (moment, served) in expected)
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
        Assert.That(turns[100].Soonest, Is.EqualTo(60));
        Assert.That((ring.State(1), ring.Reason(1)), Is.EqualTo(("resting", "its --rpm is used up")));
    }

    [Test]
    public void WithConcurrentAKeyHasSoManyUnderWayAndTheNextGoesWhenOneHasEnded()
    {
        var ring = new RingUnderTest(2, "--concurrent 2");
        var turns = ring.AskMany(6);
        Assert.That(turns.Select(turn => turn.Number), Is.EqualTo([1, 2, 1, 2, 0, 0]));

        ring.AnswerHead(turns[0]);
        Assert.That(turns[4].IsWaiting, "its answer still streams");
        turns[0].End(200);
        ring.Settle();
        Assert.That((turns[4].Number, turns[5].IsWaiting), Is.EqualTo((1, true)));
        ring.Fail(turns[1], 499);
        Assert.That(turns[5].Number, Is.EqualTo(2));
    }

    [TestCase(-1)]
    [TestCase(1)]
    [TestCase(-10_000)]
    public void SettingTheWallClockNeitherFreesNorJailsAKey(int hours)
    {
        var ring = new RingUnderTest(2, "--rpm 1 --wait 3600");
        ring.Refuse(ring.Ask(), 100);
        ring.Ask();
        var second = ring.Ask();
        var first = ring.Ask();
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
    public void HeadroomGoesWhereMostIsLeft()
    {
        var ring = new RingUnderTest(3, "--strategy headroom");
        int[] left = [5, 50, 20];
        for (var i = 0; i < 3; i++)
        {
            var turn = ring.Ask();
            ring.Answer(turn, new Evidence(200) { Remaining = left[turn.Number - 1] });
        }

        Assert.That(ring.Ask().Number, Is.EqualTo(2));
        ring.Refuse(ring.Ask(), Hint);
        Assert.That(ring.Ask().Number, Is.EqualTo(3));
    }

    [Test]
    public void ALongRestIsSaidOnceWithItsReason()
    {
        var ring = new RingUnderTest(2);
        var turns = ring.AskMany(20);
        foreach (var turn in turns.Where(turn => turn.Number == 1)) ring.Answer(turn, DeadKey);

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
        Assert.That(ring.Warnings[0], Does.Contain("key 1").And.Contain("refuses").And.Contain("600 s"));
    }

    [Test]
    public void ARestOfFiveSecondsIsSaidWithKeyModelTimeAndReason()
    {
        var ring = new RingUnderTest(2);
        ring.Refuse(ring.Ask("gpt-4o"), 5);

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
        Assert.That(ring.Warnings[0], Does.Contain("key 1").And.Contain("gpt-4o").And.Contain("5 s"));
        Assert.That(ring.Warnings[0], Does.Contain("rate limit"));
    }

    [Test]
    public void AShorterRestIsNotWorthAWord()
    {
        var ring = new RingUnderTest(2);
        ring.Refuse(ring.Ask(), 4.9);
        ring.Refuse(ring.Ask(), null);

        Assert.That(ring.Warnings, Is.Empty);
    }

    [Test]
    public void ALongRestIsSaidThoughItBeginsWithinAShortOne()
    {
        var ring = new RingUnderTest(1);
        var first = ring.Ask();
        var second = ring.Ask();
        ring.Refuse(first, 2);
        ring.Answer(second, NoMoney);

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
    }

    [Test]
    public void ALongRestIsSaidWhenATrialBringsIt()
    {
        var ring = new RingUnderTest(1);
        ring.Refuse(ring.Ask(), 2);
        ring.Pass(3);
        ring.Answer(ring.Ask(), NoMoney);

        Assert.That(ring.Warnings, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task ManyThreadsShareTheKeysFairly()
    {
        var options = RingUnderTest.Options("--rpm 100 --wait 0");
        var ring = new KeyRing(options.Strategy, options.Wait, TimeProvider.System, _ => { });
        var api = RingUnderTest.NewApi(0);
        ring.Replace([.. Enumerable.Range(1, 4).Select(number => new KeyState(number, null, api, options.Rules))]);
        var used = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            var numbers = new List<int>();
            while (await ring.NextAsync(new(api, new("/v1/x", "m"), ring.DeadlineFromNow), default) is { } key)
                numbers.Add(key.Number);
            return numbers;
        })));

        Assert.That(
            used.SelectMany(numbers => numbers).CountBy(number => number).Select(pair => pair.Value),
            Is.EqualTo([100, 100, 100, 100]));
    }

    private static void NameOrganisation(RingUnderTest ring, int keys)
    {
        foreach (var turn in ring.AskMany(keys)) ring.Answer(turn, new Evidence(200) { Organisation = "org-a" });
    }
}
