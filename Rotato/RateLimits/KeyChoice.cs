namespace Rotato.RateLimits;

/// <summary>Which key a request gets.</summary>
internal static class KeyChoice
{
    /// <summary>
    /// Of the keys that are ready for it the one that has refused it least, and of those the one that the strategy
    /// ranks highest; null where none is ready. Each key is tried once even after the deadline, and again only before
    /// it.
    /// </summary>
    /// <param name="keys">All keys.</param>
    /// <param name="request">The request.</param>
    /// <param name="strategy">How keys rank.</param>
    /// <param name="preferred">The key that ranks before all others; null where none does.</param>
    /// <param name="now">The time.</param>
    public static KeyState? Best(
        KeyState[] keys, KeyRequest request, Strategy strategy, int? preferred, double now)
    {
        KeyState? best = null;
        var fewestRefusals = 0;
        var highestRank = 0L;
        var isLate = now >= request.Deadline;
        foreach (var key in keys)
        {
            if (!request.MayUse(key)) continue;
            var refusals = request.Refusals.CountBy(key);
            if (isLate && refusals > 0) continue;
            var rank = key.Number == preferred ? long.MaxValue : strategy(key, request, now);
            // Asked before whether it is ready, which takes longer: most keys of a thousand are worse.
            if (best is not null && IsNoBetter(refusals, rank, fewestRefusals, highestRank)) continue;
            if (key.ReadyAt(request.Scope, now) > now) continue;
            best = key;
            fewestRefusals = refusals;
            highestRank = rank;
        }

        return best;
    }

    private static bool IsNoBetter(int refusals, long rank, int fewestRefusals, long highestRank) =>
        refusals == fewestRefusals ? rank <= highestRank : refusals > fewestRefusals;
}
