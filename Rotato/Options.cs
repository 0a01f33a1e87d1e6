namespace Rotato;

/// <summary>Wrong usage: what, and how to mend it, in one line without any value that was given (it may be a key).</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>
/// An API that Rotato knows by its keys' prefix: where it is, and the field in which it wants its key (providers.md 1.1).
/// </summary>
internal sealed record Provider(string Prefix, string Host, string KeyField = "Authorization")
{
    // The first that fits counts, so longer prefixes stand before shorter ones; the last fits every key.
    public static readonly Provider[] Known =
    [
        new("sk-ant-", "api.anthropic.com", "x-api-key"), new("sk-or-", "openrouter.ai"), new("gsk_", "api.groq.com"),
        new("AIza", "generativelanguage.googleapis.com", "x-goog-api-key"), new("xai-", "api.x.ai"),
        new("csk-", "api.cerebras.ai"), new("pplx-", "api.perplexity.ai"), new("", "api.openai.com"),
    ];

    public static Provider Of(string key) => Array.Find(Known, p => key.StartsWith(p.Prefix, StringComparison.Ordinal))!;
}

/// <summary>
/// The command line, the environment and the key file as one checked value. Usage.txt is the table of options: what it does not
/// list is refused, and an option takes a value where it names one there in capitals.
/// </summary>
internal sealed class Options
{
    public static readonly string Usage = About.Resource("Usage.txt");

    private readonly Dictionary<string, List<string>> _given = [];

    /// <exception cref="UsageException">Something is missing, unknown or senseless.</exception>
    public Options(IReadOnlyList<string> args, Func<string, string?> environment, Func<string, string> readFile)
    {
        var keys = Parse(args);
        if (Has("--help") || Has("--version")) return;
        Port = Number("--port", 8080, 0, 65535);
        Rpm = Value("--rpm") is null ? null : Number("--rpm", 0, 1, 1_000_000);
        Wait = TimeSpan.FromSeconds(Number("--wait", 30, 0, 86400));
        MaxBody = Number("--max-body", 64, 1, 512) * 1024L * 1024;
        Strategy = Value("--strategy") ?? "round-robin";
        if (!Strategies.ByName.ContainsKey(Strategy))
            throw new UsageException($"--strategy takes {string.Join(", ", Strategies.ByName.Keys)}");
        AllowedOrigins = _given.GetValueOrDefault("--allow-origin") ?? [];
        Token = Value("--token") ?? (environment("ROTATO_TOKEN") is { Length: > 0 } token ? token : null);
        Host = Value("--host") ?? "localhost";
        Addresses = Host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : IPAddress.TryParse(Host, out var address) ? [address] : Dns.GetHostAddresses(Host);
        if (Token is null && !Array.TrueForAll(Addresses, IPAddress.IsLoopback))
            throw new UsageException("--host names an address that others can reach; set --token SECRET, or listen on 127.0.0.1");
        Keys = ReadKeys(keys, environment, readFile);
        var providers = Keys.Select(Provider.Of).Distinct().ToArray();
        if (providers.Length > 1 && Value("--upstream") is null)
            throw new UsageException("the keys belong to several providers; give keys of one, or name the API with --upstream URL");
        Upstream = ParseUpstream(Value("--upstream") ?? $"https://{providers[0].Host}");
        KeyField = Upstream.Host.EndsWith(".azure.com", StringComparison.Ordinal) ? "api-key"
            : (Array.Find(Provider.Known, p => p.Host == Upstream.Host) ?? providers[0]).KeyField;
    }

    public int Port { get; }
    public string Host { get; } = "";
    public IPAddress[] Addresses { get; } = [];
    public Uri Upstream { get; } = null!;
    public string UpstreamText => Upstream.AbsoluteUri.TrimEnd('/');

    /// <summary>The field for the key of a client that sent none.</summary>
    public string KeyField { get; } = "";
    public string[] Keys { get; } = [];
    public string? Token { get; }
    public string Strategy { get; } = "";
    public int? Rpm { get; }
    public TimeSpan Wait { get; }
    public long MaxBody { get; }
    public IReadOnlyList<string> AllowedOrigins { get; } = [];
    public List<string> Warnings { get; } = [];

    public bool Has(string name) => _given.ContainsKey(name);

    private string? Value(string name) => _given.GetValueOrDefault(name)?[^1];

    private int Number(string name, int standard, int least, int most) =>
        Value(name) is not { } text ? standard
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most ? number
        : throw new UsageException($"{name} takes a whole number from {least} to {most}");

    // What is no option is a key. An unknown option is repeated only if it cannot be one: small letters and hyphens.
    private List<string> Parse(IReadOnlyList<string> args)
    {
        var table = Usage.Split('\n').Where(line => line.StartsWith("  --", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(words => words[0], words => words[1].All(char.IsAsciiLetterUpper));
        var keys = new List<string>();
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith('-'))
            {
                keys.Add(args[i]);
                continue;
            }

            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (!table.TryGetValue(name, out var takesValue))
                throw new UsageException($"unknown option{(name.All(c => c is '-' or (>= 'a' and <= 'z')) ? " " + name : "")}; see rotato --help");
            if (takesValue && value is null && ++i < args.Count) value = args[i];
            if (takesValue ? string.IsNullOrEmpty(value) : value is not null)
                throw new UsageException($"{name} takes {(takesValue ? "a" : "no")} value; see rotato --help");
            if (!_given.TryAdd(name, [value ?? ""])) _given[name].Add(value ?? "");
        }

        return keys;
    }

    private string[] ReadKeys(List<string> arguments, Func<string, string?> environment, Func<string, string> readFile)
    {
        var lines = Value("--keys") is { } file ? ReadFile(file).Split('\n') : [];
        var found = arguments.Select((text, i) => ($"key {i + 1} of the command line", text))
            .Concat(lines.Select((text, i) => ($"line {i + 1} of the key file", text.Trim().Trim('\uFEFF', '"', '\''))))
            .Where(key => key.Item2 is not ("" or ['#', ..])).ToList();
        if (found.Count == 0)
        {
            found = [.. (environment("ROTATO_KEYS") ?? "").Split([' ', ',', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Select((text, i) => ($"key {i + 1} of ROTATO_KEYS", text))];
        }

        foreach (var (place, text) in found)
        {
            if (text.AsSpan().ContainsAnyExceptInRange('!', '~'))
                throw new UsageException($"{place} holds a character that no API key has; keys are visible ASCII without blanks");
        }

        var keys = found.Select(key => key.Item2).Distinct().ToArray();
        if (keys.Length == 0) throw new UsageException("no API key; give one as an argument, with --keys FILE or in ROTATO_KEYS");
        if (keys.Length < found.Count) Warnings.Add($"{found.Count - keys.Length} of the keys are there twice and count once");
        if (arguments.Count > 0)
            Warnings.Add("other users of this machine may see keys on a command line; use --keys FILE, --keys - or ROTATO_KEYS");
        return keys;

        string ReadFile(string path)
        {
            try
            {
                return readFile(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new UsageException("the file of --keys cannot be read; check its name and that you may read it");
            }
        }
    }

    // Credentials, query and fragment have no place in it, and plain HTTP would show the key to the network.
    private static Uri ParseUpstream(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.UserInfo + uri.Query + uri.Fragment == ""
        && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)) ? uri
        : throw new UsageException("--upstream takes https://HOST[:PORT][/PATH], or http:// where the host is this machine");
}
