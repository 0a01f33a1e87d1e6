namespace Rotato.Tests.RateLimits;

/// <summary>
/// The figures that the design promises under more load than the keys may serve, in simulated time. Each is the average
/// of several runs with fixed seeds: the ring's own jitter and the upstream's chance make single runs differ.
/// </summary>
internal sealed class OverloadTests
{
    private const int Seeds = 10;

    // 300 requests with five keys that take 20 in 4 s each: two windows more, and the last answer.
    private const double Ideal = 8.1;

    [TestCase(Hint.None, 2.0)]
    [TestCase(Hint.WholeSeconds, 1.25)]
    [TestCase(Hint.Milliseconds, 1.25)]
    [TestCase(Hint.ResetWhenFull, 1.25)]
    public void AFixedWindowIsUsedUpWithFewRefusals(Hint hint, double ofIdeal)
    {
        var sustained = Average(Window(hint) with { Workers = 40 });
        var burst = Average(Window(hint) with { Workers = 300 });

        Assert.That((sustained.Served, burst.Served), Is.EqualTo((300, 300)));
        Assert.That(sustained.Seconds, Is.LessThanOrEqualTo(Ideal * ofIdeal), "sustained");
        Assert.That(burst.Seconds, Is.LessThanOrEqualTo(Ideal * ofIdeal), "in one burst");
        Assert.That(sustained.Refused, Is.LessThanOrEqualTo(0.2 * 300));
        Assert.That(sustained.LaterRefusals, Is.LessThanOrEqualTo(0.1 * 300), "beyond the first wave");
        Assert.That(burst.LaterRefusals, Is.LessThanOrEqualTo(0.1 * 300), "beyond the first wave");
    }

    [Test]
    public void ATokenBucketIsEmptiedAsItFills([Values] Hint hint)
    {
        var load = Window(hint) with { NewLimit = _ => new TokenBucket(20, 4) };
        var sustained = Average(load with { Workers = 40 });
        var burst = Average(load with { Workers = 300 });

        Assert.That((sustained.Served, burst.Served), Is.EqualTo((300, 300)));
        Assert.That(sustained.Seconds, Is.LessThanOrEqualTo(Ideal * 1.25), "sustained");
        Assert.That(burst.Seconds, Is.LessThanOrEqualTo(Ideal * 1.25), "in one burst");
        Assert.That(sustained.LaterRefusals, Is.LessThanOrEqualTo(0.2 * 300), "beyond the first wave");
        Assert.That(burst.LaterRefusals, Is.LessThanOrEqualTo(0.2 * 300), "beyond the first wave");
    }

    [TestCase(Hint.None)]
    [TestCase(Hint.Milliseconds)]
    public void AfterIdleTimeAWindowIsUsedUpAsWell(Hint hint)
    {
        var run = Average(Window(hint) with { Workers = 40 }, simulation => simulation.Pass(50));

        Assert.That(run.Served, Is.EqualTo(300));
        Assert.That(run.Seconds, Is.LessThanOrEqualTo(Ideal * 2));
        Assert.That(run.Refused, Is.LessThanOrEqualTo(0.2 * 300));
    }

    [TestCase(Hint.None)]
    [TestCase(Hint.Milliseconds)]
    public void TimeInWhichLittleWasAskedTeachesNoLongWindow(Hint hint)
    {
        var run = Average(Window(hint) with { Workers = 40 }, AskNowAndThen);

        Assert.That(run.Served, Is.EqualTo(300));
        Assert.That(run.Seconds, Is.LessThanOrEqualTo(Ideal * 2));
        Assert.That(run.Refused, Is.LessThanOrEqualTo(0.2 * 300));

        static void AskNowAndThen(Simulation simulation)
        {
            for (var i = 0; i < 20; i++)
            {
                _ = simulation.AskAsync();
                simulation.Pass(2);
            }
        }
    }

