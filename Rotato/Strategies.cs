/// <summary>
/// Which of the ready keys is next: the one that ranks highest, of equals the first. Called under the ring's lock.
/// </summary>
internal interface IStrategy
{
    long Rank(ApiKey key);

    static IStrategy ByName(string name) => name switch
    {
        "round-robin" => new RoundRobin(),
        "sticky" => new Sticky(),
        "headroom" => new Headroom(),
        _ => throw new UsageException("--strategy takes round-robin, sticky or headroom"),
    };
}

/// <summary>One after the other, so that the load is even.</summary>
internal sealed class RoundRobin : IStrategy
{
    public long Rank(ApiKey key) => -key.LastUse;
}

/// <summary>
/// The same until it is limited: APIs cache prompts for each organisation, and the cache is warm where it was used
/// last.
/// </summary>
internal sealed class Sticky : IStrategy
{
    public long Rank(ApiKey key) => key.LastUse;
}

/// <summary>
/// The one with most requests left by what its answers say, of equals the next in turn; one that has not said counts as
/// full.
/// </summary>
internal sealed class Headroom : IStrategy
{
    public long Rank(ApiKey key) => ((long)(key.Remaining ?? int.MaxValue) << 32) - key.LastUse;
}
