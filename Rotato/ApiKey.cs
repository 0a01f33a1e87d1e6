namespace Rotato;

/// <summary>
/// One API key and what is known of its limits. It never prints its secret: to people it is a number. Guarded by the
/// ring's lock.
/// </summary>
internal sealed class ApiKey(int number, string secret, int? rpm = null)
{
    // By model, with "" for the whole key.
    private readonly Dictionary<string, Limit> _limits = new() { [""] = new() };
    private readonly SortedDictionary<int, long> _answers = [];
    private readonly Queue<TimeSpan> _lastMinute = new();
    private long _requests;

    public int Number => number;
    public string Secret => secret;
    public string? Organisation { get; private set; }
    public int? Remaining { get; private set; }

    // With --rpm: when the first request of the last minute's share is a minute old.
    private TimeSpan PacedUntil => _lastMinute.Count == rpm ? _lastMinute.Peek() + TimeSpan.FromMinutes(1) : default;

    public override string ToString() => $"key {number}";

    /// <summary>When it may serve this model next; a moment that has passed means now.</summary>
    public TimeSpan ReadyAt(string model) => LimitsOf(model).Select(limit => limit.ReadyAt).Append(PacedUntil).Max();

    public void Take(string model, TimeSpan now)
    {
        (_requests, Remaining) = (_requests + 1, Remaining > 0 ? Remaining - 1 : Remaining);
        foreach (var limit in LimitsOf(model)) limit.Take(now);
        if (_lastMinute.Count == rpm) _lastMinute.Dequeue();
        if (rpm is not null) _lastMinute.Enqueue(now);
    }

    /// <summary>Counts an answer, takes what it tells of the key, and lets it begin or end a rest.</summary>
    public void Report(Turn turn, TimeSpan now, int status, Sign sign)
    {
        _answers[status] = _answers.GetValueOrDefault(status) + 1;
        (Remaining, Organisation) = (sign.Remaining ?? Remaining, sign.Organisation ?? Organisation);
        if (sign.Refused || sign.Rest is not null) Rest(turn, now, sign);
        else if (status < 500) Array.ForEach(LimitsOf(turn.Model), limit => limit.Clear(turn.SentAt));
    }

    public void Rest(Turn turn, TimeSpan now, Sign sign) =>
        LimitsOf(sign.WholeKey ? "" : turn.Model)[^1].Rest(turn.SentAt, now, sign);

    /// <summary>The key as people may see it. Of its limits the one that lasts longest speaks.</summary>
    public KeyView Show(TimeSpan now)
    {
        var (model, limit) = _limits.MaxBy(pair => pair.Value.ReadyAt);
        var isPaced = PacedUntil > limit.ReadyAt;
        var rest = Math.Round(Math.Max(0, ((isPaced ? PacedUntil : limit.ReadyAt) - now).TotalSeconds), 1);
        var state = rest > 0 ? "resting" : limit.OnTrial ? "trial" : "ready";
        var reason = state == "ready" ? null : isPaced ? "its --rpm is used up"
            : model == "" ? limit.Reason : $"{limit.Reason} of {model}";
        var ok = _answers.Where(pair => pair.Key < 400).Sum(pair => pair.Value);
        var limited = _answers.GetValueOrDefault(429);
        return new(number, secret.Length >= 16 ? $"...{secret[^4..]}" : null, state, reason, rest, _requests, ok,
            limited, _answers.Values.Sum() - ok - limited, Remaining, new(_answers));
    }

    // The limits that a request for this model is under, the narrowest last. Clients name the models: so many, no more.
    private Limit[] LimitsOf(string model)
    {
        if (!_limits.TryGetValue(model, out var limit) && _limits.Count < Limits.ModelsOfKey)
            limit = _limits[model] = new();
        return model == "" || limit is null ? [_limits[""]] : [_limits[""], limit];
    }
}

/// <summary>What of a key people may see, in the words of the JSON. Times are seconds.</summary>
internal sealed record KeyView(int Key, string? Hint, string State, string? Reason, double RestSeconds, long Requests,
    long Ok, long Limited, long Failed, int? Remaining, [property: JsonIgnore] SortedDictionary<int, long> Answers);
