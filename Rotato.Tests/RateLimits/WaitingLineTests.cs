using Rotato.Tests.Infra;

namespace Rotato.Tests.RateLimits;

/// <summary>The line before the keys: first come first served, to the deadline and no longer.</summary>
internal sealed class WaitingLineTests
{
    private const double Hint = 10;

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
            var expected = Enumerable.Range(1, 5).Select(place => place <= served);
            Assert.That(line.Select(turn => !turn.IsWaiting), Is.EqualTo(expected));
        }
    }

    [Test]
    public void ItIsSoAcrossModels()
    {
        var ring = new RingUnderTest(1, "--rpm 1 --wait 3600");
        ring.Ask();
        var line = new List<Asking>();
        foreach (var model in new[] { "b", "a", "c", "a", "b" })
        {
            line.Add(ring.Ask(model));
            ring.Pass(0.1);
        }

        for (var served = 1; served <= 5; served++)
        {
            ring.Pass(60);
            var expected = Enumerable.Range(1, 5).Select(place => place <= served);
            Assert.That(line.Select(turn => !turn.IsWaiting), Is.EqualTo(expected));
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
        ring.RefuseAndAskAgain(second, 5);
        // Of the two keys the first has now refused the second request too.
        Assert.That(second.Number, Is.EqualTo(1));
        ring.RefuseAndAskAgain(second, 5);
        var third = ring.Ask();
        ring.Pass(0.01);
        ring.RefuseAndAskAgain(first, 5);
        Assert.That(first.IsWaiting && second.IsWaiting && third.IsWaiting);

        ring.Pass(5.01);
        Assert.That(
            (first.IsWaiting, second.IsWaiting, third.IsWaiting), Is.EqualTo((false, false, true)), "a trial on each");
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
        ring.RefuseAndAskAgain(second, 5);
        ring.RefuseAndAskAgain(first, 5);
        ring.Pass(5.01);

        Assert.That((first.IsWaiting, second.IsWaiting), Is.EqualTo((false, true)));
    }

    [Test]
    public void WhoWasRefusedIsServedBeforeThoseWhoCameLaterThoughTheTrialsAnswerStillStreams()
    {
        var ring = new RingUnderTest(1);
        var first = ring.Ask();
        ring.Pass(0.01);
        var second = ring.Ask();
        ring.RefuseAndAskAgain(first, 5);
        ring.RefuseAndAskAgain(second, 5);
        ring.Pass(0.01);
        var late = ring.AskMany(3);
        ring.Pass(5.02);
        Assert.That((first.IsWaiting, second.IsWaiting, late[0].IsWaiting), Is.EqualTo((false, true, true)));
        ring.AnswerHead(first);

        Assert.That(second.IsWaiting, Is.False);
        Assert.That(late[2].IsWaiting, "two may go");
    }

    [Test]
    public void APinnedRequestInLineIsServedWhenItsKeyIsReadyAndNotLater()
    {
        var ring = new RingUnderTest(1);
        var refused = ring.Ask();
        ring.Refuse(refused, 5);
        var pinned = ring.Ask(new Scope(RingUnderTest.Chat, "m"), pinned: 1);
        ring.Pass(0.01);
        var late = ring.Ask();
        ring.Pass(5.1);
        Assert.That((pinned.IsWaiting, late.IsWaiting), Is.EqualTo((false, true)));
        ring.AnswerHead(pinned);
        Assert.That(late.IsWaiting, Is.False);
    }

    [Test]
    public void OneThatIsRefusedAgainAndAgainDoesNotTakeEveryTrialFromOthers()
    {
        var ring = new RingUnderTest(1, "--wait 600");
        var greedy = ring.Ask();
        ring.RefuseAndAskAgain(greedy, 50);
        var modest = ring.Ask();
        for (var trials = 1; modest.IsWaiting; trials++)
        {
            Assert.That(trials, Is.LessThan(5));
            ring.Pass(51);
            if (!greedy.IsWaiting) ring.RefuseAndAskAgain(greedy, 50);
        }
    }

    [Test]
    public void OneThatWasSentBackInTheLineIsToldAtItsOwnDeadlineAllTheSame()
    {
        var ring = new RingUnderTest(1, "--wait 30");
        var greedy = ring.Ask();
        for (var tries = 0; tries < 4; tries++)
        {
            ring.RefuseAndAskAgain(greedy, 2);
            ring.Pass(2.1);
            Assert.That(greedy.Number, Is.EqualTo(1));
        }

        // These come later, and their time is over later. All that go ahead of it are silent.
        var others = ring.AskMany(6);
        ring.Pass(0.1);
        ring.RefuseAndAskAgain(greedy, 15);
        ring.PassUntil(29.9);
        Assert.That(greedy.IsWaiting && others[0].Number == 1 && others[5].IsWaiting);
        ring.PassUntil(30.1);

        Assert.That(greedy.WasTurnedAway, "its time is over");
        Assert.That(others[5].IsWaiting);
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

    [TestCase("--wait 30", 30, true)]
    [TestCase("--wait 30", 30.1, false)]
    [TestCase("", 30, true)]
    [TestCase("", 31, false)]
    [TestCase("--wait 0", 0.5, false)]
    [TestCase("--wait 60", 31, true)]
    public void WhoCannotBeInTimeIsToldAtOnce(string arguments, double rest, bool waits)
    {
        var ring = new RingUnderTest(2, arguments);
        ring.Refuse(ring.Ask(), rest + 5);
        ring.Refuse(ring.Ask(), rest);
        var turn = ring.Ask();

        Assert.That(turn.IsWaiting, Is.EqualTo(waits));
        if (waits) return;
        Assert.That(turn.WasTurnedAway);
        Assert.That(turn.Soonest, Is.EqualTo(rest), "by the key that is ready first");
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
        var first = ring.Ask();
        var second = ring.Ask();
        ring.Refuse(first, Hint);
        var waiting = ring.Ask();
        Assert.That(waiting.IsWaiting);
        ring.Refuse(second, 100);

        Assert.That(waiting.WasTurnedAway);
        Assert.That(waiting.Soonest, Is.EqualTo(100));
    }

    [Test]
    public void TheDeadlineEndsAWaitInLine()
    {
        var ring = new RingUnderTest(1, "--wait 12");
        ring.Refuse(ring.Ask(), Hint);
        var crowd = ring.AskMany(6);
        // A trial, and a second one after a second; both are silent.
        ring.Pass(11.5);
        Assert.That(crowd.Count(turn => turn.Number > 0), Is.EqualTo(2));
        ring.Pass(0.51);

        Assert.That(crowd.Count(turn => turn.IsWaiting), Is.Zero);
        Assert.That(crowd.Count(turn => turn.WasTurnedAway), Is.InRange(3, 4));
        Assert.That(crowd.Last(turn => turn.WasTurnedAway).Soonest, Is.GreaterThan(0));
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
    public void WhoWaitsForABusyKeyIsToldAtItsDeadline()
    {
        var ring = new RingUnderTest(1, "--concurrent 1 --wait 5");
        ring.Ask();
        var waiting = ring.Ask();
        ring.Pass(4.9);
        Assert.That(waiting.IsWaiting);
        ring.Pass(0.2);

        Assert.That(waiting.WasTurnedAway);
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

    /// <summary>
    /// Whoever leaves in the very moment in which its turn comes has it or has it not; either way it is not lost.
    /// </summary>
    [TestCase("--concurrent 1 --wait 60")]
    [TestCase("--rpm 1 --wait 3600")]
    [TestCase("--wait 60")]
    public void ATurnThatComesAsItsClientLeavesIsGivenBack(string arguments)
    {
        var gone = 0;
        for (var round = 0; round < 500; round++)
        {
            var ring = new RingUnderTest(1, arguments);
            var isBusy = arguments.StartsWith("--concurrent", StringComparison.Ordinal);
            var first = ring.Ask();
            if (arguments == "--wait 60") ring.Refuse(first, 1);
            else if (!isBusy) ring.Answer(first);
            var leaving = ring.Ask();
            var next = ring.Ask();
            Assert.That(leaving.IsWaiting && next.IsWaiting);
            var move = arguments switch
            {
                "--concurrent 1 --wait 60" => () => ring.Answer(first),
                "--rpm 1 --wait 3600" => () => ring.Pass(60.1),
                _ => (Action)(() => ring.Pass(1.1)),
            };
            using var together = new Barrier(2);
            var leave = Task.Run(() =>
            {
                together.SignalAndWait();
                leaving.GoAway();
            });
            together.SignalAndWait();
            move();
            Assert.That(leave.Wait(Hang.Limit));
            Assert.That(SpinWait.SpinUntil(() => !leaving.IsWaiting, Hang.Limit));
            if (leaving.HasGone) gone++;
            else ring.Fail(leaving, 499);
            // A turn of --rpm is used up where it had it.
            if (!leaving.HasGone && arguments.StartsWith("--rpm", StringComparison.Ordinal)) ring.Pass(60.1);

            Assert.That(SpinWait.SpinUntil(() => next.Number == 1, Hang.Limit), $"round {round}: the turn was lost");
            ring.Answer(next);
            var view = ring.View(1);
            Assert.That(view.Requests, Is.EqualTo(view.Ok + view.Limited + view.Failed));
        }

        TestContext.Out.WriteLine($"{gone} of 500 had gone");
    }
}
