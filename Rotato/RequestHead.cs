/// <summary>
/// One request's head: all grammar of RFC 9112 s2 to s6 that Rotato knows, without I/O of its own. What is of this
/// type has been checked: names are tokens, values hold no control characters, the target cannot name another host,
/// the body's framing is decided, and the keys that the client sent are set apart.
/// </summary>
internal sealed record RequestHead(string Method, string Target, bool Http11)
{
    // tchar (RFC 9110 s5.6.2), and what field-vchar, SP and HTAB leave out (s5.5). Characters above 0x7F pass as they
    // are.
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    public static readonly SearchValues<char> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 128).Select(i => (char)i).Where(c => char.IsControl(c) && c != '\t')]);

    /// <summary>
    /// Fields by name, values trimmed and as Latin-1. Lines of one name are joined by commas (RFC 9110 s5.3).
    /// </summary>
    public Dictionary<string, string> Fields { get; } = new(16, StringComparer.OrdinalIgnoreCase);

    /// <summary>Path and query as they came: starts with a slash, visible ASCII, no fragment, no key.</summary>
    public string Target { get; private set; } = Target;

    /// <summary>The keys that the client sent; neither its fields nor its target hold them any more.</summary>
    public List<(string Field, string Secret)> Keys { get; } = [];

    /// <summary>Bytes of the body, or null where it is chunked.</summary>
    public long? Length { get; private set; }
    public string Path { get; } = Target.Split('?')[0];
    public string[] Connection => field ??= this["Connection"]?.Split(',', TrimEntries) ?? [];
    public bool KeepAlive => Http11 && !Connection.Contains("close", StringComparer.OrdinalIgnoreCase);
    public bool Expects100 => Http11 && "100-continue".Equals(this["Expect"], OrdinalIgnoreCase);

    /// <summary>
    /// A WebSocket handshake (RFC 6455 s4.1). An upgrade to anything else is left out of the request.
    /// </summary>
    public bool Upgrades => Method == "GET" && Http11 && "websocket".Equals(this["Upgrade"], OrdinalIgnoreCase)
        && Connection.Contains("Upgrade", StringComparer.OrdinalIgnoreCase);

    public string? this[string name] => Fields.GetValueOrDefault(name);

    /// <summary>
    /// Reads line by line, so that garbage, or TLS sent to this port, is refused at once and not by the time-out.
    /// </summary>
    /// <exception cref="Refusal">The bytes are no head that Rotato accepts.</exception>
    public static async ValueTask<RequestHead> ReadAsync(Input input)
    {
        var head = ParseRequestLine(await input.LineAsync(Limits.RequestLine, UriTooLong));
        var left = Limits.HeadBytes;
        for (var n = 1; await input.LineAsync(left, HeadersTooLarge) is not "" and var line; n++)
        {
            left -= line.Length + 2;
            if (n > Limits.HeadFields) throw new Refusal(HeadersTooLarge, "There are over 100 header fields.");
            var (name, value) = ParseField(line);
            // A second Host, length or coding makes a list of the value, which is then no host, not digits, not
            // "chunked".
            head.Fields[name] = head[name] is { } before ? $"{before}, {value}" : value;
        }

        return head.Framed();
    }

    /// <summary>
    /// field-line = field-name ":" OWS field-value OWS (RFC 9112 s5). Folded lines are refused. Serves trailers as
    /// well.
    /// </summary>
    public static (string Name, string Value) ParseField(string line)
    {
        var colon = line.IndexOf(':', Ordinal);
        if (colon <= 0 || line.AsSpan(0, colon).ContainsAnyExcept(Token)) throw Bad("a header name is not a token");
        if (line.AsSpan().ContainsAny(Controls)) throw Bad("a header holds a control character");
        return (line[..colon], line[(colon + 1)..].Trim(' ', '\t'));
    }

    public static Refusal Bad(string what) => new(BadRequest, $"Not a request that Rotato accepts: {what}.");

    // request-line = method SP request-target SP HTTP-version (RFC 9112 s3). Only capital letters in the method:
    // HttpClient would send "get" as GET. Only the origin form of a target: the others name some host, and the key
    // must not follow. No TRACE: it echoes keys.
    private static RequestHead ParseRequestLine(string line)
    {
        if (line.Split(' ') is not [var method, ['/', ..] target, var version]) throw Bad("its first line");
        if (method is "" or "TRACE" or "CONNECT" || !method.All(char.IsAsciiLetterUpper)) throw Bad("its method");
        if (target.AsSpan().ContainsAnyExceptInRange('!', '~') || target.Contains('#', Ordinal)) throw Bad("its path");
        if (version is "HTTP/1.1" or "HTTP/1.0") return new(method, target, version == "HTTP/1.1");
        var known = version.Length == 8 && version.StartsWith("HTTP/", Ordinal);
        throw known ? new Refusal(HttpVersionNotSupported, "Only HTTP/1.1 and 1.0 are served.") : Bad("bad version");
    }

    // RFC 9112 s6.3. What could be framed in two ways is refused: a length beside a coding, a length that is not
    // digits only (long.Parse alone lets signs and trailing NULs pass; 15 digits cannot overflow), a coding in
    // HTTP/1.0.
    private RequestHead Framed()
    {
        if (Http11 && this["Host"] is null) throw Bad("there is no Host");
        var (length, coding) = (this["Content-Length"] ?? "0", this["Transfer-Encoding"]);
        if (length.Length is 0 or > 15 || !length.All(char.IsAsciiDigit)) throw Bad("its length is not a number");
        var unclear = !Http11 || Fields.ContainsKey("Content-Length");
        if (coding is not null && (unclear || coding.StartsWith("chunked,", OrdinalIgnoreCase)))
            throw Bad("its length is ambiguous");
        if (coding is not null && !coding.Equals("chunked", OrdinalIgnoreCase))
            throw new Refusal(NotImplemented, "The only transfer coding that Rotato takes is chunked.");
        Length = coding is null ? long.Parse(length, CultureInfo.InvariantCulture) : null;
        Target = Credentials.TakeFrom(Fields, Target, Keys);
        return this;
    }
}
