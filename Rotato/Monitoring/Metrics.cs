namespace Rotato.Monitoring;

/// <summary>Writes the status as Prometheus text (prometheus.io/docs/instrumenting/exposition_formats).</summary>
internal static class Metrics
{
    public static byte[] Write(Snapshot snapshot)
    {
        var text = new StringBuilder();
        Begin(text, "rotato_build_info", "gauge", "The build that runs.");
        Add(text, "rotato_build_info", $"version=\"{snapshot.Overview.Version}\"", 1);
        AddKeys(text, snapshot.Keys);
        AddLimits(text, snapshot.Keys);
        AddSingle(text, "rotato_requests_waiting", "gauge", "Requests that wait for a key.", snapshot.Waiting);
        AddSingle(text, "rotato_requests_in_flight", "gauge", "Requests on their way to an upstream or back.",
            snapshot.InFlight);
        if (snapshot.Cache is { } cache)
            AddSingle(text, "rotato_cache_hits_total", "counter", "Answers that came from memory.", cache.Hits);
        AddAnswers(text, snapshot.Journal);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void AddKeys(StringBuilder text, KeyView[] keys)
    {
        Begin(text, "rotato_requests_total", "counter", "Requests sent, by key and what became of them.");
        foreach (var key in keys)
        {
            foreach (var (status, count) in key.Ended)
                Add(text, "rotato_requests_total", $"key=\"{key.Key}\",code=\"{status}\"", count);
        }

        Begin(text, "rotato_key_ready", "gauge", "Whether the key can serve something now.");
        foreach (var key in keys)
            Add(text, "rotato_key_ready", $"key=\"{key.Key}\"", key.State is "ready" or "trial" ? 1 : 0);
        Begin(text, "rotato_key_rest_seconds", "gauge", "How long the key as a whole still rests.");
        foreach (var key in keys) Add(text, "rotato_key_rest_seconds", $"key=\"{key.Key}\"", key.RestSeconds);
    }

    private static void AddLimits(StringBuilder text, KeyView[] keys)
    {
        Begin(text, "rotato_limit_rest_seconds", "gauge", "How long the key still rests for one endpoint and model.");
        foreach (var key in keys)
        {
            foreach (var limit in key.Limits)
            {
                var labels = $"key=\"{key.Key}\",scope=\"{Escaped(limit.Scope)}\"";
                Add(text, "rotato_limit_rest_seconds", labels, limit.RestSeconds);
            }
        }
    }

    private static void AddAnswers(StringBuilder text, Journal journal)
    {
        Begin(text, "rotato_answers_total", "counter", "Answers that clients got, by status.");
        foreach (var (status, count) in journal.Answers())
            Add(text, "rotato_answers_total", $"code=\"{status}\"", count);
        var histogram = journal.SecondsToHead();
        Begin(text, "rotato_answer_seconds", "histogram", "How long clients waited for the head of an answer.");
        for (var i = 0; i < Histogram.Bounds.Length; i++)
            Add(text, "rotato_answer_seconds_bucket", $"le=\"{Text(Histogram.Bounds[i])}\"", histogram.CountUpTo(i));
        Add(text, "rotato_answer_seconds_bucket", "le=\"+Inf\"", histogram.Count);
        Add(text, "rotato_answer_seconds_sum", "", histogram.Sum);
        Add(text, "rotato_answer_seconds_count", "", histogram.Count);
    }

    private static void AddSingle(StringBuilder text, string name, string type, string help, double value)
    {
        Begin(text, name, type, help);
        Add(text, name, "", value);
    }

    private static void Begin(StringBuilder text, string name, string type, string help) =>
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Add(StringBuilder text, string name, string labels, double value)
    {
        var braces = labels == "" ? "" : $"{{{labels}}}";
        text.Append(CultureInfo.InvariantCulture, $"{name}{braces} {Text(value)}\n");
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Escaped(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
