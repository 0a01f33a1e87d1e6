namespace Rotato;

/// <summary>Which of the ready keys is next. Called under the ring's lock: no waiting, no other lock.</summary>
internal interface IStrategy
{
    /// <param name="ready">The keys that may serve, at least one, in the order of their numbers.</param>
    /// <param name="last">The key that served last, or null at first.</param>
    ApiKey Choose(IReadOnlyList<ApiKey> ready, ApiKey? last);
}

/// <summary>One after the other, so that the load is even.</summary>
internal sealed class RoundRobin : IStrategy
{
    public ApiKey Choose(IReadOnlyList<ApiKey> ready, ApiKey? last) =>
        ready.FirstOrDefault(key => key.Number > last?.Number) ?? ready[0];
}

/// <summary>The same until it is limited: an API caches prompts for each organisation, and the cache is warm where it was used last.</summary>
internal sealed class Sticky : IStrategy
{
    public ApiKey Choose(IReadOnlyList<ApiKey> ready, ApiKey? last) =>
        ready.FirstOrDefault(key => key.Number >= last?.Number) ?? ready[0];
}

/// <summary>The one with most requests left, as its answers say; a key that has not said yet counts as full.</summary>
internal sealed class Headroom : IStrategy
{
    public ApiKey Choose(IReadOnlyList<ApiKey> ready, ApiKey? last) => ready.MaxBy(key => key.Remaining ?? int.MaxValue)!;
}

internal static class Strategies
{
    public static readonly Dictionary<string, Func<IStrategy>> ByName = new()
    {
        ["round-robin"] = () => new RoundRobin(),
        ["sticky"] = () => new Sticky(),
        ["headroom"] = () => new Headroom(),
    };
}
