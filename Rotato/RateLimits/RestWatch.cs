namespace Rotato.RateLimits;

/// <summary>Sees what an answer changes in the rests of a key, and says what people should know of it.</summary>
/// <param name="key">The key.</param>
/// <param name="scope">What the answer is about.</param>
internal readonly struct RestWatch(KeyState key, Scope scope)
{
    // Shorter rests are routine.
    private const double WorthSaying = 5;

    private readonly double _whole = key.Whole.RestsUntil;
    private readonly double _scope = key.Scopes.Find(scope)?.Limit.RestsUntil ?? 0;

    /// <summary>Until when the scope rests, where it rests longer since this was made.</summary>
    public double? RestThatHasBegun =>
        key.Scopes.Find(scope)?.Limit.RestsUntil is { } until && until > _scope ? until : null;

    /// <summary>Says that a rest has begun since this was made.</summary>
    public void Tell(double now, Action<string> warn)
    {
        if (HasBegun(_whole, key.Whole.RestsUntil, now))
            warn($"{key} is unusable for {key.Whole.RestsUntil - now:0} s: {key.Whole.Reason}");
        if (key.Scopes.Find(scope)?.Limit is not { } limit || !HasBegun(_scope, limit.RestsUntil, now)) return;
        var subject = ShownRequest.Visible(scope.ToString());
        warn($"{key} rests for {limit.RestsUntil - now:0} s for {subject}: {limit.Reason}");
    }

    private static bool HasBegun(double before, double after, double now) =>
        before - now < WorthSaying && after - now >= WorthSaying;
}
