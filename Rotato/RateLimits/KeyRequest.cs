using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>
/// One request at the ring: which keys may serve it, until when it may wait, and how far it has come. Guarded by the
/// ring's lock. Times are seconds of the ring's clock.
/// </summary>
/// <param name="api">The API whose keys may serve it.</param>
/// <param name="scope">What its limits count.</param>
/// <param name="deadline">Until when it may wait.</param>
/// <param name="head">Its head; null where that does not matter.</param>
internal sealed class KeyRequest(Api api, Scope scope, double deadline, RequestHead? head = null)
{
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
        return new(choice.Api, Scope.Of(choice.Target, facts.Model), deadline, head)
        {
            Pinned = pinned,
            PreviousResponse = facts.PreviousResponse,
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

    /// <summary>What it has in common with others that are best served by the same key.</summary>
    public string Conversation { get; init; } = "";

    public double SentAt { get; private set; }
    public int Tries { get; private set; }

    /// <summary>Which keys have refused it.</summary>
    public RequestRefusals Refusals { get; } = new(head);

    /// <summary>How soon a key could serve it, when that was last looked at.</summary>
    public Readiness Readiness { get; set; }

    /// <summary>Made when it stands in line; most never do.</summary>
    public TaskCompletionSource<KeyState?>? Turn { get; set; }

    /// <summary>
    /// Whether it waits apart from others of its scope: it may not use the same keys, or was sent back behind them.
    /// </summary>
    public bool WaitsAlone => Pinned is not null || Refusals.RuleOutAnyKey || WasSentBack;

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
        return !Refusals.RuleOut(key);
    }

    public void RecordSend(double now)
    {
        SentAt = now;
        Tries++;
    }

    /// <summary>How often sending it has failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Sending it has failed.</summary>
    public void RecordFailure() => Failures++;

    /// <summary>One more try, however long it has waited.</summary>
    public void WaitAtLeastUntil(double moment) => Deadline = Math.Max(Deadline, moment);
}
