namespace Rotato;

/// <summary>
/// Who may come in. Loopback is no boundary: any page in the user's browser can reach it, by its address or by a name
/// that was rebound to it (hardening.md 1). Asked for every request, whatever its method; no field value can make it
/// throw anything but a refusal.
/// </summary>
internal sealed class Gate(Options options)
{
    // With a token and an address that others reach, names are the user's affair: a rebound page does not have the
    // token.
    private readonly bool _anyHost = options.Token is not null && !options.Addresses.All(IPAddress.IsLoopback);

    /// <exception cref="Refusal">400 for a malformed Host, 403 for a foreign host or page, 401 without the
    /// token.</exception>
    public void Check(RequestHead head)
    {
        var host = HostOf(head["Host"] ?? "localhost") ?? throw RequestHead.Bad("its Host is malformed");
        if (!_anyHost && !IsServed(host))
            throw new Refusal(Forbidden, "This Host is not served; use localhost, an IP address or the --host name.");
        if (head["Origin"] is { } origin ? !IsAllowed(origin) : IsForeignFetch(head))
            throw new Refusal(Forbidden, "Pages of this origin are not served; allow it with --allow-origin ORIGIN.");
        if (options.Token is { } token && !head.Keys.Any(key => IsToken(key.Secret, token)))
            throw new Refusal(Unauthorized, "Send the token that Rotato was started with as the API key.");
    }

    // An address cannot be rebound; a name can, except those that never leave this machine.
    private bool IsServed(string host) => Uri.CheckHostName(host) != UriHostNameType.Dns || IsLocalhost(host)
        || host.Equals("host.docker.internal", OrdinalIgnoreCase) || host.Equals(options.Host, OrdinalIgnoreCase);

    // Any port of this machine. "null" and "file://" do not pass.
    private bool IsAllowed(string origin) => options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (origin.Split("://") is ["http" or "https", var authority] && HostOf(authority) is { } host
            && (IsLocalhost(host) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address))));

    // Browsers send a GET or an image without Origin; then Sec-Fetch-Site tells. A link to the status page may stand
    // anywhere.
    private static bool IsForeignFetch(RequestHead head) => !(head is { Method: "GET", Path: Status.Page }
            && head["Sec-Fetch-Mode"] == "navigate" && head["Sec-Fetch-Dest"] == "document")
        && head["Sec-Fetch-Site"] is not (null or "none" or "same-origin");

    private static bool IsLocalhost(string host) => $".{host}".EndsWith(".localhost", OrdinalIgnoreCase);

    // As it is, or as a browser's password (Basic authentication, RFC 7617). Digests are compared, because that takes
    // constant time only for equal lengths.
    private static bool IsToken(string secret, string token)
    {
        var bytes = new byte[secret.Length];
        var isBasic = Convert.TryFromBase64String(secret, bytes, out var length);
        var password = isBasic ? Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2)[^1] : "";
        return CryptographicOperations.FixedTimeEquals(Digest(secret), Digest(token))
            || CryptographicOperations.FixedTimeEquals(Digest(password), Digest(token));
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    // host [":" port] (RFC 9110 s7.2) without the port and one trailing dot; null where it is none.
    private static string? HostOf(string authority)
    {
        var colon = authority.LastIndexOf(':') is var at && at > authority.LastIndexOf(']') ? at : authority.Length;
        var host = authority[..colon].EndsWith('.') ? authority[..(colon - 1)] : authority[..colon];
        return authority.AsSpan(colon).TrimStart(':').ContainsAnyExceptInRange('0', '9') ? null
            : Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic ? null : host;
    }
}
