using Rotato.Http;
using Rotato.RateLimits;

namespace Rotato.Monitoring;

/// <summary>One request of a client and its answer, as far as they have come.</summary>
/// <param name="time">When it came.</param>
/// <param name="began">The same in seconds of the ring's clock.</param>
internal sealed class Exchange(DateTimeOffset time, double began)
{
    /// <summary>The status of a request whose client has left, as nginx writes it.</summary>
    public const int StatusOfLeaving = 499;

    private const int StatusOfCut = 502;

    private double? _headAt;

    /// <summary>Null until its head has been read.</summary>
    public RequestHead? Head { get; set; }

    /// <summary>Null until it comes to the ring, which not every request does.</summary>
    public KeyRequest? Request { get; set; }

    public Answer? Answer { get; private set; }

    /// <summary>Whether it is for this machine, and from no foreign page.</summary>
    public bool IsAdmitted { get; set; }

    /// <summary>Whether the connection can serve another request: all of this one has been read.</summary>
    public bool IsRead { get; set; }

    /// <summary>Whether all of the answer has been sent.</summary>
    public bool IsComplete { get; set; }

    /// <summary>There is an answer.</summary>
    public void Begin(Answer answer, double now)
    {
        Answer = answer;
        _headAt = now;
    }

    /// <summary>What became of it.</summary>
    /// <param name="clientHasGone">Whether the client was the first to end it.</param>
    public int EndStatus(bool clientHasGone)
    {
        if (clientHasGone && !IsComplete) return StatusOfLeaving;
        if (Answer is null) return StatusOfCut;
        return IsComplete || Answer.Status >= 400 ? Answer.Status : StatusOfCut;
    }

    /// <summary>The exchange as it may be shown, now that it has ended.</summary>
    public EndedRequest ToEnded(double now, bool clientHasGone) => new(
        Time: time,
        Request: ShownRequest.Of(Head!, Request?.Scope.Model ?? ""),
        Status: EndStatus(clientHasGone),
        Key: Answer?.Key,
        Tries: Request?.Tries ?? 0,
        Seconds: now - began,
        SecondsToHead: _headAt - began,
        IsCut: Answer is not null && !IsComplete);
}
