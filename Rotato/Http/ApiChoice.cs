namespace Rotato.Http;

/// <summary>
/// Which of several APIs a request is for. A request that comes to the wrong one is refused there, with that API's own
/// key: no key goes anywhere else.
/// </summary>
/// <param name="Api">The API.</param>
/// <param name="Target">The request's target there.</param>
internal readonly record struct ApiChoice(Api Api, string Target)
{
    /// <summary>Chooses by the path's first segment, then by how the client speaks, then the first.</summary>
    public static ApiChoice Of(IReadOnlyList<Api> apis, RequestHead head)
    {
        if (AtHostInPath(apis, head) is { } named) return named;
        if (apis.Count == 1) return new(apis[0], head.Target);
        var style = KnownApi.StyleOf(head);
        foreach (var api in apis)
            if (style is not null && api.Known?.Style == style) return new(api, head.Target);
        return new(apis[0], head.Target);
    }

    /// <summary>What a client has to put into its base URL to reach an API.</summary>
    public static string ClientPath(Api api, IReadOnlyList<Api> apis)
    {
        var path = api.BaseUrl.AbsolutePath.TrimEnd('/');
        if (path == "") path = api.Known?.ClientPath ?? "/v1";
        var isFirst = api == apis[0];
        var isToldByStyle = api.Known?.Style is { } style and not ApiStyle.OpenAI
            && apis.First(other => other.Known?.Style == style) == api;
        return isFirst || isToldByStyle ? path : $"/{api.Host}{path}";
    }

    // "/api.groq.com/openai/v1/models": of several APIs at one host the one whose base URL goes on like the path.
    private static ApiChoice? AtHostInPath(IReadOnlyList<Api> apis, RequestHead head)
    {
        Api? best = null;
        foreach (var api in apis)
        {
            if (!BeginsWithHost(head.Path, api.Host)) continue;
            var isBetter = best is null || SharedWith(api, head) > SharedWith(best, head);
            if (isBetter) best = api;
        }

        return best is null ? null : new(best, head.TargetWithoutFirstSegment());
    }

    // How many letters of its base URL's path a target repeats: all or none.
    private static int SharedWith(Api api, RequestHead head)
    {
        var path = api.BaseUrl.AbsolutePath.TrimEnd('/');
        var target = head.TargetWithoutFirstSegment();
        var isRepeated = target == path || target.StartsWith(path + "/", StringComparison.Ordinal);
        return isRepeated ? path.Length : 0;
    }

    private static bool BeginsWithHost(string path, string host)
    {
        if (!path.AsSpan(1).StartsWith(host, StringComparison.OrdinalIgnoreCase)) return false;
        return path.Length == host.Length + 1 || path[host.Length + 1] == '/';
    }
}
