namespace Rotato.Guards;

/// <summary>
/// The head of one request after its check. Whoever holds one may rely on this: the names of its fields are tokens, no
/// value holds a control character, the target cannot name another host, the body's framing is decided, and what the
/// client sent as its API key is set apart from everything else.
/// </summary>
internal sealed class RequestHead
{
    /// <summary>tchar (RFC 9110 section 5.6.2).</summary>
    public static readonly SearchValues<char> TokenCharacters = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // What field-vchar, SP and HTAB leave out (RFC 9110 section 5.5). Characters above 0x7F pass as they are.
    private static readonly SearchValues<char> ControlCharacters = SearchValues.Create(
        [.. Enumerable.Range(0, 128).Select(code => (char)code).Where(c => char.IsControl(c) && c != '\t')]);

    private RequestHead(RequestLine line, Dictionary<string, string> fields)
    {
        Method = line.Method;
        IsHttp11 = line.IsHttp11;
        Fields = fields;
        BodyLength = RequestFraming.LengthOf(fields, IsHttp11);
        var credentials = new List<Credential>();
        Target = Credential.TakeAll(fields, line.Target, credentials);
        Credentials = credentials;
        HasKeyInField = credentials.Count > 0 && Target == line.Target;
        Path = Target.Split('?', 2)[0];
        Connection = fields.GetValueOrDefault("Connection")?.Split(',', StringSplitOptions.TrimEntries) ?? [];
    }

    public string Method { get; }

    /// <summary>Path and query as they came, but for a credential in the query.</summary>
    public string Target { get; }

    public string Path { get; }
    public bool IsHttp11 { get; }

    /// <summary>
    /// By name, whatever its case; the values of one name are joined by commas (RFC 9110 section 5.3).
    /// </summary>
    public IReadOnlyDictionary<string, string> Fields { get; }

    /// <summary>Bytes of the body; null where it is chunked.</summary>
    public long? BodyLength { get; }

    /// <summary>What the client sent as its API key. Neither the fields nor the target hold it any more.</summary>
    public IReadOnlyList<Credential> Credentials { get; }

    /// <summary>Whether the key came in a field: anybody can write one into the query of a link.</summary>
    public bool HasKeyInField { get; }

    /// <summary>The names that the Connection field lists.</summary>
    public string[] Connection { get; }

    /// <summary>Whether it came in the absolute form, as to a proxy.</summary>
    public bool NamesHostInTarget { get; private init; }

    public bool KeepsConnection => IsHttp11 && !ListsInConnection("close");
    public bool ExpectsContinue => IsHttp11 && Is("Expect", "100-continue");

    /// <summary>A WebSocket handshake (RFC 6455 section 4.1). No other upgrade is passed on.</summary>
    public bool IsUpgrade => IsHttp11 && Method == "GET" && Is("Upgrade", "websocket") && ListsInConnection("Upgrade");

    /// <summary>
    /// The key that the client offered as a WebSocket protocol; null where it did not. The client takes no protocol
    /// that it has not offered, so what the upstream says of the key's protocol has to become this again.
    /// </summary>
    public string? OfferedProtocolKey =>
        Credentials.FirstOrDefault(sent => sent.Field == Credential.WebSocketProtocols).Text;

    public string? this[string name] => Fields.GetValueOrDefault(name);

    /// <summary>Checks a head, and takes what the client sent as its API key out of it.</summary>
    /// <param name="line">Its first line.</param>
    /// <param name="fields">By name, whatever its case. Belongs to the head afterwards.</param>
    /// <exception cref="Refusal">It is no head that Rotato accepts.</exception>
    public static RequestHead Check(RequestLine line, Dictionary<string, string> fields)
    {
        CheckFields(fields);
        if (line.IsHttp11 && !fields.ContainsKey("Host")) throw Refusal.BadRequest("there is no Host field");
        // The absolute form names the host as well, and replaces what the Host field says (RFC 9112 section 3.2.2),
        // which must be right nevertheless. The gate asks for that host then.
        if (line.Authority is null) return new(line, fields);
        if (fields.TryGetValue("Host", out var host) && Authority.HostOf(host) is null)
            throw Refusal.BadRequest("its Host field is malformed");
        fields["Host"] = line.Authority;
        return new(line, fields) { NamesHostInTarget = true };
    }

    /// <exception cref="Refusal">A name is no token, or a value holds a control character.</exception>
    public static void CheckFields(Dictionary<string, string> fields)
    {
        foreach (var (name, value) in fields)
        {
            if (name == "" || name.AsSpan().ContainsAnyExcept(TokenCharacters))
                throw Refusal.BadRequest("the name of a header field is not a token");
            if (HasControlCharacter(value))
                throw Refusal.BadRequest("a header field holds a control character");
        }
    }

    /// <summary>Whether a value could be taken for more than one line, or means something else to whoever shows
    /// it.</summary>
    public static bool HasControlCharacter(string value) => value.AsSpan().ContainsAny(ControlCharacters);

    /// <summary>The target with the first segment of its path taken away.</summary>
    public string TargetWithoutFirstSegment()
    {
        var second = Path.IndexOf('/', 1);
        return second < 0 ? $"/{Target[Path.Length..]}" : Target[second..];
    }

    private bool Is(string name, string value) => value.Equals(this[name], StringComparison.OrdinalIgnoreCase);

    private bool ListsInConnection(string name) => Connection.Contains(name, StringComparer.OrdinalIgnoreCase);
}
