using Rotato.Tests.Infra;

namespace Rotato.Tests.RateLimits;

/// <summary>
/// A ring on a clock of its own; all that its tests know of the product. Nothing is still on its way when a method
/// returns.
/// </summary>
internal sealed class RingUnderTest
{
    public const string Chat = "/v1/chat/completions";

    private readonly List<Asking> _asked = [];

    /// <param name="keys">How many keys there are.</param>
    /// <param name="arguments">Options of the command line, separated by blanks.</param>
    /// <param name="apis">To how many APIs the keys belong, by turns.</param>
    public RingUnderTest(int keys, string arguments = "", int apis = 1)
    {
        var options = Options(arguments);
        Apis = [.. Enumerable.Range(0, apis).Select(NewApi)];
        Keys = [.. Enumerable.Range(1, keys).Select(number =>
            new KeyState(number, null, Apis[(number - 1) % apis], options.Rules))];
        Ring = new(options.Strategy, options.Wait, new StrictClock(Clock), Warnings.Add);
        Ring.Replace(Keys);
    }

    public FakeClock Clock { get; } = new();
    public List<string> Warnings { get; } = [];
    public Api[] Apis { get; }
    public KeyState[] Keys { get; }
    public KeyRing Ring { get; }
    public int Waiting => Ring.Waiting;

    public static Options Options(string arguments) =>
        new Settings(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => null, _ => "").Options;

    public static Api NewApi(int number) => new(new($"https://api-{number}.example"), null);

    public Asking Ask(string model = "m", CancellationToken gone = default) => Ask(new Scope(Chat, model), gone: gone);

    public Asking Ask(
        Scope scope, int api = 0, int? pinned = null, string conversation = "", CancellationToken gone = default)
    {
        var request = new KeyRequest(Apis[api], scope, Ring.DeadlineFromNow) { Pinned = pinned, Conversation = conversation };
        var asking = new Asking(Ring, request, gone);
        _asked.Add(asking);
        Settle();
        return asking;
    }

    public Asking[] AskMany(int count, string model = "m") =>
        [.. Enumerable.Range(0, count).Select(_ => Ask(model))];

    /// <summary>The whole answer.</summary>
    public void Answer(Asking asking, int status = 200) => Answer(asking, new Evidence(status));

    /// <summary>The whole answer.</summary>
    public void Answer(Asking asking, Evidence evidence)
    {
        asking.Report(evidence);
        asking.End(evidence.Status);
        Settle();
    }

    /// <summary>The answer's head; the body goes on for long.</summary>
    public void AnswerHead(Asking asking, int status = 200)
    {
        asking.Report(new(status));
        Settle();
    }

    /// <summary>No answer: the upstream has failed, or the client has left.</summary>
    public void Fail(Asking asking, int status)
    {
        asking.Fail(status);
        Settle();
    }

    /// <summary>A 429, with or without a hint.</summary>
    public void Refuse(Asking asking, double? hint) => Answer(asking, new Evidence(429) { Hint = hint });

    public void RefuseAndAskAgain(Asking asking, double? hint)
    {
        Refuse(asking, hint);
        AskAgain(asking);
    }

    public void AnswerAndAskAgain(Asking asking, Evidence evidence)
    {
        Answer(asking, evidence);
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

    /// <summary>What the key can do, as the status page has it.</summary>
    public string State(int number) => View(number).State;

    public string? Reason(int number) => View(number).Reason;

    public KeyView View(int number) => Ring.Show((keys, now) =>
        KeyView.Of(keys.Single(key => key.Number == number), now));

    /// <summary>What the key can do for a model: "ready", "resting" or "trial".</summary>
    public string StateFor(int number, string model = "m") => LimitOf(number, model)?.State ?? "ready";

    public string? ReasonFor(int number, string model = "m") => LimitOf(number, model)?.Reason;

    public double RestFor(int number, string model = "m") => LimitOf(number, model)?.RestSeconds ?? 0;

    public long Requests(int number) => View(number).Requests;

    /// <summary>Who has left the line gets to know it on another thread.</summary>
    public void Settle()
    {
        var isSettled = SpinWait.SpinUntil(() => _asked.Count(asking => asking.IsWaiting) == Ring.Waiting, Hang.Limit);
        Assert.That(isSettled, "someone was lost");
        _asked.RemoveAll(asking => !asking.IsWaiting);
    }

    private LimitView? LimitOf(int number, string model) => View(number).Limits
        .SingleOrDefault(limit => limit.Scope == new Scope(Chat, model).ToString());

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
    private Task<KeyState?> _task;

    public Asking(KeyRing ring, KeyRequest request, CancellationToken gone)
    {
        _ring = ring;
        Request = request;
        _gone = CancellationTokenSource.CreateLinkedTokenSource(gone);
        Arrived = TimeSpan.FromSeconds(ring.Now);
        Deadline = TimeSpan.FromSeconds(request.Deadline);
        _task = ring.NextAsync(request, _gone.Token).AsTask();
    }

    public KeyRequest Request { get; }
    public bool IsWaiting => !_task.IsCompleted;
    public bool HasGone => _task.IsCanceled;
    public bool WasTurnedAway => _task.IsCompletedSuccessfully && _task.Result is null;

    /// <summary>The key's number, 0 where it has none.</summary>
    public int Number => _task.IsCompletedSuccessfully && _task.Result is { } key ? key.Number : 0;
    public int Tries => Request.Tries;
    public string Model => Request.Scope.Model;
    public TimeSpan Arrived { get; }
    public TimeSpan SentAt => TimeSpan.FromSeconds(Request.SentAt);
    public TimeSpan Deadline { get; }

    /// <summary>In how many seconds it may come back.</summary>
    public double Soonest => Request.Readiness.ReadyAt - _ring.Now;

    private KeyState Key => Number > 0 ? _task.Result! : throw new AssertionException("It has no key.");

    public void Report(Evidence evidence) => _ring.Report(Key, Request, evidence, Judgement.Of(evidence));

    public void Fail(int status)
    {
        _ring.ReportFailure(Key, Request);
        End(status);
    }

    public void End(int status) => _ring.End(Key, status);

    public void Again() => _task = _ring.NextAsync(Request, _gone.Token).AsTask();

    public void GoAway() => _gone.Cancel();
}
