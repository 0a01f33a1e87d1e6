using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>
/// What a client gets where no key could serve its request: a refusal that it met, or why there is none.
/// </summary>
internal static class NoKeyAnswer
{
    private const int MostKeysInText = 8;

    /// <summary>Chooses it, and takes it out of the refusals if it is one of them.</summary>
    public static Answer Choose(RequestHead head, KeyRequest request, HeldAnswers refusals, KeyRing ring)
    {
        var left = request.Readiness;
        var isRequestAtFault = ring.TryPardonKeys(request);
        var seconds = SecondsToWait(left.ReadyAt, refusals.SoonestReadyAt, ring.Now);
        var refusal = refusals.GiveAway(isRequestAtFault, left);
        var answer = refusal ?? OwnAnswers.Error(WhyNone(request, left, seconds, ring), head, seconds);
        // What the API said about that was about one key.
        if (answer.Status == ErrorCode.AllKeysResting.Status && !isRequestAtFault)
            RetryHint.Set(answer.Response.Headers, seconds);
        answer.Tries = request.Tries;
        return answer;
    }

    // Of the keys that are left and those that have refused it, the soonest. Where a key may become free at any moment,
    // a second is as good a guess as any.
    private static double SecondsToWait(double leftReadyAt, double refusedReadyAt, double now)
    {
        const double Guess = 1;
        var soonest = refusedReadyAt > now ? Math.Min(leftReadyAt, refusedReadyAt) : leftReadyAt;
        return double.IsFinite(soonest) && soonest > now ? soonest - now : Guess;
    }

    private static Refusal WhyNone(KeyRequest request, Readiness left, double seconds, KeyRing ring)
    {
        var reasons = ring.Show((keys, now) => Reasons(keys, request, now));
        if (left.NeedsOwner)
        {
            var areUnpaid = ring.Show((keys, _) => AreUnpaid(Array.FindAll(keys, request.IsFor)));
            var code = areUnpaid ? ErrorCode.KeysUnpaid : ErrorCode.KeysInvalid;
            return new(code, reasons == "" ? "The key that this request wants is not listed any more."
                : $"No key can be used until its owner has put it right. {reasons}.");
        }

        return new(ErrorCode.AllKeysResting,
            $"All keys rest; come back in {Math.Ceiling(seconds)} s. {reasons}. GET {Gate.StatusPage} shows more.");
    }

    private static bool AreUnpaid(KeyState[] keys) => keys.Length > 0 && keys.All(key => key.IsUnpaid);

    private static string Reasons(KeyState[] keys, KeyRequest request, double now)
    {
        var own = Array.FindAll(keys, request.IsFor);
        var texts = own.Take(MostKeysInText).Select(key => key.WhyNotReady(request.Scope, now));
        return string.Join("; ", texts) + (own.Length > MostKeysInText ? "; and so on" : "");
    }
}
