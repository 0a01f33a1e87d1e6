namespace Rotato;

/// <summary>
/// One request's head: all grammar of RFC 9112 s2 to s6 that Rotato knows, in one pass over the bytes, without I/O. A value of
/// this type has been checked: names are tokens, values hold no control characters, the target cannot name another host,
/// and its framing is decided, once, here.
/// </summary>
internal sealed class RequestHead
{
    // tchar of RFC 9110 s5.6.2. Methods are case-sensitive; HttpClient would send "get" as GET and take "connect" for CONNECT,
    // so only the capital letters and hyphens that the registered methods are made of pass.
    private static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);
    private static readonly SearchValues<byte> MethodToken = SearchValues.Create("-ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);
    private static readonly SearchValues<byte> FieldText = SearchValues.Create(
        [.. Enumerable.Range(0, 256).Where(b => b is '\t' or >= ' ' and not 0x7F).Select(b => (byte)b)]);

    private RequestHead(string method, string target, bool http11) => (Method, Target, Http11) = (method, target, http11);

    public string Method { get; }

    /// <summary>Path and query as they came; starts with a slash, all bytes visible ASCII, no fragment.</summary>
    public string Target { get; }

    public string Path => Target.Split('?', 2)[0];

    public bool Http11 { get; }

    /// <summary>Field lines in their order, names as they came, values trimmed, bytes as Latin-1.</summary>
    public List<KeyValuePair<string, string>> Fields { get; } = new(16);

    /// <summary>Bytes of the body; meaningless where <see cref="Chunked"/>.</summary>
    public long Length { get; private set; }

    public bool Chunked { get; private set; }

    /// <summary>The members of the Connection field: names of fields that end at this hop, and "close".</summary>
    public string[] Connection { get; private set; } = [];

    public bool KeepAlive => Http11 && !Connection.Contains("close", StringComparer.OrdinalIgnoreCase);

    public bool Expects100 => Http11 && "100-continue".Equals(this["Expect"], StringComparison.OrdinalIgnoreCase);

    /// <summary>A WebSocket handshake (RFC 6455 s4.1); an upgrade to anything else is left out of the request instead.</summary>
    public bool Upgrades => Http11 && Method == "GET" && Connection.Contains("Upgrade", StringComparer.OrdinalIgnoreCase)
        && "websocket".Equals(this["Upgrade"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The first field of that name, or null.</summary>
    public string? this[string name]
    {
        get
        {
            foreach (var field in Fields)
                if (field.Key.Equals(name, StringComparison.OrdinalIgnoreCase)) return field.Value;
            return null;
        }
    }

    /// <summary>
    /// Reads a head from the start of <paramref name="bytes"/>. Null: it is not complete yet. Lines are refused as soon as they
    /// have arrived, so a wrong first byte does not wait for the time-out.
    /// </summary>
    /// <exception cref="Refusal">The bytes are no head that Rotato accepts.</exception>
    public static RequestHead? TryParse(ReadOnlySpan<byte> bytes, out int used)
    {
        used = 0;
        if (bytes is [not (>= (byte)'A' and <= (byte)'Z'), ..]) throw Bad("this port speaks plain HTTP/1.1");
        RequestHead? head = null;
        var fields = 0;
        while (true)
        {
            var left = bytes[used..];
            var length = left.IndexOf((byte)'\n');
            var size = length < 0 ? left.Length : length;
            if (head is null && size > Limits.RequestLine + 1)
                throw new Refusal(ErrorCode.UriTooLong, "The request line is longer than 8 KiB; shorten the URL.");
            if (head is not null && (used - fields + size > Limits.HeadBytes || head.Fields.Count > Limits.HeadFields))
                throw new Refusal(ErrorCode.HeadersTooLarge, "The headers are more than 32 KiB or 100 fields; send fewer.");
            if (length < 0) return null;
            if (left[..length] is not [.. var line, (byte)'\r']) throw Bad("a line does not end with CR LF");
            used += length + 1;
            if (head is null)
            {
                head = ParseRequestLine(line);
                fields = used;
            }
            else if (line.IsEmpty)
            {
                head.Check();
                return head;
            }
            else
            {
                head.Fields.Add(ParseField(line));
            }
        }
    }

    /// <summary>field-line = field-name ":" OWS field-value OWS (RFC 9112 s5); folded lines are refused. For trailers as well.</summary>
    public static KeyValuePair<string, string> ParseField(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(Token)) throw Bad("a header name is not a token");
        var value = line[(colon + 1)..].Trim(" \t"u8);
        if (value.ContainsAnyExcept(FieldText)) throw Bad("a header value holds a control character");
        return new(Encoding.Latin1.GetString(line[..colon]), Encoding.Latin1.GetString(value));
    }

    // request-line = method SP request-target SP HTTP-version (RFC 9112 s3). Only the origin form: the absolute form, CONNECT
    // and "*" name something other than the one upstream, and TRACE would send the key back in the answer's body.
    private static RequestHead ParseRequestLine(ReadOnlySpan<byte> line)
    {
        var first = line.IndexOf((byte)' ');
        var last = line.LastIndexOf((byte)' ');
        if (first <= 0 || first == last) throw Bad("the request line is not: method, target, version");
        var method = line[..first];
        var target = line[(first + 1)..last];
        var version = line[(last + 1)..];
        if (method.ContainsAnyExcept(MethodToken) || method.SequenceEqual("TRACE"u8)) throw Bad("the method is not served");
        if (target is not [(byte)'/', ..] || target.ContainsAnyExceptInRange((byte)'!', (byte)'~') || target.Contains((byte)'#'))
            throw Bad("the target must be a path that starts with a slash, in visible ASCII");
        if (version.Length != 8 || !version.StartsWith("HTTP/"u8) || version[6] != '.') throw Bad("the version is not HTTP/1.1");
        if (version[5] != '1' || version[7] is not ((byte)'0' or (byte)'1'))
            throw new Refusal(ErrorCode.HttpVersionNotSupported, "Only HTTP/1.1 and HTTP/1.0 are served.");
        return new(Encoding.Latin1.GetString(method), Encoding.Latin1.GetString(target), version[7] == '1');
    }

    // RFC 9112 s3.2 (one Host) and s6.3 (length of the body). A request that could be framed in two ways is never framed in
    // one of them: Content-Length beside Transfer-Encoding, either of them twice, a length that is not digits only.
    private void Check()
    {
        var (hosts, lengths, codings) = (0, 0, 0);
        foreach (var (name, value) in Fields)
        {
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase)) hosts++;
            if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
                Connection = [.. Connection, .. value.Split(',', StringSplitOptions.TrimEntries)];
            if (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
            {
                lengths++;
                // Digits first: long.TryParse would let trailing NULs and signs pass; 15 digits cannot overflow.
                if (value.Length is 0 or > 15 || value.AsSpan().ContainsAnyExceptInRange('0', '9')) throw Bad("Content-Length");
                Length = long.Parse(value, CultureInfo.InvariantCulture);
            }
            else if (name.Equals("Transfer-Encoding", StringComparison.OrdinalIgnoreCase))
            {
                codings++;
                Chunked = value.Equals("chunked", StringComparison.OrdinalIgnoreCase);
                if (!Chunked) throw new Refusal(ErrorCode.NotImplemented, "The only transfer coding served is chunked.");
            }
        }

        if (hosts > 1 || (hosts == 0 && Http11)) throw Bad("there must be exactly one Host header");
        if (lengths + codings > 1 || (Chunked && !Http11)) throw Bad("the length of the body is ambiguous");
    }

    private static Refusal Bad(string what) => new(ErrorCode.BadRequest, $"Not a request that Rotato accepts: {what}.");
}
