/// <summary>
/// Rotato's own pages: the status page, the same as JSON, and as Prometheus text. They show, and change nothing.
/// </summary>
internal sealed class Status(Options options, KeyRing ring, Func<int> inFlight)
{
    public const string Page = "/_rotato";
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static bool Owns(RequestHead head) => head.Path == Page || head.Path.StartsWith(Page + "/", Ordinal);

    /// <summary>The answer to a request for one of these pages, or null for one that goes upstream.</summary>
    public Answer? Answer(RequestHead head)
    {
        if (!Owns(head)) return null;
        var (type, text) = (head.Method is "GET" or "HEAD" ? head.Path[Page.Length..] : "other") switch
        {
            "" or "/" => ("text/html; charset=utf-8", Options.Resource("Status.html")),
            "/status" => ("application/json", JsonSerializer.Serialize(Show(), StatusJson.Default.StatusView)),
            "/metrics" => ("text/plain; version=0.0.4; charset=utf-8", Metrics(Show())),
            _ => throw new Refusal(BadRequest, "Served here: GET /_rotato, /_rotato/status and /_rotato/metrics."),
        };
        return new(new HttpResponseMessage
        {
            Content = new StringContent(text, MediaTypeHeaderValue.Parse(type)),
            Headers = { { "Cache-Control", "no-store" }, { "X-Content-Type-Options", "nosniff" },
                { "Content-Security-Policy", Policy } },
        });
    }

    private StatusView Show() => new(Options.Version, options.UpstreamText, options.Strategy,
        Math.Round(ring.Now, 1), inFlight(), ring.Waiting, ring.Show());

    private static string Metrics(StatusView view) =>
        Metric("requests_total", "counter", "Requests sent, by key and what came of them.", view.Keys.SelectMany(
            key => key.Answers, (key, answers) => $$"""{key="{{key.Key}}",code="{{answers.Key}}"} {{answers.Value}}"""))
        + Metric("key_ready", "gauge", "Whether the key can serve now.",
            view.Keys.Select(key => $$"""{key="{{key.Key}}"} {{(key.State == "ready" ? 1 : 0)}}"""))
        + Metric("key_rest_seconds", "gauge", "How long the key still rests.",
            view.Keys.Select(key => $$"""{key="{{key.Key}}"} {{key.RestSeconds}}"""))
        + Metric("requests_waiting", "gauge", "Requests that wait for a key.", [$" {view.Waiting}"])
        + Metric("requests_in_flight", "gauge", "Requests on their way.", [$" {view.InFlight}"]);

    // Labels, if any, and a value make a sample.
    private static string Metric(string name, string type, string help, IEnumerable<string> samples) =>
        $"# HELP rotato_{name} {help}\n# TYPE rotato_{name} {type}\n"
        + string.Concat(samples.Select(sample => $"rotato_{name}{sample}\n"));
}

/// <summary>What may be seen, in the words of the JSON. Times are seconds.</summary>
internal sealed record StatusView(
    string Version, string Upstream, string Strategy, double UptimeSeconds, int InFlight, int Waiting, KeyView[] Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatusView))]
internal sealed partial class StatusJson : JsonSerializerContext;
