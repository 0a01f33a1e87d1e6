namespace Rotato;

/// <summary>
/// One API key with what is known of its limits. It never prints its secret: everywhere else it is a number. All but the
/// constants are guarded by the ring's lock.
/// </summary>
internal sealed class ApiKey(int number, string secret, int? rpm = null)
{
    // A client names the models: more of them than any API has would only fill the memory, so they share the whole key's limit.
    private const int MostModels = 256;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, Limit> _limits = new() { [""] = new() };
    private readonly Queue<TimeSpan> _sent = new();
    private readonly SortedDictionary<int, long> _answers = [];
    private long _requests;

    public int Number => number;
    public string Secret => secret;

    /// <summary>The last four characters, for a user to tell keys apart; of short keys they would be too much.</summary>
    public string? Hint => secret.Length >= 16 ? $"...{secret[^4..]}" : null;
    public string? Organisation { get; private set; }
    public int? Remaining { get; private set; }

    public override string ToString() => $"key {number}";

    /// <summary>When it may serve this model next; a moment that has passed means now.</summary>
    public TimeSpan ReadyAt(string model, TimeSpan now)
    {
        var limits = Later(_limits[""].ReadyAt(now), LimitOf(model).ReadyAt(now));
        return _sent.Count < rpm || rpm is null ? limits : Later(limits, _sent.Peek() + Minute);
    }

    public void Take(string model, TimeSpan now)
    {
        _requests++;
        Remaining--;
        _limits[""].Take(now);
        if (model != "") LimitOf(model).Take(now);
        if (rpm is null) return;
        if (_sent.Count == rpm) _sent.Dequeue();
        _sent.Enqueue(now);
    }

    public void Count(int status, Sign sign)
    {
        _answers[status] = _answers.GetValueOrDefault(status) + 1;
        Remaining = sign.Remaining ?? Remaining;
        Organisation = sign.Organisation ?? Organisation;
    }

    /// <summary>An answer that did not refuse a request sent at this time.</summary>
    public void Clear(string model, TimeSpan sentAt)
    {
        _limits[""].Clear(sentAt);
        LimitOf(model).Clear(sentAt);
    }

    /// <summary>Begins or lengthens a rest and returns how long it is, zero where one was running already.</summary>
    public TimeSpan Rest(string model, TimeSpan now, TimeSpan sentAt, Sign sign) => LimitOf(model).Rest(now, sentAt, sign);

    /// <summary>The limit that keeps it longest speaks for the key.</summary>
    public KeyView Show(TimeSpan now)
    {
        var (model, limit) = _limits.MaxBy(pair => pair.Value.Until);
        var rest = Later(limit.Until - now, TimeSpan.Zero);
        var state = limit.OnTrial ? "trial" : rest > TimeSpan.Zero ? "resting" : "ready";
        var reason = state == "ready" ? null : model == "" ? limit.Reason : $"{model}: {limit.Reason}";
        return new(number, Hint, state, reason, rest.TotalSeconds, _requests, Remaining, [.. _answers]);
    }

    private static TimeSpan Later(TimeSpan left, TimeSpan right) => left > right ? left : right;

    private Limit LimitOf(string model)
    {
        if (_limits.TryGetValue(model, out var limit)) return limit;
        return _limits.Count < MostModels ? _limits[model] = new() : _limits[""];
    }
}

/// <summary>What of a key may be seen. Times are seconds.</summary>
internal sealed record KeyView(
    int Number, string? Hint, string State, string? Reason, double RestSeconds, long Requests, int? Remaining, KeyValuePair<int, long>[] Answers)
{
    public long Ok => Answers.Where(pair => pair.Key < 400).Sum(pair => pair.Value);
    public long Limited => Answers.Where(pair => pair.Key == 429).Sum(pair => pair.Value);
    public long Failed => Answers.Sum(pair => pair.Value) - Ok - Limited;
}
