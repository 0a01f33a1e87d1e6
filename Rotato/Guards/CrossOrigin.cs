namespace Rotato.Guards;

/// <summary>
/// What a browser is told about pages of another origin (Fetch standard, section 3.2). The gate has let the origin in
/// before anything here is asked; a request without an origin gets none of these fields.
/// </summary>
internal static class CrossOrigin
{
    private const string AllowOrigin = "Access-Control-Allow-Origin";
    private const string ExposeHeaders = "Access-Control-Expose-Headers";
    private const string Exposed = "x-rotato-key, x-rotato-tries, x-rotato-cache, "
        + "retry-after, retry-after-ms, x-should-retry, x-request-id, request-id";

    // How long a browser may keep what it was told, in seconds.
    private const string MaxAge = "600";

    /// <summary>Whether a browser asks for permission before it sends the request itself.</summary>
    public static bool IsPreflight(RequestHead head)
    {
        if (head.Method != "OPTIONS") return false;
        if (head["Origin"] is null) return false;
        return head["Access-Control-Request-Method"] is not null;
    }

    /// <summary>Whether a request comes from a page at all.</summary>
    public static bool IsFromPage(RequestHead head) => head["Origin"] is not null;

    /// <summary>The permission: for this one origin, the method and the fields that it asks for.</summary>
    public static IEnumerable<(string Name, string Value)> PreflightFields(RequestHead head)
    {
        yield return (AllowOrigin, head["Origin"]!);
        yield return ("Vary", "Origin");
        yield return ("Access-Control-Allow-Methods", head["Access-Control-Request-Method"]!);
        if (head["Access-Control-Request-Headers"] is { } headers)
            yield return ("Access-Control-Allow-Headers", headers);
        if (head["Access-Control-Request-Private-Network"] == "true")
            yield return ("Access-Control-Allow-Private-Network", "true");
        yield return ("Access-Control-Max-Age", MaxAge);
    }

    /// <summary>What every other answer tells an admitted page, unless the upstream has said so itself.</summary>
    /// <param name="head">The request.</param>
    /// <param name="upstream">The value of a field of the upstream's answer.</param>
    public static IEnumerable<(string Name, string Value)> AnswerFields(
        RequestHead head, Func<string, string?> upstream)
    {
        if (head["Origin"] is not { } origin) yield break;
        if (upstream(AllowOrigin) is null)
        {
            yield return (AllowOrigin, origin);
            yield return ("Vary", "Origin");
        }

        if (upstream(ExposeHeaders) is null) yield return (ExposeHeaders, Exposed);
    }
}
