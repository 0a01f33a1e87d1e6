using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>
/// The refusals that a request has met, for the case that no key serves it: of each kind the one that may be passed on.
/// All others are let go at once.
/// </summary>
internal sealed class HeldAnswers : IDisposable
{
    private Answer? _taken;

    /// <summary>The rate limit that says best when to come back.</summary>
    public Answer? Soonest { get; private set; }

    /// <summary>When the key of the soonest is ready, in seconds of the ring's clock.</summary>
    public double SoonestReadyAt { get; private set; } = double.PositiveInfinity;

    /// <summary>The last rate limit.</summary>
    public Answer? LastLimited { get; private set; }

    /// <summary>The first refusal that says nothing of its key.</summary>
    public Answer? FirstDoubtful { get; private set; }

    /// <summary>The first refusal of a key that needs its owner.</summary>
    public Answer? FirstUnusable { get; private set; }

    /// <summary>Takes a refusal.</summary>
    /// <param name="answer">The refusal.</param>
    /// <param name="verdict">What it means.</param>
    /// <param name="readyAt">When its key is ready again, in seconds of the ring's clock.</param>
    public void Add(Answer answer, Verdict verdict, double readyAt)
    {
        answer.HasEnded = true;
        var previousSoonest = Soonest;
        var previousLast = LastLimited;
        if (verdict == Verdict.Limited) AddLimited(answer, readyAt);
        else if (verdict is Verdict.Dead or Verdict.Unpaid) FirstUnusable ??= answer;
        else FirstDoubtful ??= answer;
        DisposeUnlessHeld(answer);
        DisposeUnlessHeld(previousSoonest);
        DisposeUnlessHeld(previousLast);
    }

    /// <summary>The refusal that goes to the client; null where one of Rotato's own says more.</summary>
    /// <param name="isRequestAtFault">Whether every key has refused it in the same way.</param>
    /// <param name="left">How soon the keys that have not refused it could serve.</param>
    public Answer? ToPass(bool isRequestAtFault, Readiness left)
    {
        if (isRequestAtFault) return LastLimited;
        if (Soonest is not null) return Soonest;
        // A key that only rests might still serve it.
        return left.NeedsOwner ? FirstDoubtful ?? FirstUnusable : null;
    }

    /// <summary>One of them goes to the client and is not let go.</summary>
    public void Take(Answer answer) => _taken = answer;

    /// <summary>Lets all go that were not taken.</summary>
    public void Dispose()
    {
        foreach (var answer in new[] { Soonest, LastLimited, FirstDoubtful, FirstUnusable })
            if (answer != _taken) answer?.Dispose();
    }

    private void AddLimited(Answer answer, double readyAt)
    {
        LastLimited = answer;
        // A later refusal of the same key counts in place of the earlier one.
        var isOtherKey = Soonest is not null && Soonest.Key != answer.Key;
        if (isOtherKey && readyAt >= SoonestReadyAt) return;
        Soonest = answer;
        SoonestReadyAt = readyAt;
    }

    private void DisposeUnlessHeld(Answer? answer)
    {
        var isHeld = answer == Soonest || answer == LastLimited || answer == FirstDoubtful || answer == FirstUnusable;
        if (!isHeld) answer?.Dispose();
    }
}
