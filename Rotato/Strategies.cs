/// <summary>
/// Which of the ready keys is next; they are at least one, in the order of their numbers. Called under the ring's
/// lock.
/// </summary>
internal interface IStrategy
{
    ApiKey Choose(ApiKey[] ready, ApiKey? last);
}

/// <summary>One after the other, so that the load is even.</summary>
internal sealed class RoundRobin : IStrategy
{
    public ApiKey Choose(ApiKey[] ready, ApiKey? last) => Array.Find(ready, k => k.Number > last?.Number) ?? ready[0];
}

/// <summary>
/// The same until it is limited: APIs cache prompts for each organisation, and the cache is warm where it was used
/// last.
/// </summary>
internal sealed class Sticky : IStrategy
{
    public ApiKey Choose(ApiKey[] ready, ApiKey? last) => Array.Find(ready, k => k.Number >= last?.Number) ?? ready[0];
}

/// <summary>
/// The one with most requests left by what its answers say, of equals the next in turn; one that has not said counts as
/// full.
/// </summary>
internal sealed class Headroom : IStrategy
{
    public ApiKey Choose(ApiKey[] ready, ApiKey? last) =>
        ready.MaxBy(key => (2L * (key.Remaining ?? int.MaxValue)) + (key.Number > last?.Number ? 1 : 0))!;
}

internal static class Strategies
{
    public static IStrategy ByName(string name) => name switch
    {
        "round-robin" => new RoundRobin(),
        "sticky" => new Sticky(),
        "headroom" => new Headroom(),
        _ => throw new UsageException("--strategy takes round-robin, sticky or headroom"),
    };
}
