namespace Rotato.RateLimits;

/// <summary>
/// Keys whose answers name the same organisation share its rate limits: what one of them is told holds for all.
/// </summary>
internal static class Kinship
{
    /// <summary>Says that a key has kin, the first time that its organisation is known.</summary>
    public static void Tell(KeyState key, KeyState[] keys, Action<string> warn)
    {
        if (KinOf(key, keys) is [var other]) warn($"{key} and {other} share the limits of their organisation");
    }

    /// <summary>Makes the kin of a key rest together with it.</summary>
    /// <param name="key">The key that an answer has come with.</param>
    /// <param name="scope">What the answer is about.</param>
    /// <param name="keys">All keys.</param>
    /// <param name="restUntil">Until when that answer lets it rest; null where it does not.</param>
    public static void Share(KeyState key, Scope scope, KeyState[] keys, double? restUntil)
    {
        if (restUntil is not { } until) return;
        var reason = key.Scopes.Find(scope)!.Limit.Reason;
        foreach (var other in KinOf(key, keys)) other.Scopes.FindOrAdd(scope).Limit.Rest(until, reason);
    }

    private static KeyState[] KinOf(KeyState key, KeyState[] keys) =>
        key.Organisation is null ? [] : Array.FindAll(keys, other => IsKin(other, key));

    private static bool IsKin(KeyState other, KeyState key) =>
        other != key && other.Api == key.Api && other.Organisation == key.Organisation;
}
