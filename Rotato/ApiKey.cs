namespace Rotato;

/// <summary>One API key and what is known of its limits. It never prints its secret: to people it is a number. Guarded by the ring's lock.</summary>
internal sealed class ApiKey(int number, string secret, int? rpm = null)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    // By model; "" is for the whole key.
    private readonly Dictionary<string, Limit> _limits = new() { [""] = new() };
    private readonly Queue<TimeSpan> _sent = new();
    private readonly SortedDictionary<int, long> _answers = [];
    private long _requests;

    public int Number => number;
    public string Secret => secret;
    public string? Organisation { get; private set; }
    public int? Remaining { get; private set; }

    public override string ToString() => $"key {number}";

    /// <summary>When it may serve this model next; a moment that has passed means now.</summary>
    public TimeSpan ReadyAt(string model)
    {
        var paced = _sent.Count == rpm ? _sent.Peek() + Minute : TimeSpan.Zero;
        foreach (var limit in LimitsOf(model)) paced = limit.ReadyAt > paced ? limit.ReadyAt : paced;
        return paced;
    }

    public void Take(string model, TimeSpan now)
    {
        (_requests, Remaining) = (_requests + 1, Remaining - 1);
        foreach (var limit in LimitsOf(model)) limit.Take(now);
        if (_sent.Count == rpm) _sent.Dequeue();
        if (rpm is not null) _sent.Enqueue(now);
    }

    /// <summary>Counts an answer and takes what it tells of the key. True where its organisation was not known before.</summary>
    public bool Count(int status, Sign sign)
    {
        var isNews = Organisation is null && sign.Organisation is not null;
        _answers[status] = _answers.GetValueOrDefault(status) + 1;
        (Remaining, Organisation) = (sign.Remaining ?? Remaining, sign.Organisation ?? Organisation);
        return isNews;
    }

    public void Clear(Turn turn, TimeSpan now)
    {
        foreach (var limit in LimitsOf(turn.Model)) limit.Clear(turn.SentAt, now);
    }

    /// <summary>Begins or lengthens a rest and returns its end.</summary>
    public TimeSpan Rest(Turn turn, TimeSpan now, Sign sign)
    {
        var limit = LimitsOf(turn.Model)[^1];
        limit.Rest(turn.SentAt, now, sign);
        return limit.ReadyAt;
    }

    // The limits that a request for this model is under. Clients name the models, so there is a bound to how many are kept.
    private Limit[] LimitsOf(string model)
    {
        if (!_limits.TryGetValue(model, out var limit) && _limits.Count < Limits.ModelsOfKey) limit = _limits[model] = new();
        return model == "" || limit is null ? [_limits[""]] : [_limits[""], limit];
    }

    /// <summary>The key as people may see it. Of its limits the one that lasts longest speaks.</summary>
    public KeyView Show(TimeSpan now)
    {
        var (model, limit) = _limits.MaxBy(pair => pair.Value.ReadyAt);
        var rest = Math.Max(0, (limit.ReadyAt - now).TotalSeconds);
        var state = rest > 0 ? "resting" : limit.OnTrial ? "trial" : "ready";
        var reason = state == "ready" ? null : model == "" ? limit.Reason : $"{limit.Reason} of {model}";
        var (hint, ok) = (secret.Length >= 16 ? $"...{secret[^4..]}" : null, _answers.Where(pair => pair.Key < 400).Sum(pair => pair.Value));
        var limited = _answers.GetValueOrDefault(429);
        var failed = _answers.Values.Sum() - ok - limited;
        return new(number, hint, state, reason, Math.Round(rest, 1), _requests, ok, limited, failed, Remaining, new(_answers));
    }
}

/// <summary>What of a key people may see, in the words of the JSON. Times are seconds.</summary>
internal sealed record KeyView(int Key, string? Hint, string State, string? Reason, double RestSeconds, long Requests, long Ok, long Limited,
    long Failed, int? Remaining, [property: JsonIgnore] SortedDictionary<int, long> Answers);
