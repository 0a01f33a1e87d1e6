/// <summary>
/// One request's head: all grammar of RFC 9112 s2 to s6 that Rotato knows, without I/O of its own. What is of this
/// type has been checked: names are tokens, values hold no control characters, the target cannot name another host,
/// the body's framing is decided, and the keys that the client sent are set apart.
/// </summary>
/// <param name="Method">Capital letters.</param>
/// <param name="Target">Path and query as they came: starts with a slash, visible ASCII, no fragment, no key.</param>
/// <param name="Http11">Whether it speaks HTTP/1.1 and not 1.0.</param>
/// <param name="Fields">By name, values trimmed and as Latin-1; those of one name joined by commas (RFC 9110
/// s5.3).</param>
/// <param name="Length">Bytes of the body, or null where it is chunked.</param>
/// <param name="Keys">Those that the client sent; neither its fields nor its target hold them any more.</param>
internal sealed record RequestHead(string Method, string Target, bool Http11, Dictionary<string, string> Fields,
    long? Length, IReadOnlyList<(string Field, string Secret)> Keys)
{
    // tchar (RFC 9110 s5.6.2).
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

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
    /// request-line = method SP request-target SP HTTP-version (RFC 9112 s3). Only capital letters in the method:
    /// HttpClient would send "get" as GET. Only the origin form of a target: the others name some host, and the key
    /// must not follow. No TRACE: it echoes keys. Reads line by line, so that garbage is refused at once and not by the
    /// time-out.
    /// </summary>
    /// <exception cref="Refusal">The bytes are no head that Rotato accepts.</exception>
    public static async ValueTask<RequestHead> ReadAsync(Input input)
    {
        var line = await input.LineAsync(Limits.RequestLine, UriTooLong);
        if (line.Split(' ') is not [var method, ['/', ..] target, var version]) throw Bad("its first line");
        if (method is "" or "TRACE" or "CONNECT" || !method.All(char.IsAsciiLetterUpper)) throw Bad("its method");
        if (target.AsSpan().ContainsAnyExceptInRange('!', '~') || target.Contains('#', Ordinal)) throw Bad("its path");
        if (version.Length != 8 || !version.StartsWith("HTTP/", Ordinal)) throw Bad("its version");
        if (version is not ("HTTP/1.1" or "HTTP/1.0")) throw new Refusal(HttpVersionNotSupported, "Use HTTP/1.1.");
        var (http11, fields) = (version == "HTTP/1.1", await ReadFieldsAsync(input));
        var keys = new List<(string Field, string Secret)>();
        target = Credentials.TakeFrom(fields, target, keys);
        return new(method, target, http11, fields, LengthOf(fields, http11), keys);
    }

    /// <summary>
    /// field-line = field-name ":" OWS field-value OWS (RFC 9112 s5), up to an empty line. Folded lines are refused.
    /// Serves trailers as well.
    /// </summary>
    public static async ValueTask<Dictionary<string, string>> ReadFieldsAsync(Input input)
    {
        var (fields, left) = (new Dictionary<string, string>(16, StringComparer.OrdinalIgnoreCase), Limits.HeadBytes);
        for (var n = 1; await input.LineAsync(left, HeadersTooLarge) is not "" and var line; n++)
        {
            left -= line.Length + 2;
            if (n > Limits.HeadFields) throw new Refusal(HeadersTooLarge, "There are over 100 header fields.");
            var colon = line.IndexOf(':', Ordinal);
            if (colon <= 0 || line.AsSpan(0, colon).ContainsAnyExcept(Token)) throw Bad("a header name is not a token");
            var (name, value) = (line[..colon], line.AsSpan(colon + 1).Trim(" \t").ToString());
            // A second Host, length or coding makes a list of the value, which is then no host, not digits, not
            // "chunked".
            fields[name] = fields.TryGetValue(name, out var before) ? $"{before}, {value}" : value;
        }

        return fields;
    }

    /// <summary>
    /// Digits only, and few enough not to overflow, checked before they are parsed: the parser lets signs or trailing
    /// NULs pass, and sixteen hexadecimal digits wrap around to a negative number.
    /// </summary>
    public static long ParseLength(string text, int digits, NumberStyles style) => text.All(char.IsAsciiHexDigit)
        && text.Length <= digits && long.TryParse(text, style, CultureInfo.InvariantCulture, out var length)
        ? length : throw Bad("a length is not a number");

    public static Refusal Bad(string what) => new(BadRequest, $"Not a request that Rotato accepts: {what}.");

    // RFC 9112 s6.3. What could be framed in two ways is refused: a length beside a coding, a coding in HTTP/1.0, one
    // behind "chunked".
    private static long? LengthOf(Dictionary<string, string> fields, bool http11)
    {
        if (http11 && !fields.ContainsKey("Host")) throw Bad("there is no Host");
        fields.TryGetValue("Content-Length", out var length);
        fields.TryGetValue("Transfer-Encoding", out var coding);
        if (coding is null) return ParseLength(length ?? "0", 15, NumberStyles.None);
        if (length is not null || !http11 || coding.StartsWith("chunked,", OrdinalIgnoreCase)) throw Bad("its length");
        return coding.Equals("chunked", OrdinalIgnoreCase) ? null
            : throw new Refusal(NotImplemented, "The only transfer coding that Rotato takes is chunked.");
    }
}
