namespace Rotato.Http;

/// <summary>
/// What a connection waits for, and for how many seconds at most. Once an answer has begun it is just cut when they are
/// over; before that the client gets <see cref="TooLate"/>.
/// </summary>
/// <param name="Seconds">At most.</param>
/// <param name="Code">What the client is told when they are over; null where no request is under way.</param>
/// <param name="Awaited">What did not come.</param>
internal sealed record Phase(int Seconds, ErrorCode? Code = null, string Awaited = "")
{
    // About three weeks, as long as a timer can count: requests in line have deadlines of their own.
    private const int AsLongAsATimerCounts = 2_000_000;

    public static readonly Phase Idle = new(120);
    public static readonly Phase Head = new(30, ErrorCode.RequestTimeout, "end of the head");
    public static readonly Phase Body = new(60, ErrorCode.RequestTimeout, "more of the body");
    public static readonly Phase Line = new(AsLongAsATimerCounts, ErrorCode.UpstreamTimeout);
    public static readonly Phase Upstream = new(1800, ErrorCode.UpstreamTimeout, "byte of an answer");
    public static readonly Phase Client = new(300, ErrorCode.UpstreamTimeout);
    public static readonly Phase Goodbye = new(2);

    /// <summary>Whether a request is under way.</summary>
    public bool IsRequest => Code is not null;

    /// <summary>Whether a request is on its way to the upstream or its answer on its way back.</summary>
    public bool IsInFlight => this == Upstream || this == Client;

    /// <summary>What the client is told.</summary>
    public Refusal TooLate => new(Code!, $"No {Awaited} came within {Seconds} seconds; try again.");
}

/// <summary>
/// The one deadline of a connection: moved on at every step, over by the clock or because the client has gone.
/// </summary>
internal sealed class Deadline(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _end = new(Timeout.InfiniteTimeSpan, clock);

    /// <summary>Whether the client was the first to end it.</summary>
    public bool ClientHasGone { get; private set; }

    public Phase Phase { get; private set; } = Phase.Idle;

    /// <summary>Cancelled when it is over, whatever the reason.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>Whether the time of the phase is over.</summary>
    public bool IsExpired => _end.IsCancellationRequested && !ClientHasGone;

    /// <summary>Begins a phase and its time. The goodbye is the last one: a tunnel may not know yet that it has
    /// begun.</summary>
    public void Enter(Phase phase)
    {
        lock (_lock)
        {
            if (Phase == Phase.Goodbye) return;
            Phase = phase;
            _end.CancelAfter(TimeSpan.FromSeconds(phase.Seconds));
        }
    }

    /// <summary>The client has gone: whatever runs for it ends at once.</summary>
    public void EndForGood()
    {
        ClientHasGone = true;
        _end.Cancel();
    }

    /// <summary>Gives time for an answer that says that the time is over.</summary>
    public void Restart()
    {
        lock (_lock) _end = new(Timeout.InfiniteTimeSpan, clock);
    }
}
