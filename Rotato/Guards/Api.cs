namespace Rotato.Guards;

/// <summary>An API that keys are for. Requests with these keys go to its address, and to no other.</summary>
/// <param name="baseUrl">As <see cref="BaseUrlOf"/> lets it pass.</param>
/// <param name="known">What is public about it; null where nothing is.</param>
internal sealed class Api(Uri baseUrl, KnownApi? known)
{
    // The Uri class would rewrite a path ("/a/../b", "%41"); it goes to the API as it came. Blanks and control
    // characters, which would be dangerous without that, the check of the head has refused.
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly string _origin = baseUrl.GetLeftPart(UriPartial.Authority);
    private readonly string _path = baseUrl.AbsolutePath.TrimEnd('/');

    public Uri BaseUrl => baseUrl;
    public KnownApi? Known => known;

    /// <summary>Whether it is on this machine: then no proxy may stand between, and plain HTTP is allowed.</summary>
    public bool IsOnThisMachine => Authority.IsLoopback(baseUrl.IdnHost);

    /// <summary>Whether a base URL is this one; a slash at its end makes no difference.</summary>
    public bool IsAt(Uri other) =>
        other.AbsolutePath.TrimEnd('/') == _path && other.GetLeftPart(UriPartial.Authority) == _origin;

    /// <summary>The host, with the port where that is not the usual one.</summary>
    public string Host => baseUrl.Authority;

    /// <summary>
    /// The base URL of an API; null where keys may not go there: plain HTTP would show them to the network, and a user,
    /// a query or a fragment is no part of a base URL.
    /// </summary>
    public static Uri? BaseUrlOf(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url)) return null;
        if (url.UserInfo + url.Query + url.Fragment != "") return null;
        if (url.Scheme == Uri.UriSchemeHttps) return url;
        return url.Scheme == Uri.UriSchemeHttp && Authority.IsLoopback(url.IdnHost) ? url : null;
    }

    /// <summary>The address of a request.</summary>
    /// <param name="target">The request's target, which begins with a slash.</param>
    /// <exception cref="Refusal">It would lead to another host.</exception>
    public Uri AddressOf(string target)
    {
        var address = new Uri(_origin + PathBefore(target) + target, AsItIs);
        // A target that changes the host is the shortest way to lose every key. No head has such a target; this is the
        // second lock.
        if (!IsAtThisApi(address)) throw Refusal.BadRequest("it names another host");
        return address;
    }

    private bool IsAtThisApi(Uri address)
    {
        if (address.Scheme != baseUrl.Scheme) return false;
        if (address.IdnHost != baseUrl.IdnHost) return false;
        return address.Port == baseUrl.Port;
    }

    // Of the base URL's path as much as the target does not say again: with the path "/openai/v1" the targets
    // "/v1/models", "/openai/v1/models" and "/models" lead to the same address.
    private string PathBefore(string target)
    {
        for (var start = 0; start < _path.Length; start = NextSlash(start))
            if (BeginsWithSegments(target, _path.AsSpan(start))) return _path[..start];
        return _path;
    }

    private int NextSlash(int start)
    {
        var next = _path.IndexOf('/', start + 1);
        return next < 0 ? _path.Length : next;
    }

    // Whole segments: "/v1" is not the beginning of "/v1beta".
    private static bool BeginsWithSegments(string target, ReadOnlySpan<char> segments)
    {
        if (!target.AsSpan().StartsWith(segments, StringComparison.Ordinal)) return false;
        return target.Length == segments.Length || target[segments.Length] is '/' or '?';
    }
}
