namespace Rotato.Tests.RateLimits;

/// <summary>What the 429s of an upstream say; the last one is told by the answer that takes the last as well.</summary>
public enum Hint
{
    None,
    WholeSeconds,
    Milliseconds,
    ResetWhenFull,
}

/// <summary>An upstream and the load on it.</summary>
/// <param name="Keys">How many keys there are.</param>
/// <param name="NewLimit">The upstream's limit of one key.</param>
internal sealed record Load(int Keys, Func<Random, UpstreamLimit> NewLimit)
{
    public Hint Hint { get; init; }
    public int Workers { get; init; } = 1;
    public int Requests { get; init; }
    public int Models { get; init; } = 1;
    public string Arguments { get; init; } = "--wait 86400";

    /// <summary>Seconds that an answer takes, from and to.</summary>
    public (double From, double To) Latency { get; init; } = (0.1, 0.1);

    /// <summary>Seconds that a refusal takes.</summary>
    public double RefusedIn { get; init; } = 0.1;
}

/// <summary>
/// The ring as it is, before an upstream that counts, in simulated time. Everything happens on one thread and by one
/// clock that jumps from event to event. <see cref="Demonstration"/> is the same with the whole product, sockets and
/// real time.
/// </summary>
internal sealed class Simulation : SynchronizationContext, IDisposable
{
    private readonly VirtualTime _time = new();
    private readonly Queue<(SendOrPostCallback Go, object? State)> _ready = new();
    private readonly SynchronizationContext? _before = Current;
    private readonly Load _load;
    private readonly Random _random;
    private readonly Api _api = RingUnderTest.NewApi(0);
    private double _firstRefusal = double.MaxValue;

    public Simulation(Load load, int seed)
    {
        _load = load;
        _random = new(seed);
        var options = RingUnderTest.Options(load.Arguments);
        Ring = new(options.Strategy, options.Wait, _time, _ => { });
        Ring.Replace([.. Enumerable.Range(1, load.Keys).Select(number => new KeyState(number, null, _api, options.Rules))]);
        Limits = [.. Enumerable.Range(0, load.Keys).Select(_ => load.NewLimit(_random))];
        SetSynchronizationContext(this);
    }

    public KeyRing Ring { get; }
    public UpstreamLimit[] Limits { get; }
    public double Now => _time.Now;
    public int Served { get; private set; }
    public int Refused { get; private set; }

    /// <summary>Refusals of what was sent after the first one had come back.</summary>
    public int LaterRefusals { get; private set; }

    /// <summary>Requests that no key served.</summary>
    public int TurnedAway { get; private set; }

    /// <summary>The longest that a request took, in seconds.</summary>
    public double Slowest { get; private set; }

    /// <summary>The longest time without anything being sent, in seconds.</summary>
    public double LongestPause { get; private set; }
    private double LastSent { get; set; }

    public override void Post(SendOrPostCallback d, object? state) => _ready.Enqueue((d, state));

    public void Dispose() => SetSynchronizationContext(_before);

    /// <summary>Forgets what was counted.</summary>
    public void Reset()
    {
        Served = 0;
        Refused = 0;
        LaterRefusals = 0;
        TurnedAway = 0;
        Slowest = 0;
        LongestPause = 0;
        LastSent = Now;
        _firstRefusal = double.MaxValue;
    }

    /// <summary>The whole load, from now on. Gives the seconds that it takes.</summary>
    public double Run()
    {
        var began = Now;
        var left = _load.Requests;
        var working = Enumerable.Range(0, _load.Workers).Select(_ => WorkAsync()).ToArray();
        RunUntil(() => working.All(work => work.IsCompleted), Now + 7200);
        return Now - began;

        async Task WorkAsync()
        {
            while (left > 0)
            {
                left--;
                await AskAsync(left % _load.Models);
            }
        }
    }

    /// <summary>Lets time pass, whatever happens in it.</summary>
    public void Pass(double seconds) => RunUntil(() => false, Now + seconds);

    /// <summary>One request, from its arrival to its answer.</summary>
    /// <param name="model">What it is for.</param>
    /// <param name="isRefused">Whether every key always refuses it, and gives no hint.</param>
    public async Task<bool> AskAsync(int model = 0, bool isRefused = false)
    {
        var came = Now;
        var request = new KeyRequest(_api, new("/v1/x", $"model-{model}"), Ring.DeadlineFromNow);
        while (await Ring.NextAsync(request, default) is { } key)
        {
            if (!await TryAsync(key, request, isRefused)) continue;
            Slowest = Math.Max(Slowest, Now - came);
            Served++;
            return true;
        }

        Ring.TryPardonKeys(request);
        TurnedAway++;
        return false;
    }

