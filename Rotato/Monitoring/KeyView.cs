using Rotato.RateLimits;

namespace Rotato.Monitoring;

/// <summary>A limit that rests or is on trial, as people may see it. Times are seconds.</summary>
internal sealed record LimitView(string Scope, string State, string Reason, double RestSeconds);

/// <summary>A key as people may see it. Times are seconds.</summary>
internal sealed record KeyView(int Key, string? Hint, string Api, string State, string? Reason, double RestSeconds,
    long Requests, long Ok, long Limited, long Failed, int? Remaining, LimitView[] Limits,
    (int Status, long Count)[] Ended)
{
    /// <summary>What a key can do now: it rests or is unusable only where it can serve nothing.</summary>
    public static KeyView Of(KeyState key, double now)
    {
        var state = StateOf(key, now);
        var counters = key.Counters;
        return new(
            Key: key.Number,
            Hint: key.Hint,
            Api: key.Api.Host,
            State: state,
            Reason: state == "ready" ? null : ReasonOf(key, now),
            RestSeconds: Rounded(key.RestsAsAWholeUntil - now),
            Requests: counters.Ok + counters.Limited + counters.Failed + key.UnderWay,
            Ok: counters.Ok,
            Limited: counters.Limited,
            Failed: counters.Failed,
            Remaining: key.Scopes.All.Min(each => each.State.Remaining(now)),
            Limits: [.. key.Scopes.All.Select(each => LimitOf(each.Scope, each.State.Limit, now)).OfType<LimitView>()],
            Ended: [.. counters.ByStatus.Select(pair => (pair.Key, pair.Value))]);
    }

    private static string StateOf(KeyState key, double now)
    {
        if (key.IsUnusable(now)) return "unusable";
        if (key.RestsAsAWholeUntil > now) return "resting";
        return key.Whole.StateAt(now) == LimitState.Trial ? "trial" : "ready";
    }

    private static string ReasonOf(KeyState key, double now) =>
        key.IsUnusable(now) || key.RestsAsAWholeUntil <= now ? key.Whole.Reason : "its --rpm is used up";

    private static LimitView? LimitOf(Scope scope, Limit limit, double now) => limit.StateAt(now) switch
    {
        LimitState.Resting => new(scope.ToString(), "resting", limit.Reason, Rounded(limit.RestsUntil - now)),
        LimitState.Trial => new(scope.ToString(), "trial", limit.Reason, 0),
        _ => null,
    };

    private static double Rounded(double seconds) => Math.Round(Math.Max(0, seconds), 1);
}
