/// <summary>
/// One API key and what is known of its limits. It never prints its secret: to people it is a number. Times are
/// seconds of the ring's clock; guarded by the ring's lock.
/// </summary>
internal sealed class ApiKey(int number, string secret, int? rpm = null)
{
    private const string Others = "other models";
    private readonly Limit _whole = new();
    // The limits that a request for a model is under, the narrowest last.
    private readonly Dictionary<string, Limit[]> _limits = [];
    private readonly SortedDictionary<int, long> _answers = [];
    private readonly Queue<double> _lastMinute = new();
    private long _requests;

    public int Number => number;
    public string Secret => secret;
    public string? Organisation { get; private set; }
    public int? Remaining { get; private set; }

    // With --rpm: when the first request of the last minute's share is a minute old.
    private double PacedUntil => _lastMinute.Count == rpm ? _lastMinute.Peek() + 60 : 0;

    public override string ToString() => $"key {number}";

    /// <summary>When it may serve this model next; a moment that has passed means now.</summary>
    public double ReadyAt(string model) => Math.Max(PacedUntil, LimitsOf(model).Max(limit => limit.ReadyAt));
    public double RestsUntil(string model) => Math.Max(PacedUntil, LimitsOf(model).Max(limit => limit.RestsUntil));

    public void Take(string model, double now)
    {
        (_requests, Remaining) = (_requests + 1, Remaining > 0 ? Remaining - 1 : Remaining);
        foreach (var limit in LimitsOf(model)) limit.Take(now);
        if (_lastMinute.Count == rpm) _lastMinute.Dequeue();
        if (rpm is not null) _lastMinute.Enqueue(now);
    }

    /// <summary>Counts an answer, takes what it tells of the key, and lets it begin or end a rest.</summary>
    public void Report(Turn turn, double now, int status, Sign sign)
    {
        _answers[status] = _answers.GetValueOrDefault(status) + 1;
        (Remaining, Organisation) = (sign.Remaining ?? Remaining, sign.Organisation ?? Organisation);
        if (sign.Rests) Rest(turn, now, sign);
        else if (status < 499) Array.ForEach(LimitsOf(turn.Model), limit => limit.Clear(turn.SentAt));
        // Nothing was said about the key: somebody else may ask.
        else Array.ForEach(LimitsOf(turn.Model), limit => limit.Reopen());
    }

    public void Rest(Turn turn, double now, Sign sign, bool isOwn = true) =>
        LimitsOf(sign.WholeKey ? "" : turn.Model)[^1].Rest(turn.SentAt, now, sign, isOwn);

    /// <summary>The key as people may see it. Of its limits the one that lasts longest speaks.</summary>
    public KeyView Show(double now)
    {
        var (model, limits) = _limits.Prepend(new("", [_whole])).MaxBy(pair => pair.Value[^1].RestsUntil);
        var (limit, isPaced) = (limits[^1], PacedUntil > limits[^1].RestsUntil);
        var rest = Math.Round(Math.Max(0, Math.Max(PacedUntil, limit.RestsUntil) - now), 1);
        var state = rest > 0 ? "resting" : limit.OnTrial ? "trial" : "ready";
        var reason = isPaced ? "its --rpm is used up" : model == "" ? limit.Reason : $"{limit.Reason} of {model}";
        var ok = _answers.Where(pair => pair.Key < 400).Sum(pair => pair.Value);
        var limited = _answers.GetValueOrDefault(429);
        return new(number, secret.Length >= 16 ? $"...{secret[^4..]}" : null, state, state == "ready" ? null : reason,
            rest, _requests, ok, limited, _answers.Values.Sum() - ok - limited, Remaining, new(_answers));
    }

    // Clients name the models: so many, no more; what comes after shares one limit.
    private Limit[] LimitsOf(string model) => _limits.TryGetValue(model, out var known) ? known
        : model == "" ? [_whole] : _limits.Count >= Limits.ModelsOfKey && model != Others ? LimitsOf(Others)
        : _limits[model] = [_whole, new()];
}

/// <summary>What of a key people may see, in the words of the JSON. Times are seconds.</summary>
internal sealed record KeyView(int Key, string? Hint, string State, string? Reason, double RestSeconds, long Requests,
    long Ok, long Limited, long Failed, int? Remaining, [property: JsonIgnore] SortedDictionary<int, long> Answers);
