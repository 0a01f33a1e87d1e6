namespace Rotato.RateLimits;

/// <summary>What is known of one key for one scope.</summary>
internal sealed class ScopeState
{
    private int? _remaining;
    private double _remainingUntil;

    public Limit Limit { get; } = new();
    public double LastUse { get; private set; }

    public void RecordSend(double now)
    {
        LastUse = now;
        Limit.RecordSend(now);
        if (_remaining > 0) _remaining--;
    }

    /// <summary>Takes how many requests an answer says are left. That holds until the window that they are left in is
    /// over.</summary>
    public void RecordRemaining(Evidence evidence, double now)
    {
        // A window whose end is not told: as long as most are.
        const double UsualWindow = 60;
        if (evidence.Remaining is not { } remaining) return;
        _remaining = remaining;
        _remainingUntil = now + (evidence.RemainingFor ?? UsualWindow);
    }

    /// <summary>How many requests are left; null where that is not known, or not any more.</summary>
    public int? Remaining(double now) => now < _remainingUntil ? _remaining : null;
}

/// <summary>
/// The scopes of one key. Clients name the models, so their number is bounded: the longest unused goes first.
/// </summary>
internal sealed class ScopeTable
{
    private const int Most = 256;

    private readonly Dictionary<Scope, ScopeState> _states = [];

    public IEnumerable<(Scope Scope, ScopeState State)> All => _states.Select(pair => (pair.Key, pair.Value));

    public ScopeState? Find(Scope scope) => _states.GetValueOrDefault(scope);

    public ScopeState FindOrAdd(Scope scope)
    {
        if (_states.TryGetValue(scope, out var known)) return known;
        if (_states.Count >= Most) _states.Remove(_states.MinBy(pair => pair.Value.LastUse).Key);
        var state = new ScopeState();
        _states.Add(scope, state);
        return state;
    }
}
