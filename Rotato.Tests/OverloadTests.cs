using Rotato.Tests.Infra;

namespace Rotato.Tests;

/// <summary>
/// Three times as many requests as the keys may serve, in simulated time: the ring as it is, before an upstream that counts. Everything happens on
/// one thread and by one clock. <see cref="Demonstration"/> is the same with the whole product, sockets and real time.
/// </summary>
internal sealed class OverloadTests
{
    private const int Keys = 5, Limit = 20, Requests = 300, Workers = 40;
    private const double Window = 4, Latency = 0.1, Ideal = 8.1;

    /// <summary>What the 429s of an upstream say; the last one is told by the answer that takes the last as well.</summary>
    public enum Hint
    {
        None,
        Milliseconds,
        WholeSeconds,
        ResetWhenFull,
    }

    [Test]
    public void AFixedWindowIsUsedUpWithFewRefusals([Values] Hint hint, [Values] bool inOneBurst)
    {
        var run = new Simulation(hint, hasTokens: false, inOneBurst ? Requests : Workers).Run();

        Assert.That(run.Served, Is.EqualTo(Requests));
        Assert.That(run.LaterRefusals, Is.LessThanOrEqualTo(Requests / 10), "beyond those under way when the first was refused");
        Assert.That(run.Seconds, Is.LessThan(Ideal * (hint == Hint.None ? 2 : 1.25)));
    }

    [TestCase(50, 0)]
    [TestCase(0, 20)]
    public void TimeInWhichLittleWasAskedTeachesNoLongWindow(int idle, int few)
    {
        var run = new Simulation(Hint.Milliseconds, hasTokens: false, Workers, idle, few).Run();

        Assert.That(run.Served, Is.EqualTo(Requests));
        Assert.That(run.Seconds, Is.LessThan(Ideal * 2));
    }

    [Test]
    public void ATokenBucketIsEmptiedAsItFills([Values] Hint hint, [Values] bool inOneBurst)
    {
        var run = new Simulation(hint, hasTokens: true, inOneBurst ? Requests : Workers).Run();

        Assert.That(run.Served, Is.EqualTo(Requests));
        Assert.That(run.LaterRefusals, Is.LessThanOrEqualTo(Requests / 5), "beyond those under way when the first was refused");
        Assert.That(run.Seconds, Is.LessThan(Ideal * 1.25));
    }

    /// <summary>Requests go to the ring and, with the key it gives, to a bucket for each key.</summary>
    private sealed class Simulation(Hint hint, bool hasTokens, int workers, int idle = 0, int few = 0) : SynchronizationContext
    {
        private readonly FakeClock _clock = new();
        private readonly Queue<(SendOrPostCallback Go, object? State)> _ready = new();
        private readonly Bucket[] _buckets = [.. Enumerable.Range(0, Keys).Select(_ => new Bucket(hasTokens))];
        private int _left = Requests, _working;
        private double _began, _firstRefusal = double.MaxValue;

        public int Served { get; private set; }

        /// <summary>Refusals of what arrived after the first one had come back.</summary>
        public int LaterRefusals { get; private set; }

        /// <summary>Since the load began: after so many idle seconds, and so many requests one every two seconds.</summary>
        public double Seconds => _clock.Elapsed.TotalSeconds - _began;

        public override void Post(SendOrPostCallback d, object? state)
        {
            lock (_ready) _ready.Enqueue((d, state));
        }

        public Simulation Run()
        {
            var options = new Options(["--wait", "60", .. Enumerable.Range(1, Keys).Select(n => $"key-{n}")], _ => null, _ => "");
            var ring = new KeyRing(options, _clock, _ => { });
            var before = Current;
            SetSynchronizationContext(this);
            _clock.Advance(idle);
            var all = _left;
            for (var one = 0; one < few; one++)
            {
                _left = _working = 1;
                _ = WorkAsync(ring);
                Go(2);
            }

            (_began, _left, _working, Served) = (_clock.Elapsed.TotalSeconds, all, workers, 0);
            for (var worker = 0; worker < workers; worker++) _ = WorkAsync(ring);
            while (_working > 0 && Seconds < 60) Go(0.001);
            SetSynchronizationContext(before);
            return this;
        }

        private void Go(double seconds)
        {
            for (var end = _clock.Elapsed + TimeSpan.FromSeconds(seconds); _clock.Elapsed < end; _clock.Advance(0.001))
                while (Next() is { } work) work.Go(work.State);
        }

        private (SendOrPostCallback Go, object? State)? Next()
        {
            lock (_ready) return _ready.TryDequeue(out var next) ? next : null;
        }

        private async Task WorkAsync(KeyRing ring)
        {
            while (_left-- > 0)
            {
                var (turn, isServed) = (ring.Arrive("model"), false);
                while (!isServed && await ring.NextAsync(turn, CancellationToken.None) is { } key)
                {
                    var (left, next, full) = _buckets[key.Number - 1].Take(_clock.Elapsed.TotalSeconds);
                    isServed = left >= 0;
                    if (!isServed && Seconds > _firstRefusal) LaterRefusals++;
                    await Task.Delay(TimeSpan.FromSeconds(Latency), _clock);
                    if (!isServed) _firstRefusal = Math.Min(_firstRefusal, Seconds);
                    double? rest = hint switch
                    {
                        Hint.ResetWhenFull => left <= 0 ? full : null,
                        Hint.Milliseconds when !isServed => Math.Ceiling(next * 1000) / 1000,
                        Hint.WholeSeconds when !isServed => Math.Ceiling(next),
                        _ => null,
                    };
                    ring.Report(key, turn, isServed ? 200 : 429, new Sign(!isServed, "rate limit", rest));
                    if (isServed) Served++;
                }
            }

            _working--;
        }
    }

    /// <summary>One key's limit at the upstream: so many in each window, or so many at once and refilled as fast.</summary>
    private sealed class Bucket(bool hasTokens)
    {
        private double _left = Limit, _since = double.MinValue;

        /// <summary>How many are left, -1 where it is refused, and in how many seconds there is one and all of them again.</summary>
        public (int Left, double Next, double Full) Take(double now)
        {
            if (hasTokens) (_left, _since) = (Math.Min(Limit, _left + ((now - Math.Max(0, _since)) / Window * Limit)), now);
            else if (now >= _since + Window) (_left, _since) = (Limit, now);
            var isIn = _left >= 1;
            if (isIn) _left--;
            var end = _since + Window - now;
            return (isIn ? (int)_left : -1, hasTokens ? Window / Limit * (1 - _left) : end, hasTokens ? Window / Limit * (Limit - _left) : end);
        }
    }
}
