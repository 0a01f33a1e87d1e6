using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>
/// The refusals that a request has met: of each kind one is kept, in case that no key serves it and it is passed on.
/// The others are disposed of at once.
/// </summary>
internal sealed class HeldAnswers : IDisposable
{
    // Those that it disposes of.
    private readonly List<Answer> _owned = [];

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
        _owned.Add(answer);
        if (verdict == Verdict.Limited) AddLimited(answer, readyAt);
        else if (verdict is Verdict.Dead or Verdict.Unpaid) FirstUnusable ??= answer;
        else FirstDoubtful ??= answer;
        foreach (var each in _owned.FindAll(each => !IsKept(each)))
        {
            _owned.Remove(each);
            each.Dispose();
        }
    }

    /// <summary>Gives away the refusal that goes to the client; null where one of Rotato's own says more.</summary>
    /// <param name="isRequestAtFault">Whether every key has refused it in the same way.</param>
    /// <param name="left">How soon the keys that have not refused it could serve.</param>
    public Answer? GiveAway(bool isRequestAtFault, Readiness left)
    {
        var given = ToPass(isRequestAtFault, left);
        if (given is not null) _owned.Remove(given);
        return given;
    }

    /// <summary>Disposes of all that were not given away.</summary>
    public void Dispose() => _owned.ForEach(answer => answer.Dispose());

    private Answer? ToPass(bool isRequestAtFault, Readiness left)
    {
        if (isRequestAtFault) return LastLimited;
        if (Soonest is not null) return Soonest;
        // A key that only rests might still serve it.
        return left.NeedsOwner ? FirstDoubtful ?? FirstUnusable : null;
    }

    private bool IsKept(Answer answer) =>
        answer == Soonest || answer == LastLimited || answer == FirstDoubtful || answer == FirstUnusable;

    private void AddLimited(Answer answer, double readyAt)
    {
        LastLimited = answer;
        // A later refusal of the same key counts in place of the earlier one.
        var isOtherKey = Soonest is not null && Soonest.Key != answer.Key;
        if (isOtherKey && readyAt >= SoonestReadyAt) return;
        Soonest = answer;
        SoonestReadyAt = readyAt;
    }
}