    private async Task<bool> TryAsync(KeyState key, KeyRequest request, bool isRefused)
    {
        LongestPause = Math.Max(LongestPause, Now - LastSent);
        LastSent = Now;
        var limit = Limits[key.Number - 1];
        var taken = isRefused ? new Taken(false, null, null) : limit.Take(Now);
        if (!taken.IsServed) Refused++;
        if (!taken.IsServed && Now > _firstRefusal) LaterRefusals++;
        var latency = _load.Latency.From + ((_load.Latency.To - _load.Latency.From) * _random.NextDouble());
        await Task.Delay(TimeSpan.FromSeconds(taken.IsServed ? latency : _load.RefusedIn), _time);
        if (taken.IsServed) limit.End();
        else _firstRefusal = Math.Min(_firstRefusal, Now);
        var evidence = new Evidence(taken.IsServed ? 200 : 429)
        {
            Hint = taken.IsServed ? null : HintOf(taken),
            EmptyFor = taken.IsServed && _load.Hint == Hint.ResetWhenFull ? taken.FullIn : null,
        };
        Ring.Report(key, request, evidence, Judgement.Of(evidence));
        Ring.End(key, evidence.Status);
        return taken.IsServed;
    }

    private double? HintOf(Taken taken) => _load.Hint switch
    {
        Hint.WholeSeconds when taken.NextIn is { } seconds => Math.Ceiling(seconds),
        Hint.Milliseconds when taken.NextIn is { } seconds => Math.Ceiling((seconds * 1000) - 1e-6) / 1000,
        Hint.ResetWhenFull => taken.FullIn,
        _ => null,
    };

    private void RunUntil(Func<bool> isOver, double end)
    {
        while (true)
        {
            while (_ready.TryDequeue(out var next)) next.Go(next.State);
            if (isOver()) return;
            if (!_time.GoToNext(end)) return;
        }
    }

    /// <summary>Time that jumps from timer to timer.</summary>
    private sealed class VirtualTime : TimeProvider
    {
        private readonly PriorityQueue<(Timer Timer, int Setting), (long Due, long Order)> _timers = new();
        private long _ticks;
        private long _order;

        public double Now => TimeSpan.FromTicks(_ticks).TotalSeconds;
        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(this, () => callback(state));
            timer.Change(dueTime, period);
            return timer;
        }

        /// <summary>Fires the next timer; false where none is due before the end, which it is then.</summary>
        public bool GoToNext(double end)
        {
            var endTicks = TimeSpan.FromSeconds(end).Ticks;
            while (_timers.TryPeek(out var next, out var when) && when.Due <= endTicks)
            {
                _timers.Dequeue();
                if (!next.Timer.IsSet(next.Setting)) continue;
                _ticks = Math.Max(_ticks, when.Due);
                next.Timer.Fire();
                return true;
            }

            _ticks = endTicks;
            return false;
        }

        private sealed class Timer(VirtualTime time, Action callback) : ITimer
        {
            private int _setting;

            public bool IsSet(int setting) => setting == _setting;

            public void Fire()
            {
                _setting++;
                callback();
            }

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                _setting++;
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                time._timers.Enqueue((this, _setting), (time._ticks + dueTime.Ticks, time._order++));
                return true;
            }

            public void Dispose() => _setting++;

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }
}

/// <summary>Whether a request is served, in how many seconds another one will be, and all of them at once.</summary>
internal readonly record struct Taken(bool IsServed, double? NextIn, double? FullIn);

/// <summary>One key's limit at the upstream.</summary>
internal abstract class UpstreamLimit
{
    /// <summary>So many of the next ones are refused without a reason.</summary>
    public int Strays { get; set; }

    public Taken Take(double now)
    {
        if (Strays == 0) return TakeOne(now);
        Strays--;
        return new(false, null, null);
    }

    /// <summary>One that was served has its answer.</summary>
    public virtual void End()
    {
    }

    protected abstract Taken TakeOne(double now);
}

/// <summary>So many in each window, which begins with its first request.</summary>
internal sealed class FixedWindow(int most, double seconds) : UpstreamLimit
{
    private int _left;
    private double _began = double.MinValue;

    protected override Taken TakeOne(double now)
    {
        if (now >= _began + seconds)
        {
            _began = now;
            _left = most;
        }

        var isServed = _left > 0;
        if (isServed) _left--;
        var end = _began + seconds - now;
        return new(isServed, end, _left == 0 ? end : null);
    }
}

/// <summary>So many at once, and filled again all the time.</summary>
internal sealed class TokenBucket(int most, double seconds) : UpstreamLimit
{
    private double _used;
    private double _since;

    protected override Taken TakeOne(double now)
    {
        _used = Math.Max(0, _used - ((now - _since) * most / seconds));
        _since = now;
        var isServed = _used <= most - 1 + 1e-9;
        if (isServed) _used++;
        var left = most - _used;
        return new(isServed, (1 - left) * seconds / most, left < 1 ? _used * seconds / most : null);
    }
}

/// <summary>So many under way.</summary>
internal sealed class SoManyAtOnce(int most) : UpstreamLimit
{
    private int _underWay;

    public override void End() => _underWay--;

    protected override Taken TakeOne(double now)
    {
        var isServed = _underWay < most;
        if (isServed) _underWay++;
        return new(isServed, null, null);
    }
}

/// <summary>No limit, but one in so many is refused.</summary>
internal sealed class AtRandom(Random random, double share) : UpstreamLimit
{
    protected override Taken TakeOne(double now) => new(random.NextDouble() >= share, null, null);
}
