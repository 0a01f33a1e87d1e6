namespace Rotato;

/// <summary>Rotato's own pages: the status page, the same as JSON, and Prometheus text. They show and change nothing.</summary>
internal sealed class Status(Options options, KeyRing ring, Func<int> inFlight)
{
    public const string Page = "/_rotato";

    private static readonly string Html = About.Resource("Status.html");

    public static bool Owns(RequestHead head) => head.Path == Page || head.Path.StartsWith(Page + "/", StringComparison.Ordinal);

    /// <summary>The answer to a request for one of these pages, or null for one that goes upstream.</summary>
    public Answer? Answer(RequestHead head)
    {
        if (!Owns(head)) return null;
        var answer = (head.Method is "GET" or "HEAD" ? head.Path : "") switch
        {
            Page or Page + "/" => Rotato.Answer.Own(200, "text/html; charset=utf-8", Html),
            Page + "/status" => Rotato.Answer.Own(200, "application/json", Json()),
            Page + "/metrics" => Rotato.Answer.Own(200, "text/plain; version=0.0.4; charset=utf-8", Metrics()),
            _ => null,
        } ?? throw new Refusal(ErrorCode.BadRequest, "Here are only GET /_rotato, /_rotato/status and /_rotato/metrics.");
        answer.Response.Headers.Add("Cache-Control", "no-store");
        answer.Response.Headers.Add("X-Content-Type-Options", "nosniff");
        answer.Response.Headers.Add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; "
            + "script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        return answer;
    }

    private string Json() => string.Create(CultureInfo.InvariantCulture, $$"""
        {"version":"{{About.Version}}","upstream":{{Quote(options.UpstreamText)}},"strategy":"{{options.Strategy}}",
         "uptime_seconds":{{ring.Now.TotalSeconds:0.0}},"in_flight":{{inFlight()}},"waiting":{{ring.Waiting}},
         "keys":[{{string.Join(",\n  ", ring.Show().Select(Json))}}]}
        """);

    private static string Json(KeyView key) => string.Create(CultureInfo.InvariantCulture, $$"""
        {"key":{{key.Number}},"hint":{{Quote(key.Hint)}},"state":"{{key.State}}","reason":{{Quote(key.Reason)}},
           "rest_seconds":{{key.RestSeconds:0.0}},"requests":{{key.Requests}},"ok":{{key.Ok}},"limited":{{key.Limited}},
           "failed":{{key.Failed}},"remaining":{{key.Remaining?.ToString(CultureInfo.InvariantCulture) ?? "null"}}}
        """);

    private string Metrics()
    {
        var keys = ring.Show();
        return Metric("rotato_requests_total", "counter", "Answers of the upstream by key and status",
                keys.SelectMany(key => key.Answers.Select(pair => ($$"""{key="{{key.Number}}",code="{{pair.Key}}"}""", (double)pair.Value))))
            + Metric("rotato_key_ready", "gauge", "1 where the key may serve", keys.Select(key => (Label(key), key.State == "ready" ? 1.0 : 0)))
            + Metric("rotato_key_rest_seconds", "gauge", "Seconds until the key's rest is over", keys.Select(key => (Label(key), key.RestSeconds)))
            + Metric("rotato_requests_waiting", "gauge", "Requests in line for a key", [("", ring.Waiting)])
            + Metric("rotato_requests_in_flight", "gauge", "Requests taken and not yet answered in full", [("", inFlight())]);
    }

    private static string Metric(string name, string type, string help, IEnumerable<(string Labels, double Value)> samples) =>
        $"# HELP {name} {help}.\n# TYPE {name} {type}\n"
        + string.Concat(samples.Select(s => string.Create(CultureInfo.InvariantCulture, $"{name}{s.Labels} {s.Value:0.###}\n")));

    private static string Label(KeyView key) => $$"""{key="{{key.Number}}"}""";

    private static string Quote(string? text) => text is null ? "null" : $"\"{JsonEncodedText.Encode(text)}\"";
}
