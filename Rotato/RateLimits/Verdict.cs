namespace Rotato.RateLimits;

/// <summary>Whose fault an answer is, and so what follows for its key.</summary>
internal enum Verdict
{
    /// <summary>Nobody's: the key has served.</summary>
    Served,

    /// <summary>Nobody's: it says nothing of the key.</summary>
    SaysNothing,

    /// <summary>The key's, for this scope: it rests, and the next one is tried.</summary>
    Limited,

    /// <summary>The key's: its money, credits or plan are used up.</summary>
    Unpaid,

    /// <summary>The key's: it, its organisation or its project is invalid.</summary>
    Dead,

    /// <summary>Not known until another key has been tried.</summary>
    Doubtful,

    /// <summary>The key's for this scope, unless every key says so.</summary>
    NoAccess,

    /// <summary>The request's: no key can serve it.</summary>
    Impossible,

    /// <summary>The request's, for this key: another one may have more credits.</summary>
    TooExpensive,

    /// <summary>Nobody's: an item of the request belongs to another key.</summary>
    MadeWithAnotherKey,
}

/// <summary>The judgement of an answer: from evidence to verdict, a rule a row.</summary>
internal static class Judgement
{
    /// <summary>Judges an answer.</summary>
    public static Verdict Of(Evidence evidence)
    {
        if (SaysKeyIsInvalid(evidence)) return Verdict.Dead;
        if (SaysFundsAreUsedUp(evidence)) return Verdict.Unpaid;
        if (SaysRequestIsTooExpensive(evidence)) return Verdict.TooExpensive;
        if (SaysRequestIsImpossible(evidence)) return Verdict.Impossible;
        if (SaysKeyHasNoAccess(evidence)) return Verdict.NoAccess;
        if (SaysItemIsAnotherKeys(evidence)) return Verdict.MadeWithAnotherKey;
        return OfStatus(evidence.Status);
    }

    /// <summary>Whether the next key is tried after an answer of this kind.</summary>
    public static bool WantsNextKey(Verdict verdict) =>
        verdict is not (Verdict.Served or Verdict.SaysNothing or Verdict.Impossible);

    /// <summary>Whether this key is of no more use for the request after an answer of this kind.</summary>
    public static bool RulesKeyOut(Verdict verdict) => verdict
        is Verdict.Doubtful or Verdict.NoAccess or Verdict.TooExpensive or Verdict.MadeWithAnotherKey;

    private static Verdict OfStatus(int status) => status switch
    {
        401 or 403 => Verdict.Doubtful,
        402 => Verdict.Unpaid,
        429 => Verdict.Limited,
        < 400 => Verdict.Served,
        _ => Verdict.SaysNothing,
    };

    private static bool SaysKeyIsInvalid(Evidence evidence) =>
        evidence.Meaning == Meaning.KeyInvalid && evidence.Status is 400 or 401 or 403;

    private static bool SaysFundsAreUsedUp(Evidence evidence) =>
        evidence.Meaning == Meaning.FundsUsedUp && evidence.Status is 400 or 402 or 403 or 429;

    private static bool SaysRequestIsTooExpensive(Evidence evidence) =>
        evidence.Meaning == Meaning.RequestCostsTooMuch && evidence.Status == 402;

    private static bool SaysRequestIsImpossible(Evidence evidence) =>
        evidence.Meaning == Meaning.RequestImpossible && evidence.Status == 429;

    private static bool SaysKeyHasNoAccess(Evidence evidence) =>
        evidence.Meaning == Meaning.NoAccess && evidence.Status is 400 or 403 or 404;

    private static bool SaysItemIsAnotherKeys(Evidence evidence) =>
        evidence.Meaning == Meaning.MadeWithAnotherKey && evidence.Status is 400 or 403 or 404;
}