    [TestCase(Hint.None, false)]
    [TestCase(Hint.Milliseconds, true)]
    public void SlowAnswersCostFewRefusals(Hint hint, bool isBucket)
    {
        var run = Average(new Load(5, _ => isBucket ? new TokenBucket(60, 60) : new FixedWindow(60, 60))
        {
            Hint = hint,
            Workers = 450,
            Requests = 1500,
            Latency = (5, 30),
        });

        Assert.That(run.Served, Is.GreaterThanOrEqualTo(1499), "but for one that every key refused twice by chance");
        Assert.That(run.Refused, Is.LessThanOrEqualTo(0.3 * 1500));
    }

    /// <summary>Report A15: what is refused at random teaches no window.</summary>
    [TestCase(0.2, 30)]
    [TestCase(0.3, 60)]
    public void RandomRefusalsWithoutAHintTeachNoWindow(double share, double seconds)
    {
        var run = Average(new Load(3, random => new AtRandom(random, share))
        {
            Workers = 5,
            Requests = 150,
            Latency = (0.3, 0.3),
            RefusedIn = 0.2,
        }, seeds: 40);

        Assert.That(run.Served, Is.GreaterThanOrEqualTo(149), "but for one that every key refused twice by chance");
        Assert.That(run.Seconds, Is.LessThanOrEqualTo(seconds));
    }

    [Test]
    public void ALimitOfOneAtATimeIsKept()
    {
        var run = Average(new Load(2, _ => new SoManyAtOnce(1)) { Workers = 4, Requests = 24, Latency = (1, 1) }, seeds: 100);

        Assert.That(run.Served, Is.GreaterThanOrEqualTo(23.5), "but for one that every key refused twice");
        Assert.That(run.Seconds, Is.LessThanOrEqualTo(16), "12 are ideal");
    }

    /// <summary>Report A16.</summary>
    [TestCase(3)]
    [TestCase(6)]
    public void ALimitThatModelsShareCostsNobodyMuchMore(int models)
    {
        var load = new Load(2, _ => new FixedWindow(20, 6)) { Hint = Hint.Milliseconds, Workers = 16, Requests = 200 };
        var one = Average(load);
        var shared = Average(load with { Models = models });

        Assert.That((one.Served, shared.Served), Is.EqualTo((200, 200)));
        Assert.That(shared.Slowest, Is.LessThanOrEqualTo(one.Slowest * 1.5));
    }

    /// <summary>100 requests at once, 20 a minute and key.</summary>
    [TestCase(1, 20, 80)]
    [TestCase(5, 100, 0)]
    [TestCase(10, 100, 0)]
    public void AHundredAtOnceAreServedAsFarAsTheKeysGo(int keys, int served, int refused)
    {
        var run = Average(new Load(keys, _ => new FixedWindow(20, 60))
        {
            Hint = Hint.Milliseconds,
            Workers = 100,
            Requests = 100,
            Arguments = "--wait 30",
        });

        Assert.That((run.Served, run.TurnedAway, run.Refused), Is.EqualTo((served, 100 - served, refused)));
    }

