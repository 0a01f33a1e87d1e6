namespace Rotato;

/// <summary>
/// Who may come in. Loopback is no boundary: any page in the user's browser can reach it, by its address or through a name that
/// is rebound to it (hardening.md 1). Checked for every request, whatever its method; no field value can make it throw.
/// </summary>
internal sealed class Gate(Options options)
{
    /// <exception cref="Refusal">400 for a malformed Host, 403 for a foreign host or page, 401 for a missing token.</exception>
    public void Check(RequestHead head)
    {
        // With a token and an address that others reach, names are the user's affair: a rebound page does not have the token.
        var open = options.Token is not null && !Array.TrueForAll(options.Addresses, IPAddress.IsLoopback);
        if (head["Host"] is { } value)
        {
            var host = HostOf(value) ?? throw new Refusal(ErrorCode.BadRequest, "The Host header is malformed.");
            if (!open && !IsServed(host))
                throw new Refusal(ErrorCode.Forbidden, "This Host is not served; use localhost, an IP address or the name in --host.");
        }

        if (head["Origin"] is { } origin ? !IsAllowed(origin) : IsForeignFetch(head))
            throw new Refusal(ErrorCode.Forbidden, "Pages of this origin are not served; allow it with --allow-origin ORIGIN.");
        if (options.Token is { } token && !Presented(head).Any(secret => SameSecret(secret, token)))
            throw new Refusal(ErrorCode.Unauthorized, "Send Rotato's token (--token) as the API key.");
    }

    // An address cannot be rebound; a name can, except those that never leave the machine.
    private bool IsServed(string host) =>
        Uri.CheckHostName(host) != UriHostNameType.Dns || IsLocalhost(host)
        || host.Equals("host.docker.internal", StringComparison.OrdinalIgnoreCase)
        || host.Equals(options.Host, StringComparison.OrdinalIgnoreCase);

    // Any port and scheme of this machine. "null" and file: have no host and do not pass.
    private bool IsAllowed(string origin) =>
        options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (origin.Split("://") is [_, var authority] && HostOf(authority) is { } host
            && (IsLocalhost(host) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address))));

    // Browsers leave Origin out of a GET or an image; then Sec-Fetch-Site tells. A link to the status page may come from anywhere.
    private static bool IsForeignFetch(RequestHead head) =>
        head["Sec-Fetch-Site"] is "cross-site" or "same-site"
        && !(head is { Method: "GET", Path: Status.Page } && head["Sec-Fetch-Mode"] == "navigate" && head["Sec-Fetch-Dest"] == "document");

    private static IEnumerable<string> Presented(RequestHead head)
    {
        foreach (var (_, secret) in Credential.All(head))
        {
            yield return secret;
            var password = new byte[secret.Length];
            if (Convert.TryFromBase64String(secret, password, out var length))
                yield return Encoding.UTF8.GetString(password, 0, length).Split(':', 2)[^1];
        }
    }

    // Digests, because the comparison takes constant time only for equal lengths.
    private static bool SameSecret(string left, string right) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(left)), SHA256.HashData(Encoding.UTF8.GetBytes(right)));

    private static bool IsLocalhost(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    // host [":" port] (RFC 9110 s7.2) without the port and one trailing dot; null where it is none.
    private static string? HostOf(string authority)
    {
        var colon = authority.LastIndexOf(':');
        if (colon < authority.LastIndexOf(']')) colon = -1;
        if (colon >= 0 && authority.AsSpan(colon + 1).ContainsAnyExceptInRange('0', '9')) return null;
        var host = colon < 0 ? authority : authority[..colon];
        if (host.EndsWith('.')) host = host[..^1];
        return Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 ? host : null;
    }
}
