namespace Rotato.RateLimits;

/// <summary>
/// Requests that wait for the same keys: those of one scope, or a single one that waits alone. They stand in the order
/// in which they came.
/// </summary>
internal sealed class WaitingGroup
{
    private readonly LinkedList<KeyRequest> _requests = new();

    public KeyRequest? First => _requests.First?.Value;
    public int Count => _requests.Count;

    /// <summary>When one of its keys may be ready, as of the last time that the group was served.</summary>
    public double ReadyAt { get; set; }

    /// <summary>When there is something to do for it.</summary>
    public double NextEvent => First is { } first ? Math.Min(ReadyAt, first.Deadline) : double.PositiveInfinity;

    /// <summary>
    /// A request that comes back after a refusal stands where it came, before those that came later.
    /// </summary>
    public void Insert(KeyRequest request)
    {
        var before = _requests.Last;
        while (before is not null && before.Value.Place > request.Place) before = before.Previous;
        if (before is null) _requests.AddFirst(request);
        else _requests.AddAfter(before, request);
    }

    public void RemoveFirst() => _requests.RemoveFirst();

    public bool Remove(KeyRequest request) => _requests.Remove(request);
}

/// <summary>The line of all requests that wait, by groups. Guarded by the ring's lock.</summary>
/// <param name="tryTake">A ready key for a request; null if there is none.</param>
/// <param name="look">How soon a key could serve a request.</param>
internal sealed class WaitingLine(Func<KeyRequest, KeyState?> tryTake, Func<KeyRequest, Readiness> look)
{
    private const double LeastWait = 0.01;

    private readonly Dictionary<GroupKey, WaitingGroup> _groups = [];

    public int Count { get; private set; }

    /// <summary>All groups, those whose first request came first before the others.</summary>
    public WaitingGroup[] InOrder => [.. _groups.Values.OrderBy(group => group.First!.Place)];

    public double NextEvent =>
        _groups.Count == 0 ? double.PositiveInfinity : _groups.Values.Min(group => group.NextEvent);

    /// <summary>The group that a request would wait in; null where nobody does.</summary>
    public WaitingGroup? GroupOf(KeyRequest request) => _groups.GetValueOrDefault(KeyOf(request));

    /// <summary>The groups of an API and a scope, in the order of their first requests.</summary>
    public WaitingGroup[] OfScope(Api api, Scope scope)
    {
        if (!_groups.Keys.Any(key => key.Alone is not null))
            return _groups.TryGetValue(new(api, scope, null), out var only) ? [only] : [];
        var all = _groups.Where(pair => pair.Key.Api == api && pair.Key.Scope == scope).Select(pair => pair.Value);
        return [.. all.OrderBy(group => group.First!.Place)];
    }

    public WaitingGroup Add(KeyRequest request)
    {
        var key = KeyOf(request);
        if (!_groups.TryGetValue(key, out var group))
        {
            group = new();
            _groups.Add(key, group);
        }

        group.Insert(request);
        Count++;
        return group;
    }

    /// <summary>Takes a request out, if it is still there.</summary>
    public void Remove(KeyRequest request)
    {
        var key = KeyOf(request);
        if (!_groups.TryGetValue(key, out var group) || !group.Remove(request)) return;
        Count--;
        if (group.Count == 0) _groups.Remove(key);
    }

    /// <summary>Gives keys to a group's requests until none is ready, and dismisses those that none can serve in
    /// time.</summary>
    public void Serve(WaitingGroup group, double now)
    {
        while (group.First is { } next && tryTake(next) is { } key) SendOn(next, key);
        // All of a group may use the same keys, so the first one, which has the earliest deadline, answers for all.
        while (group.First is { } first)
        {
            var readiness = look(first);
            group.ReadyAt = readiness.ReadyAt;
            if (MayWaitOn(first, readiness, now)) return;
            first.Readiness = readiness with { ReadyAt = Math.Max(readiness.ReadyAt, now + LeastWait) };
            SendOn(first, null);
        }
    }

    private static bool MayWaitOn(KeyRequest request, Readiness readiness, double now) =>
        now < request.Deadline && readiness.RestsUntil <= request.Deadline;

    private void SendOn(KeyRequest request, KeyState? key)
    {
        Remove(request);
        request.Turn!.TrySetResult(key);
    }

    // One that waits alone is a group of its own.
    private static GroupKey KeyOf(KeyRequest request) =>
        request.WaitsAlone ? new GroupKey(request.Api, request.Scope, request)
            : new GroupKey(request.Api, request.Scope, null);

    private readonly record struct GroupKey(Api Api, Scope Scope, KeyRequest? Alone);
}
