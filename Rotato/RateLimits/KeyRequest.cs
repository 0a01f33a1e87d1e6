using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>
/// One request at the ring: which keys may serve it, until when it may wait, and how far it has come. Guarded by the
/// ring's lock. Times are seconds of the ring's clock.
/// </summary>
/// <param name="api">The API whose keys may serve it.</param>
/// <param name="scope">What its limits count.</param>
/// <param name="deadline">Until when it may wait.</param>
internal sealed class KeyRequest(Api api, Scope scope, double deadline)
{
    // Fields by which a client says whose account it uses: with another owner's key the API refuses such a request.
    private static readonly string[] AccountFields =
        ["OpenAI-Organization", "OpenAI-Project", "anthropic-workspace-id", "x-goog-user-project"];

    // How often a key may refuse it without saying how long to wait before the request itself is taken to be at fault.
    private const int MostRefusalsWithoutHint = 2;

    // By the key's number; made when a key refuses it, which most never do.
    private Dictionary<int, Attempts>? _attempts;
    private bool _hasRuledOut;

    // Keys whose refusal says nothing until another key has served.
    private List<(KeyState Key, Verdict Verdict)>? _suspects;

    /// <summary>What a request is about, from its head and body.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="choice">Its API, and its target there.</param>
    /// <param name="body">Its body.</param>
    /// <param name="isSticky">Whether its conversation matters.</param>
    /// <param name="pinned">The only key that it wants; null where any will do.</param>
    /// <param name="deadline">Until when it may wait.</param>
    public static KeyRequest Of(RequestHead head, ApiChoice choice, ReadOnlySequence<byte> body, bool isSticky,
        int? pinned, double deadline)
    {
        var mayContinue = RememberedResponses.AreMadeAt(head.Path);
        var facts = BodyFacts.Of(body, head["Content-Type"], all: isSticky || mayContinue);
        return new(choice.Api, Scope.Of(choice.Target, facts.Model), deadline)
        {
            Pinned = pinned,
            PreviousResponse = facts.PreviousResponse,
            Head = head,
            Conversation = isSticky ? RateLimits.Conversation.Of(head, facts, body) : "",
        };
    }

    public Api Api => api;
    public Scope Scope => scope;
    public double Deadline { get; private set; } = deadline;

    /// <summary>The only key that it wants; null where any will do.</summary>
    public int? Pinned { get; set; }

    /// <summary>The response that it continues; null where it continues none.</summary>
    public string? PreviousResponse { get; private init; }

    /// <summary>Whether it may be refused only because it names an account that is not the key's.</summary>
    public bool NamesAccount => Array.Exists(AccountFields, name => Head?[name] is not null);

    /// <summary>What it has in common with others that are best served by the same key.</summary>
    public string Conversation { get; init; } = "";

    /// <summary>Whether a key has said that something of it was made with another key.</summary>
    public bool IsAnotherKeys { get; private set; }

    public double SentAt { get; private set; }
    public int Tries { get; private set; }
    private RequestHead? Head { get; init; }

    /// <summary>How soon a key could serve it, when that was last looked at.</summary>
    public Readiness Readiness { get; set; }

    /// <summary>Made when it stands in line; most never do.</summary>
    public TaskCompletionSource<KeyState?>? Turn { get; set; }

    /// <summary>
    /// Whether it waits apart from others of its scope: it may not use the same keys, or was sent back behind them.
    /// </summary>
    public bool WaitsAlone => Pinned is not null || _hasRuledOut || WasSentBack;

    /// <summary>Its place in line: its own deadline, unless it was sent back.</summary>
    public double Place { get; private set; } = deadline;

    private bool WasSentBack => Place > Deadline;

    /// <summary>Sends it back behind those that have come meanwhile.</summary>
    public void StandBehind(double place) => Place = place;

    /// <summary>Whether it may use a key at all.</summary>
    public bool IsFor(KeyState key)
    {
        if (key.Api != api) return false;
        return Pinned is null || Pinned == key.Number;
    }

    /// <summary>Whether it may still use a key.</summary>
    public bool MayUse(KeyState key)
    {
        if (!IsFor(key)) return false;
        return AttemptsWith(key) is not { IsRuledOut: true };
    }

    /// <summary>How often a key has refused it.</summary>
    public int RefusalsBy(KeyState key) => AttemptsWith(key)?.Refusals ?? 0;

    public void RecordSend(double now)
    {
        SentAt = now;
        Tries++;
    }

    /// <summary>A key has refused it.</summary>
    public void RecordRefusal(KeyState key, Verdict verdict, bool hasHint)
    {
        _attempts ??= [];
        var attempts = _attempts.GetValueOrDefault(key.Number) ?? new();
        _attempts[key.Number] = attempts;
        attempts.Refusals++;
        if (verdict == Verdict.Limited && !hasHint) attempts.RefusalsWithoutHint++;
        if (Judgement.RulesKeyOut(verdict)) attempts.IsRuledOut = true;
        if (attempts.RefusalsWithoutHint >= MostRefusalsWithoutHint) attempts.IsRuledOut = true;
        _hasRuledOut |= attempts.IsRuledOut;
        if (verdict == Verdict.MadeWithAnotherKey) IsAnotherKeys = true;
        if (verdict is not (Verdict.Doubtful or Verdict.NoAccess) || NamesAccount) return;
        _suspects ??= [];
        _suspects.Add((key, verdict));
    }

    /// <summary>Another key has served it: so it was the keys that refused it.</summary>
    public void CondemnSuspects(double now, Action<string> warn)
    {
        foreach (var (suspect, verdict) in _suspects ?? [])
        {
            var watch = new RestWatch(suspect, scope);
            suspect.Condemn(verdict, scope, now);
            watch.Tell(now, warn);
        }
    }

    /// <summary>Whether a key has refused it without saying how long to wait.</summary>
    public bool WasRefusedWithoutHintBy(KeyState key) => AttemptsWith(key) is { RefusalsWithoutHint: > 0 };

    /// <summary>Whether this key has refused it so often that the request itself may be at fault.</summary>
    public bool IsGivenUpBy(KeyState key) =>
        AttemptsWith(key) is { RefusalsWithoutHint: >= MostRefusalsWithoutHint };

    /// <summary>How often sending it has failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Sending it has failed.</summary>
    public void RecordFailure() => Failures++;

    /// <summary>One more try, however long it has waited.</summary>
    public void WaitAtLeastUntil(double moment) => Deadline = Math.Max(Deadline, moment);

    private Attempts? AttemptsWith(KeyState key) => _attempts?.GetValueOrDefault(key.Number);

    private sealed class Attempts
    {
        public int Refusals { get; set; }
        public int RefusalsWithoutHint { get; set; }
        public bool IsRuledOut { get; set; }
    }
}
