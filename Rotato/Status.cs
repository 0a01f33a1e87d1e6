namespace Rotato;

/// <summary>
/// Rotato's own pages: the status page, the same as JSON, and as Prometheus text. They show, and change nothing.
/// </summary>
internal sealed class Status(Options options, KeyRing ring, Func<int> inFlight)
{
    public const string Page = "/_rotato";
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly string Html = About.Resource("Status.html");

    public static bool Owns(RequestHead head) => head.Path == Page || head.Path.StartsWith(Page + "/", Ordinal);

    /// <summary>The answer to a request for one of these pages, or null for one that goes upstream.</summary>
    public Answer? Answer(RequestHead head)
    {
        if (!Owns(head)) return null;
        var answer = (head.Method is "GET" or "HEAD" ? head.Path[Page.Length..] : "other") switch
        {
            "" or "/" => Rotato.Answer.Own(200, "text/html; charset=utf-8", Html),
            "/status" => Rotato.Answer.Own(
                200, "application/json", JsonSerializer.Serialize(Show(), StatusJson.Default.StatusView)),
            "/metrics" => Rotato.Answer.Own(200, "text/plain; version=0.0.4; charset=utf-8", Metrics(Show())),
            _ => throw new Refusal(BadRequest, "Served here: GET /_rotato, /_rotato/status and /_rotato/metrics."),
        };
        answer.Response.Headers.Add("Cache-Control", "no-store");
        answer.Response.Headers.Add("X-Content-Type-Options", "nosniff");
        answer.Response.Headers.Add("Content-Security-Policy", Policy);
        return answer;
    }

    private StatusView Show() => new(About.Version, options.UpstreamText, options.Strategy,
        Math.Round(ring.Now, 1), inFlight(), ring.Waiting, ring.Show());

    private static string Metrics(StatusView view) =>
        Metric("rotato_requests_total", "counter", view.Keys.SelectMany(key => key.Answers.Select(
            pair => ($$"""{key="{{key.Key}}",code="{{pair.Key}}"}""", (double)pair.Value))))
        + Metric("rotato_key_ready", "gauge", view.Keys.Select(key => (LabelOf(key), key.State == "ready" ? 1.0 : 0)))
        + Metric("rotato_key_rest_seconds", "gauge", view.Keys.Select(key => (LabelOf(key), key.RestSeconds)))
        + Metric("rotato_requests_waiting", "gauge", [("", view.Waiting)])
        + Metric("rotato_requests_in_flight", "gauge", [("", view.InFlight)]);

    private static string LabelOf(KeyView key) => $$"""{key="{{key.Key}}"}""";

    private static string Metric(string name, string type, IEnumerable<(string Labels, double Value)> samples) =>
        $"# TYPE {name} {type}\n{string.Concat(samples.Select(sample => $"{name}{sample.Labels} {sample.Value}\n"))}";
}

/// <summary>What may be seen, in the words of the JSON. Times are seconds.</summary>
internal sealed record StatusView(
    string Version, string Upstream, string Strategy, double UptimeSeconds, int InFlight, int Waiting, KeyView[] Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatusView))]
internal sealed partial class StatusJson : JsonSerializerContext;
