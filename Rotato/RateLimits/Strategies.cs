namespace Rotato.RateLimits;

/// <summary>Which of the ready keys is next: the one that ranks highest. Called under the ring's lock.</summary>
internal delegate long Strategy(KeyState key, KeyRequest request, double now);

/// <summary>The strategies by name. Adding one is a method and a row.</summary>
internal static class Strategies
{
    public static readonly IReadOnlyDictionary<string, Strategy> ByName = new Dictionary<string, Strategy>
    {
        ["round-robin"] = RoundRobin,
        ["sticky"] = Sticky,
        ["headroom"] = Headroom,
    };

    // One after the other, so that the load is even.
    private static long RoundRobin(KeyState key, KeyRequest request, double now) => -key.LastUse;

    // A conversation stays with its key, because APIs cache prompts for each organisation. Rendezvous hashing: every
    // conversation has an order of keys of its own, which a key that comes or goes does not change.
    private static long Sticky(KeyState key, KeyRequest request, double now)
    {
        // FNV-1a, with the key's number at the end, and mixed: neighbouring numbers must not come out as neighbours.
        var hash = 14695981039346656037;
        foreach (var c in request.Conversation) hash = (hash ^ c) * 1099511628211;
        hash = (hash ^ (ulong)key.Number) * 1099511628211;
        hash ^= hash >> 32;
        hash *= 0x9E3779B97F4A7C15;
        return (long)(hash >> 1);
    }

    // The key with most requests left by what its answers say, of equals the next in turn; one that has not said
    // counts as full.
    private static long Headroom(KeyState key, KeyRequest request, double now)
    {
        var remaining = key.Scopes.Find(request.Scope)?.Remaining(now) ?? int.MaxValue;
        return ((long)remaining << 32) - key.LastUse;
    }
}
