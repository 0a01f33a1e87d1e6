/// <summary>
/// Who may come in. Loopback is no boundary: any page in the user's browser can reach it, by its address or by a name
/// that was rebound to it (hardening.md 1). Asked for every request, whatever its method; no field value can make it
/// throw anything but a refusal.
/// </summary>
internal sealed class Gate(Options options)
{
    // Where others reach it names are the user's affair: a rebound page does not have the token, and Options has seen
    // to it that there is one.
    private readonly bool _isOpen = options.IsOpen;

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
    private bool IsServed(string host) => _isOpen || Uri.CheckHostName(host) != UriHostNameType.Dns || IsHere(host)
        || host.Equals("host.docker.internal", OrdinalIgnoreCase) || host.Equals(options.Host, OrdinalIgnoreCase);

    // Browsers send a GET or an image without Origin; then Sec-Fetch-Site tells. A link to the status page may stand
    // anywhere.
    private bool IsForeign(RequestHead head) => head["Origin"] is { } origin ? !IsAllowed(origin)
        : head["Sec-Fetch-Site"] is not (null or "none" or "same-origin") && (head.Method, head.Path,
            head["Sec-Fetch-Mode"], head["Sec-Fetch-Dest"]) is not ("GET", Status.Page, "navigate", null or "document");

    // Any port of this machine. "null" and "file://" do not pass.
    private bool IsAllowed(string origin) => options.AllowedOrigins.Contains(origin, StringComparer.OrdinalIgnoreCase)
        || (origin.Split("://") is ["http" or "https", var authority] && HostOf(authority) is { } host && IsHere(host));

    private static bool IsHere(string host) => $".{host}".EndsWith(".localhost", OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    private bool HasToken(RequestHead head) => options.Token == ""
        || head.Keys.Any(key => IsToken(key.Secret) || IsToken(Decode(key.Secret)));

    // A password as a browser sends it (Basic authentication, RFC 7617), or the value of ?key=.
    private static string Decode(string sent) =>
        !System.Buffers.Text.Base64.IsValid(sent) ? Uri.UnescapeDataString(sent)
        : Encoding.UTF8.GetString(Convert.FromBase64String(sent)).Split(':', 2)[^1];

    // Digests are compared, because that takes constant time only for equal lengths.
    private bool IsToken(string sent) => CryptographicOperations.FixedTimeEquals(Digest(sent), Digest(options.Token));
    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    // host [":" port] (RFC 9110 s7.2) without the port and a trailing dot; null where it is none.
    private static string? HostOf(string authority) =>
        authority.Split(':', 2) is [var name, .. var port] && port.All(digits => digits.All(char.IsAsciiDigit))
            && Uri.CheckHostName(name) is UriHostNameType.Dns or UriHostNameType.IPv4 ? name.TrimEnd('.')
        : IPEndPoint.TryParse(authority, out var end) && !authority.Contains('%', Ordinal) ? $"{end.Address}" : null;
}
