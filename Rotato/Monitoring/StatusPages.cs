using Rotato.Caching;
using Rotato.Http;
using Rotato.RateLimits;

namespace Rotato.Monitoring;

/// <summary>What the pages show of the program as a whole.</summary>
/// <param name="Version">Of the build.</param>
/// <param name="Strategy">Its name.</param>
/// <param name="Apis">By their numbers.</param>
/// <param name="Upstream">The first API's base URL.</param>
internal sealed record Overview(string Version, string Strategy, ApiView[] Apis, string Upstream);

/// <summary>An API as people may see it.</summary>
/// <param name="Host">Where its keys go.</param>
/// <param name="Keys">How many there are, in words.</param>
/// <param name="BaseUrl">What a client needs to reach it.</param>
internal sealed record ApiView(string Host, string Keys, string BaseUrl)
{
    public static ApiView Of(Api api, IReadOnlyList<Api> all, string url, KeyRing ring)
    {
        var count = ring.Show((keys, _) => keys.Count(key => key.Api == api));
        return new(api.Host, count == 1 ? "1 key" : $"{count} keys", url + ApiChoice.ClientPath(api, all));
    }
}

/// <summary>
/// Rotato's own pages: the status page, the same as JSON, and as Prometheus text. They show, and change nothing.
/// </summary>
/// <param name="page">The status page's HTML.</param>
/// <param name="overview">Asked anew each time, for keys come and go.</param>
/// <param name="ring">The keys.</param>
/// <param name="journal">What has happened.</param>
internal sealed class StatusPages(string page, Func<Overview> overview, KeyRing ring, Journal journal)
{
    private const string MetricsType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly byte[] _page = Encoding.UTF8.GetBytes(page);

    /// <summary>Answers in memory; null where none are wanted.</summary>
    public AnswerCache? Cache { get; init; }

    public static bool IsOwn(string path) =>
        path == Gate.StatusPage || path.StartsWith(Gate.StatusPage + "/", StringComparison.Ordinal);

    /// <summary>The answer to a request for one of them.</summary>
    /// <exception cref="Refusal">There is no such page.</exception>
    public Answer AnswerTo(RequestHead head, int inFlight)
    {
        var page = head.Method is "GET" or "HEAD" ? head.Path[Gate.StatusPage.Length..] : "none";
        return page switch
        {
            "" or "/" => Answer.Own(200, "text/html; charset=utf-8", _page),
            "/status" => Answer.Own(200, "application/json", StatusJson.Write(Snapshot(inFlight))),
            "/metrics" => Answer.Own(200, MetricsType, Metrics.Write(Snapshot(inFlight))),
            _ => throw Refusal.BadRequest(
                "Rotato serves GET /_rotato, /_rotato/status and /_rotato/metrics, and nothing else below /_rotato"),
        };
    }

    private Snapshot Snapshot(int inFlight)
    {
        var all = overview();
        var views = ring.Show((keys, now) =>
            Array.ConvertAll(keys, key => KeyView.Of(key, now)));
        return new(all, ring.Now, inFlight, ring.Waiting, views, journal, Cache);
    }
}

/// <summary>Everything that the pages show, at one moment.</summary>
internal sealed record Snapshot(
    Overview Overview, double UptimeSeconds, int InFlight, int Waiting, KeyView[] Keys, Journal Journal,
    AnswerCache? Cache);
