/// <summary>
/// One API key and what is known of its limits. It never prints its secret: to people it is a number. Times are
/// seconds of the ring's clock; guarded by the ring's lock.
/// </summary>
internal sealed class ApiKey(int number, string secret, int? rpm = null)
{
    // The limits that a request for a model is under: of --rpm, of the whole key, of the model. The last is the one
    // that an answer is about. Clients name the models: so many, no more; what comes after has the whole key's limit.
    private readonly Dictionary<string, Limit[]> _limits = new() { [""] = [new(), new()] };
    private readonly SortedDictionary<int, long> _answers = [];
    private readonly Queue<double> _lastMinute = new();
    private long _requests;

    public int Number => number;
    public string Secret => secret;
    public string? Organisation { get; private set; }
    public int? Remaining { get; private set; }

    /// <summary>Which of all requests was the last one with it.</summary>
    public long LastUse { get; private set; }

    public override string ToString() => $"key {number}";

    /// <summary>When it may serve this model next; a moment that has passed means now.</summary>
    public double ReadyAt(string model) => LimitsOf(model).Max(limit => limit.ReadyAt);
    public double RestsUntil(string model) => LimitsOf(model).Max(limit => limit.Until);

    /// <summary>The one of its limits that an answer with this sign is about.</summary>
    public Limit LimitOf(Turn turn, Sign sign) => LimitsOf(sign.WholeKey ? "" : turn.Model)[^1];

    public void Take(string model, double now, long use)
    {
        (LastUse, _requests, Remaining) = (use, _requests + 1, Remaining > 0 ? Remaining - 1 : Remaining);
        Array.ForEach(LimitsOf(model), limit => limit.Take(now));
        if (rpm is not null) _lastMinute.Enqueue(now);
        if (_lastMinute.Count == rpm) _limits[""][0].Pause(_lastMinute.Dequeue() + 60, "its --rpm is used up");
    }

    /// <summary>Counts an answer, takes what it tells of the key, and lets it begin or end a rest.</summary>
    public void Report(Turn turn, double now, int status, Sign sign)
    {
        _answers[status] = _answers.GetValueOrDefault(status) + 1;
        (Remaining, Organisation) = (sign.Remaining ?? Remaining, sign.Organisation ?? Organisation);
        if (sign.Rests) LimitOf(turn, sign).Rest(turn.SentAt, now, sign);
        else Array.ForEach(LimitsOf(turn.Model), limit => limit.Clear(turn.SentAt, isSuccess: status < 499));
    }

    /// <summary>The key as people may see it. Of its limits the one that lasts longest speaks.</summary>
    public KeyView Show(double now)
    {
        var last = _limits.Values.SelectMany(limits => limits).MaxBy(limit => limit.Until)!;
        var rest = Math.Round(Math.Max(0, last.Until - now), 1);
        var state = rest > 0 ? "resting" : last.OnTrial ? "trial" : "ready";
        var ok = _answers.Where(pair => pair.Key < 400).Sum(pair => pair.Value);
        var limited = _answers.GetValueOrDefault(429);
        return new(number, secret.Length >= 16 ? $"...{secret[^4..]}" : null,
            state, state == "ready" ? null : last.Reason, rest,
            _requests, ok, limited, _answers.Values.Sum() - ok - limited, Remaining, new(_answers));
    }

    private Limit[] LimitsOf(string model) => _limits.TryGetValue(model, out var known) ? known
        : _limits.Count >= Limits.Models ? _limits[""]
        : _limits[model] = [.. _limits[""], new($" for {model}")];
}

/// <summary>What of a key people may see, in the words of the JSON. Times are seconds.</summary>
internal sealed record KeyView(int Key, string? Hint, string State, string? Reason, double RestSeconds, long Requests,
    long Ok, long Limited, long Failed, int? Remaining, [property: JsonIgnore] SortedDictionary<int, long> Answers);