    /// <summary>Reports A1 and A2 without words that would tell: always refused, and no hint.</summary>
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(5)]
    public void AnImpossibleRequestIsSentTwiceToEachKeyAndOthersWaitLittle(int keys)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            using var simulation = new Simulation(new Load(keys, _ => new FixedWindow(100_000, 1)), seed);
            simulation.Pass(10);
            var impossible = simulation.AskAsync(isRefused: true);
            for (var i = 0; i < 100; i++)
            {
                simulation.Pass(0.1);
                _ = simulation.AskAsync();
            }

            simulation.Pass(10);
            Assert.That(impossible.IsCompleted && !impossible.Result);
            Assert.That(simulation.Refused, Is.LessThanOrEqualTo(2 * keys));
            Assert.That(simulation.Served, Is.EqualTo(100));
            TestContext.Out.WriteLine($"seed {seed}: others wait up to {simulation.Slowest - 0.1:0.00} s");
            Assert.That(simulation.Slowest, Is.LessThanOrEqualTo(1.5 + 0.1));
        }
    }

    /// <summary>Report D7: 25 requests at one a second, one stray 429 without a hint, then a crowd.</summary>
    [Test]
    public void OneStrayRefusalBeforeACrowdMakesNoLongPause([Values(1, 2)] int keys, [Values(0, 3, 300)] int pause)
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var load = new Load(keys, _ => new FixedWindow(100_000, 1)) { Workers = 100, Requests = 100, Latency = (0.3, 0.3) };
            using var simulation = new Simulation(load, seed);
            for (var i = 0; i < 25; i++)
            {
                _ = simulation.AskAsync();
                simulation.Pass(1);
            }

            simulation.Limits[0].Strays = 1;
            for (var key = 0; key < keys; key++) _ = simulation.AskAsync();
            simulation.Pass(0.31 + pause);
            simulation.Reset();
            var seconds = simulation.Run();

            Assert.That(simulation.Served, Is.GreaterThanOrEqualTo(100));
            Assert.That(simulation.LongestPause, Is.LessThanOrEqualTo(1.5));
            Assert.That(seconds, Is.LessThanOrEqualTo(10));
        }
    }

    /// <summary>Report D7: what was learned is forgotten after a minute, also on trial.</summary>
    [Test]
    public void AKeyThatWasLeftOnTrialForMinutesServesACrowd()
    {
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var load = new Load(1, _ => new FixedWindow(100_000, 1)) { Workers = 100, Requests = 100, Latency = (0.3, 0.3) };
            using var simulation = new Simulation(load, seed);
            simulation.Limits[0].Strays = 40;
            for (var i = 0; i < 40; i++) _ = simulation.AskAsync();
            simulation.Pass(400);
            simulation.Reset();
            simulation.Run();

            Assert.That(simulation.Served, Is.EqualTo(100));
            Assert.That(simulation.LongestPause, Is.LessThanOrEqualTo(1.5));
        }
    }

    [Test]
    public void ALimitThatWasRaisedIsFound([Values(Hint.None, Hint.Milliseconds)] Hint hint)
    {
        var raised = Average(new Load(1, _ => new RaisedWindow(20, 60, 4, at: 40)) { Hint = hint, Workers = 30, Requests = 1400 });

        // Ten windows of 20, and then 60 each: 200 + 1,200 would take 40 s and 80 s; the old limit 280 s.
        // Without a hint one that the only key refuses twice is turned away.
        Assert.That(raised.Served, Is.GreaterThanOrEqualTo(hint == Hint.None ? 1400 * 0.99 : 1400));
        Assert.That(raised.Seconds, Is.LessThanOrEqualTo(190));
    }

    private static Load Window(Hint hint) => new(5, _ => new FixedWindow(20, 4)) { Hint = hint, Requests = 300 };

    private static Figures Average(Load load, Action<Simulation>? before = null, int seeds = Seeds)
    {
        var all = new List<Figures>();
        for (var seed = 1; seed <= seeds; seed++)
        {
            using var simulation = new Simulation(load, seed);
            before?.Invoke(simulation);
            simulation.Reset();
            var seconds = simulation.Run();
            all.Add(new(seconds, simulation.Served, simulation.TurnedAway, simulation.Refused, simulation.LaterRefusals,
                simulation.Slowest));
        }

        var average = new Figures(all.Average(run => run.Seconds), all.Average(run => run.Served),
            all.Average(run => run.TurnedAway), all.Average(run => run.Refused), all.Average(run => run.LaterRefusals),
            all.Average(run => run.Slowest));
        TestContext.Out.WriteLine($"{load.Workers} workers: {average}");
        return average;
    }

    private sealed record Figures(
        double Seconds, double Served, double TurnedAway, double Refused, double LaterRefusals, double Slowest);

    /// <summary>A window whose limit somebody raises.</summary>
    private sealed class RaisedWindow(int before, int after, double seconds, double at) : UpstreamLimit
    {
        private readonly FixedWindow _before = new(before, seconds);
        private readonly FixedWindow _after = new(after, seconds);

        protected override Taken TakeOne(double now) => now < at ? _before.Take(now) : _after.Take(now);
    }
}
