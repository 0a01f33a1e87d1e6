namespace Rotato.Tests.Infra;

/// <summary>
/// Time that moves only by <see cref="Advance(double)"/>. Its timestamps count in another unit than a TimeSpan does, to catch code that takes one for
/// the other (a power of two times as fast, so that converting loses nothing), and its wall clock can be set without touching the rest.
/// </summary>
internal sealed class FakeClock : TimeProvider
{
    private const int Speed = 8;

    private readonly Lock _lock = new();
    private readonly List<Timer> _timers = [];
    private readonly List<(TimeSpan Due, TaskCompletionSource Seen)> _watchers = [];
    private TimeSpan _now;

    /// <summary>How far somebody has set the wall clock forward or back.</summary>
    public TimeSpan WallShift { get; set; }
    public DateTimeOffset WallClock => new DateTimeOffset(2026, 10, 1, 12, 0, 0, TimeSpan.Zero) + Elapsed + WallShift;

    public TimeSpan Elapsed
    {
        get { lock (_lock) return _now; }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond * Speed;
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => (Elapsed.Ticks * Speed) + 12_345;

    public override DateTimeOffset GetUtcNow() => WallClock;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    /// <summary>Moves time on and fires what becomes due on the way, each at its moment and in their order.</summary>
    public void Advance(TimeSpan by)
    {
        var end = Elapsed + by;
        while (NextDue(end) is { } timer) timer.Fire();
        lock (_lock) _now = end;
    }

    /// <summary>Ends when somebody waits for a moment that is so far away, at once if somebody does already.</summary>
    public Task TimerAsync(double seconds)
    {
        lock (_lock)
        {
            var due = _now + TimeSpan.FromSeconds(seconds);
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_timers.Exists(timer => timer.Due == due)) seen.SetResult();
            else _watchers.Add((due, seen));
            return seen.Task.WaitAsync(Hang.Limit);
        }
    }

    private Timer? NextDue(TimeSpan end)
    {
        lock (_lock)
        {
            var timer = _timers.Where(timer => timer.Due <= end).MinBy(timer => timer.Due);
            if (timer is not null) _now = timer.Due;
            return timer;
        }
    }

    private sealed class Timer(FakeClock clock, Action callback) : ITimer
    {
        private TimeSpan _period;

        public TimeSpan Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                (Due, _period) = (clock._now + dueTime, period);
                clock._timers.Add(this);
                clock._watchers.FindAll(watcher => watcher.Due == Due).ForEach(watcher => watcher.Seen.TrySetResult());
                clock._watchers.RemoveAll(watcher => watcher.Due == Due);
            }

            // What is due at once must not wait for time to move, nor run within the call.
            if (dueTime == TimeSpan.Zero) ThreadPool.QueueUserWorkItem(_ => Fire());
            return true;
        }

        public void Fire()
        {
            lock (clock._lock)
            {
                // Somebody stopped it, or moved it on, in the meantime.
                if (Due > clock._now || !clock._timers.Remove(this)) return;
                if (_period > TimeSpan.Zero) Change(_period, _period);
            }

            callback();
        }

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
