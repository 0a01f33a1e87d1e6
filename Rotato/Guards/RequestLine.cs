namespace Rotato.Guards;

/// <summary>
/// The first line of a request, checked before anything behind it is read, so that garbage is refused at once.
/// </summary>
internal sealed class RequestLine
{
    private const string PlainScheme = "http://";

    private RequestLine(string method, string target, bool isHttp11, string? authority)
    {
        Method = method;
        Target = target;
        IsHttp11 = isHttp11;
        Authority = authority;
    }

    public string Method { get; }

    /// <summary>Path and query, in the origin form.</summary>
    public string Target { get; }

    /// <summary>Whether it speaks HTTP/1.1, and not 1.0.</summary>
    public bool IsHttp11 { get; }

    /// <summary>The host that the absolute form names; null in the origin form.</summary>
    public string? Authority { get; }

    /// <summary>request-line = method SP request-target SP HTTP-version (RFC 9112 section 3).</summary>
    /// <exception cref="Refusal">It is none that Rotato accepts.</exception>
    public static RequestLine Check(string line)
    {
        if (line.Split(' ') is not [var method, var target, var version])
            throw Refusal.BadRequest("its first line is not a method, a path and a version");
        CheckMethod(method);
        var authority = AuthorityOf(target);
        if (authority is not null) target = target[(PlainScheme.Length + authority.Length)..];
        // The absolute form may end with the authority, or go on with a query.
        if (authority is not null && !target.StartsWith('/')) target = $"/{target}";
        CheckTarget(target);
        return new(method, target, IsVersion11(version), authority);
    }

    // Capital letters only: HttpClient would send "get" as GET. No TRACE: it echoes keys.
    private static void CheckMethod(string method)
    {
        if (method == "CONNECT")
        {
            throw Refusal.Misdirected(
            ErrorCode.BadRequest, "This port is no proxy; give it to clients as a base URL.");
        }

        if (method == "TRACE") throw Refusal.BadRequest("its method");
        if (method == "" || method.AsSpan().ContainsAnyExceptInRange('A', 'Z')) throw Refusal.BadRequest("its method");
    }

    private static void CheckTarget(string target)
    {
        if (!target.StartsWith('/')) throw Refusal.BadRequest("its path does not begin with a slash");
        if (target.AsSpan().ContainsAnyExceptInRange('!', '~') || target.Contains('#', StringComparison.Ordinal))
            throw Refusal.BadRequest("its path holds a character that no path has");
    }

    private static bool IsVersion11(string version) => version switch
    {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        ['H', 'T', 'T', 'P', '/', _, '.', _] => throw new Refusal(
            ErrorCode.HttpVersionNotSupported, "This port speaks HTTP/1.1."),
        _ => throw Refusal.BadRequest("its first line does not end with HTTP/1.1"),
    };

    private static string? AuthorityOf(string target)
    {
        if (!target.StartsWith(PlainScheme, StringComparison.OrdinalIgnoreCase)) return null;
        var end = target.IndexOfAny(['/', '?'], PlainScheme.Length);
        return end < 0 ? target[PlainScheme.Length..] : target[PlainScheme.Length..end];
    }
}
