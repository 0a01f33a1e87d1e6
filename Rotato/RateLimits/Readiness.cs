namespace Rotato.RateLimits;

/// <summary>How soon the keys that a request may use can serve it. Times are seconds of the ring's clock.</summary>
/// <param name="ReadyAt">When the soonest of them may serve; infinite if there is none.</param>
/// <param name="RestsUntil">Until when certainly none does; a trial that is under way may end at any moment.</param>
/// <param name="NeedsOwner">Whether no key is left but those that are dead or unpaid.</param>
internal readonly record struct Readiness(double ReadyAt, double RestsUntil, bool NeedsOwner)
{
    /// <summary>Keys that only rest come before keys that need their owner.</summary>
    public static Readiness Of(KeyState[] keys, KeyRequest request, double now)
    {
        var resting = Soonest(keys, request, now, unusable: false);
        return double.IsPositiveInfinity(resting.RestsUntil) ? Soonest(keys, request, now, unusable: true) : resting;
    }

    private static Readiness Soonest(KeyState[] keys, KeyRequest request, double now, bool unusable)
    {
        var readyAt = double.PositiveInfinity;
        var restsUntil = double.PositiveInfinity;
        foreach (var key in keys)
        {
            if (!request.MayUse(key) || key.IsUnusable(now) != unusable) continue;
            readyAt = Math.Min(readyAt, key.ReadyAt(request.Scope, now));
            restsUntil = Math.Min(restsUntil, key.RestsUntil(request.Scope));
        }

        return new(readyAt, restsUntil, NeedsOwner: unusable);
    }
}
