/// <summary>
/// Rotato's own pages: the status page, the same as JSON, and as Prometheus text. They show, and change nothing.
/// </summary>
internal sealed class Status(Options options, KeyRing ring, Func<int> inFlight)
{
    public const string Page = "/_rotato";

    public static bool Owns(RequestHead head) => head.Path == Page || head.Path.StartsWith(Page + "/", Ordinal);

    /// <summary>The answer to a request for one of these pages, or null for one that goes upstream.</summary>
    public Answer? Answer(RequestHead head) => !Owns(head) ? null
        : (head.Method is "GET" or "HEAD" ? head.Path[Page.Length..] : "other") switch
        {
            "" or "/" => new("text/html; charset=utf-8", Options.Resource("Status.html")),
            "/status" => new("application/json", JsonSerializer.Serialize(Show(), StatusJson.Default.StatusView)),
            "/metrics" => new("text/plain; version=0.0.4; charset=utf-8", Metrics(ring.Show())),
            _ => throw new Refusal(BadRequest, "Served here: GET /_rotato, /_rotato/status and /_rotato/metrics."),
        };

    private StatusView Show() => new(Options.Version, options.UpstreamText, options.Strategy,
        Math.Round(ring.Now, 1), inFlight(), ring.Waiting, ring.Show());

    private string Metrics(KeyView[] keys) => string.Format(null, Options.Resource("Metrics.txt"),
        string.Join('\n', keys.SelectMany(k => k.Answers,
            (k, answers) => $$"""rotato_requests_total{key="{{k.Key}}",code="{{answers.Key}}"} {{answers.Value}}""")),
        string.Join('\n', keys.Select(k => $$"""rotato_key_ready{key="{{k.Key}}"} {{(k.RestSeconds > 0 ? 0 : 1)}}""")),
        string.Join('\n', keys.Select(k => $$"""rotato_key_rest_seconds{key="{{k.Key}}"} {{k.RestSeconds}}""")),
        ring.Waiting, inFlight());
}

/// <summary>What may be seen, in the words of the JSON. Times are seconds.</summary>
internal sealed record StatusView(
    string Version, string Upstream, string Strategy, double UptimeSeconds, int InFlight, int Waiting, KeyView[] Keys);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StatusView))]
internal sealed partial class StatusJson : JsonSerializerContext;
