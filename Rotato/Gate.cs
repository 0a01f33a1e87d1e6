/// <summary>
/// Who may come in. Loopback is no boundary: any page in the user's browser can reach it, by its address or by a name
/// that was rebound to it (hardening.md 1). Asked for every request, whatever its method; no field value can make it
/// throw anything but a refusal.
/// </summary>
internal sealed class Gate(Options options)
{
    // Where others reach it names are the user's affair: a rebound page does not have the token, and Options has seen
    // to it that there is one.
    private readonly bool _isOpen = options.Token is not null && !options.Addresses.All(IPAddress.IsLoopback);
    private readonly string? _token = options.Token;

    /// <exception cref="Refusal">400 for a malformed Host, 403 for a foreign host or page, 401 without the
    /// token.</exception>
    public void Check(RequestHead head)
    {
        var host = HostOf(head["Host"] ?? "localhost") ?? throw RequestHead.Bad("its Host is malformed");
        if (!IsServed(host)) throw new Refusal(Forbidden, "This Host is not served; use localhost, an IP or --host.");
        if (IsForeign(head)) throw new Refusal(Forbidden, "This origin is not served; --allow-origin would let it in.");
        if (!HasToken(head)) throw new Refusal(Unauthorized, "Send the token of --token as the API key.");
    }

    // An address cannot be rebound; a name can, except those that never leave this machine.
    private bool IsServed(string host) => _isOpen || IsLocalhost(host) || Uri.CheckHostName(host) != UriHostNameType.Dns
        || host.Equals("host.docker.internal", OrdinalIgnoreCase) || host.Equals(options.Host, OrdinalIgnoreCase);

    // Browsers send a GET or an image without Origin; then Sec-Fetch-Site tells. A link to the status page may stand
    // anywhere.
    private bool IsForeign(RequestHead head) => head["Origin"] is { } origin ? !IsAllowed(origin)
        : head["Sec-Fetch-Site"] is not (null or "none" or "same-origin")
            && (head.Method, head.Path, head["Sec-Fetch-Mode"], head["Sec-Fetch-Dest"])
                is not ("GET", Status.Page, "navigate", null or "document");

    // Any port of this machine. "null" and "file://" do not pass.
    private bool IsAllowed(string origin) => options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (origin.Split("://") is ["http" or "https", var authority] && HostOf(authority) is { } host
            && (IsLocalhost(host) || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address))));

    private static bool IsLocalhost(string host) => $".{host}".EndsWith(".localhost", OrdinalIgnoreCase);

    private bool HasToken(RequestHead head) => _token is null
        || head.Keys.Any(key => AreEqual(key.Secret, _token) || AreEqual(PasswordIn(key.Secret), _token));

    // As a browser sends it (Basic authentication, RFC 7617).
    private static string PasswordIn(string secret) => !System.Buffers.Text.Base64.IsValid(secret) ? ""
        : Encoding.UTF8.GetString(Convert.FromBase64String(secret)).Split(':', 2)[^1];

    // Digests are compared, because that takes constant time only for equal lengths.
    private static bool AreEqual(string one, string other) => CryptographicOperations.FixedTimeEquals(
        SHA256.HashData(Encoding.UTF8.GetBytes(one)), SHA256.HashData(Encoding.UTF8.GetBytes(other)));

    // host [":" port] (RFC 9110 s7.2) without the port and one trailing dot; null where it is none.
    private static string? HostOf(string authority)
    {
        var colon = authority.LastIndexOf(':') is var at && at > authority.LastIndexOf(']') ? at : authority.Length;
        var host = authority[..colon].EndsWith('.') ? authority[..(colon - 1)] : authority[..colon];
        return authority.AsSpan(colon).TrimStart(':').ContainsAnyExceptInRange('0', '9') ? null
            : Uri.CheckHostName(host) is UriHostNameType.Unknown or UriHostNameType.Basic ? null : host;
    }
}
