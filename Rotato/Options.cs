namespace Rotato;

/// <summary>
/// Wrong usage: what, and how to mend it, in one line without any value that was given, for it may be a key.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>
/// An API known by its keys' prefix: where it is, and the field in which it wants its key (providers.md 1.1).
/// </summary>
internal sealed record Provider(string Prefix, string Host, string KeyField = "Authorization")
{
    // The first that fits counts, so longer prefixes stand before shorter ones; the last fits every key.
    private static readonly Provider[] Known =
    [
        new("sk-ant-", "api.anthropic.com", "x-api-key"), new("gsk_", "api.groq.com"), new("xai-", "api.x.ai"),
        new("AIza", "generativelanguage.googleapis.com", "x-goog-api-key"), new("csk-", "api.cerebras.ai"),
        new("pplx-", "api.perplexity.ai"), new("sk-or-", "openrouter.ai"), new("", "api.openai.com"),
    ];

    public static Provider OfKey(string key) => Array.Find(Known, known => key.StartsWith(known.Prefix, Ordinal))!;
    public static Provider? OfHost(string host) => host.EndsWith(".azure.com", Ordinal) ? new("", host, "api-key")
        : Array.Find(Known, known => known.Host == host);
}

/// <summary>
/// The command line, the environment and the key file, checked. Usage.txt is the table of options: what it does not
/// list is refused, and an option takes a value where it names one there in capitals. A property throws
/// <see cref="UsageException"/> where its option is wrong.
/// </summary>
internal sealed class Options(IReadOnlyList<string> args, Func<string, string?> environment, Func<string, string> read)
{
    public static readonly string Usage = About.Resource("Usage.txt");
    private static readonly Dictionary<string, bool> TakesValue = Usage.Split("\n  --").Skip(1)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .ToDictionary(words => $"--{words[0]}", words => words[1].All(char.IsAsciiLetterUpper));

    // Values by option, and under "" what is no option: keys.
    private readonly ILookup<string, string> _given = Parse(args).ToLookup(each => each.Name, each => each.Value);

    public int Port => Number("--port", 8080, 0, 65535);
    public int? Rpm => Has("--rpm") ? Number("--rpm", 0, 1, 1_000_000) : null;

    /// <summary>Seconds.</summary>
    public int Wait => Number("--wait", 30, 0, 86400);
    public long MaxBody => (long)Number("--max-body", 64, 1, 512) << 20;
    public string Strategy => Value("--strategy") ?? "round-robin";
    public string Host => Value("--host") ?? "localhost";
    public string? Token => Value("--token") ?? (environment("ROTATO_TOKEN") is { Length: > 0 } token ? token : null);
    public string[] AllowedOrigins => field ??= [.. _given["--allow-origin"]];
    public IPAddress[] Addresses => field ??= ResolveHost();
    public string[] Keys => field ??= ReadKeys();
    public Uri Upstream => field ??= ParseUpstream();

    /// <summary>The upstream as users read it, without a slash at the end.</summary>
    public string UpstreamText => field ??= Upstream.AbsoluteUri.TrimEnd('/');

    /// <summary>The field for the key of a client that sent none.</summary>
    public string KeyField => field ??= (Provider.OfHost(Upstream.Host) ?? Provider.OfKey(Keys[0])).KeyField;
    public List<string> Warnings { get; } = [];

    public bool Has(string name) => _given.Contains(name);

    private static IEnumerable<(string Name, string Value)> Parse(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith('-')) yield return ("", args[i]);
            if (!args[i].StartsWith('-')) continue;
            var (name, value) = (args[i].Split('=')[0], args[i].Split('=', 2).ElementAtOrDefault(1));
            // The name is repeated only if it cannot be a key: small letters and hyphens.
            var shown = name.All(c => c is '-' or (>= 'a' and <= 'z')) ? " " + name : "";
            if (!TakesValue.TryGetValue(name, out var takes))
                throw new UsageException($"unknown option{shown}; see rotato --help");
            if (takes) value ??= args.ElementAtOrDefault(++i);
            if (takes == string.IsNullOrEmpty(value))
                throw new UsageException($"{name} takes {(takes ? "a" : "no")} value; see rotato --help");
            yield return (name, value ?? "");
        }
    }

    private string? Value(string name) => _given[name].LastOrDefault();

    private int Number(string name, int standard, int least, int most) => Value(name) is not { } text ? standard
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most ? number
        : throw new UsageException($"{name} takes a whole number from {least} to {most}");

    private IPAddress[] ResolveHost()
    {
        var found = Host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : IPAddress.TryParse(Host, out var address) ? [address] : Dns.GetHostAddresses(Host);
        return Token is not null || found.All(IPAddress.IsLoopback) ? found
            : throw new UsageException("--host lets other machines in; set --token SECRET, or listen on 127.0.0.1");
    }

    private string[] ReadKeys()
    {
        var text = Value("--keys") is { } file ? read(file) : "";
        var lines = text.Split('\n').Select(line => line.Trim().Trim('\uFEFF', '"', '\''));
        var found = _given[""].Concat(lines.Where(line => line is not ("" or ['#', ..]))).ToArray();
        var listed = environment("ROTATO_KEYS") ?? "";
        if (found.Length == 0) found = listed.Split([' ', ',', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (found.Length == 0) throw new UsageException("no API key; give an argument, --keys FILE or ROTATO_KEYS");
        var bad = Array.FindIndex(found, key => key == "" || key.AsSpan().ContainsAnyExceptInRange('!', '~')) + 1;
        if (bad > 0) throw new UsageException($"key {bad} holds a blank or a character no key has; check its source");
        if (found.Distinct().Count() < found.Length) Warnings.Add("a key that is there twice counts once");
        if (Has("")) Warnings.Add("others can see keys on a command line; use --keys FILE, --keys - or ROTATO_KEYS");
        return [.. found.Distinct()];
    }

    // No credentials, query or fragment; plain HTTP would show the key to the network. Several providers cannot have
    // one upstream.
    private Uri ParseUpstream()
    {
        var hosts = Keys.Select(key => Provider.OfKey(key).Host).Distinct().ToArray();
        if (!Has("--upstream") && hosts.Length > 1)
            throw new UsageException("the keys are of several providers; give those of one, or set --upstream URL");
        return Uri.TryCreate(Value("--upstream") ?? $"https://{hosts[0]}", UriKind.Absolute, out var uri)
            && uri.UserInfo + uri.Query + uri.Fragment == ""
            && uri is { Scheme: "https" } or { Scheme: "http", IsLoopback: true } ? uri
            : throw new UsageException("--upstream takes https://HOST[:PORT][/PATH], or http:// to this machine");
    }
}
