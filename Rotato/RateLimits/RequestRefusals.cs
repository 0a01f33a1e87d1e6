namespace Rotato.RateLimits;

/// <summary>
/// Which keys have refused one request, and what that means for it. Guarded by the ring's lock.
/// </summary>
/// <param name="head">The head of the request; null where it names no account.</param>
internal sealed class RequestRefusals(RequestHead? head)
{
    // Fields by which a client says whose account it uses: with another owner's key the API refuses such a request.
    private static readonly string[] AccountFields =
        ["OpenAI-Organization", "OpenAI-Project", "anthropic-workspace-id", "x-goog-user-project"];

    // How often a key may refuse it without saying how long to wait before the request itself is taken to be at fault.
    private const int MostWithoutHint = 2;

    // By the key's number; made when a key refuses it, which most never do.
    private Dictionary<int, RefusalsOfKey>? _byKey;

    // Keys whose refusal says nothing until another key has served.
    private List<(KeyState Key, Verdict Verdict)>? _suspects;

    /// <summary>Whether there is a key that it may not be sent with again.</summary>
    public bool RuleOutAnyKey { get; private set; }

    /// <summary>Whether a key has refused it because it refers to something that was made with another key.</summary>
    public bool SayAnotherKeyMadeIt { get; private set; }

    /// <summary>A key has refused it.</summary>
    public void Record(KeyState key, Verdict verdict, bool hasHint)
    {
        _byKey ??= [];
        var ofKey = Of(key) ?? new();
        _byKey[key.Number] = ofKey;
        ofKey.Count++;
        if (verdict == Verdict.Limited && !hasHint) ofKey.WithoutHint++;
        if (Judgement.RulesKeyOut(verdict)) ofKey.RuleOut = true;
        if (ofKey.WithoutHint >= MostWithoutHint) ofKey.RuleOut = true;
        RuleOutAnyKey |= ofKey.RuleOut;
        if (verdict == Verdict.MadeWithAnotherKey) SayAnotherKeyMadeIt = true;
        if (verdict is Verdict.Doubtful or Verdict.NoAccess) Suspect(key, verdict);
    }

    /// <summary>How often a key has refused it.</summary>
    public int CountBy(KeyState key) => Of(key)?.Count ?? 0;

    /// <summary>Whether it may not be sent with a key again.</summary>
    public bool RuleOut(KeyState key) => Of(key) is { RuleOut: true };

    /// <summary>Whether a key has refused it without saying how long to wait.</summary>
    public bool AreWithoutHintBy(KeyState key) => Of(key) is { WithoutHint: > 0 };

    /// <summary>Whether this key has refused it so often that the request itself may be at fault.</summary>
    public bool BlameItBy(KeyState key) => Of(key) is { WithoutHint: >= MostWithoutHint };

    /// <summary>Another key has served it: so it was the keys that refused it.</summary>
    public void CondemnSuspects(Scope scope, double now, Action<string> warn)
    {
        foreach (var (suspect, verdict) in _suspects ?? [])
        {
            var watch = new RestWatch(suspect, scope);
            suspect.Condemn(verdict, scope, now);
            watch.Tell(now, warn);
        }
    }

    private void Suspect(KeyState key, Verdict verdict)
    {
        var namesAccount = Array.Exists(AccountFields, name => head?[name] is not null);
        if (namesAccount) return;
        _suspects ??= [];
        _suspects.Add((key, verdict));
    }

    private RefusalsOfKey? Of(KeyState key) => _byKey?.GetValueOrDefault(key.Number);

    private sealed class RefusalsOfKey
    {
        public int Count { get; set; }
        public int WithoutHint { get; set; }
        public bool RuleOut { get; set; }
    }
}
