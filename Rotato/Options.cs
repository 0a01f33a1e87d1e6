/// <summary>
/// Wrong usage: what, and how to mend it, in one line without any value that was given, for it may be a key.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>
/// The command line, the environment and the key file, checked. Usage.txt is the table of options: what it does not
/// list is refused, and an option takes a value where its name stands one blank behind it there. A property throws
/// <see cref="UsageException"/> where its option is wrong.
/// </summary>
internal sealed class Options(IReadOnlyList<string> args, Func<string, string?> environment, Func<string, string> read)
{
    /// <summary>What the build put in: "1.0.0+COMMIT".</summary>
    public static readonly string Build =
        typeof(Options).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
    public static readonly string Usage = Resource("Usage.txt");
    private static readonly Dictionary<string, bool> TakesValue = Usage.Split("\n  --").Skip(1)
        .Select(row => $"--{row}".Split(' ')).Append(["KEY", "KEY"]).ToDictionary(row => row[0], row => row[1] != "");
    // APIs known by their keys' prefix: where they are, and the field in which they want their key (providers.md 1.1).
    // OpenAI's fits every key, so it is the last. Azure has a host for each customer, and keys without any prefix.
    private static readonly (string Prefix, string Host, string KeyField)[] Providers =
    [
        ("sk-ant-", "api.anthropic.com", "x-api-key"), ("gsk_", "api.groq.com", "Authorization"),
        ("AIza", "generativelanguage.googleapis.com", "x-goog-api-key"), ("xai-", "api.x.ai", "Authorization"),
        ("sk-or-", "openrouter.ai", "Authorization"), ("pplx-", "api.perplexity.ai", "Authorization"),
        ("csk-", "api.cerebras.ai", "Authorization"), (" ", ".azure.com", "api-key"),
        ("", "api.openai.com", "Authorization"),
    ];

    // Values by option, and under "KEY" what is no option.
    private readonly ILookup<string, string> _given = Parse(args).ToLookup(each => each.Name, each => each.Value);

    public static string Version => Build.Split('+')[0];
    public int Port => Number("--port", "8080", 0, 65535);
    public int? Rpm => Has("--rpm") ? Number("--rpm", "", 1, 1_000_000) : null;

    /// <summary>Seconds.</summary>
    public int Wait => Number("--wait", "30", 0, 86400);
    public long MaxBody => (long)Number("--max-body", "64", 1, 512) << 20;
    public string Strategy => Value("--strategy") ?? "round-robin";
    public string Host => Value("--host") ?? "localhost";
    public IPAddress[] Addresses => field ??= Host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : IPAddress.TryParse(Host, out var address) ? [address]
        : Uri.CheckHostName(Host) == UriHostNameType.Dns ? Dns.GetHostAddresses(Host)
        : throw new UsageException("--host takes an IP address or a name of this machine");

    /// <summary>Null where nobody but this machine can come in.</summary>
    public string? Token => Value("--token") ?? (environment("ROTATO_TOKEN") is { Length: > 0 } token ? token
        : Addresses.All(IPAddress.IsLoopback) ? null
        : throw new UsageException("--host lets other machines in; set --token SECRET, or listen on 127.0.0.1"));
    public IEnumerable<string> AllowedOrigins => _given["--allow-origin"];
    public string[] Keys => field ??= ReadKeys();

    /// <summary>
    /// No credentials, query or fragment; plain HTTP would show the key to the network. Several providers cannot have
    /// one upstream.
    /// </summary>
    public Uri Upstream => field ??= Uri.TryCreate(Value("--upstream") ?? UpstreamOfKeys, UriKind.Absolute, out var uri)
        && uri.UserInfo + uri.Query + uri.Fragment == ""
        && uri is { Scheme: "https" } or { Scheme: "http", IsLoopback: true } ? uri
        : throw new UsageException("--upstream takes https://HOST[:PORT][/PATH], or http:// to this machine");

    /// <summary>The upstream as users read it, without a slash at the end.</summary>
    public string UpstreamText => field ??= Upstream.AbsoluteUri.TrimEnd('/');

    /// <summary>The field for the key of a client that sent none.</summary>
    public string KeyField => field ??= Providers.First(
        api => Upstream.Host.EndsWith(api.Host, Ordinal) || Keys[0].StartsWith(api.Prefix, Ordinal)).KeyField;
    public List<string> Warnings { get; } = [];

    private string UpstreamOfKeys => Keys.Select(HostOf).Distinct().ToArray() is [var only] ? $"https://{only}"
        : throw new UsageException("the keys are of several APIs; give those of one or --upstream");

    public bool Has(string name) => _given.Contains(name);

    public static string Resource(string name) =>
        new StreamReader(typeof(Options).Assembly.GetManifestResourceStream(name)!).ReadToEnd();

    private static IEnumerable<(string Name, string Value)> Parse(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var parts = args[i].StartsWith('-') ? args[i].Split('=', 2) : ["KEY", args[i]];
            // It is repeated only if it cannot be a key: small letters and hyphens.
            var shown = parts[0].All(c => c is '-' or (>= 'a' and <= 'z')) ? parts[0] : $"argument {i + 1}";
            if (!TakesValue.TryGetValue(parts[0], out var takes))
                throw new UsageException($"{shown} is no option; see rotato --help");
            var value = parts.ElementAtOrDefault(1) ?? (takes ? args.ElementAtOrDefault(++i) : null);
            if (takes == string.IsNullOrEmpty(value))
                throw new UsageException($"{parts[0]} takes {(takes ? "a" : "no")} value; see rotato --help");
            yield return (parts[0], value ?? "");
        }
    }

    private static string HostOf(string key) => Providers.First(api => key.StartsWith(api.Prefix, Ordinal)).Host;

    private string? Value(string name) => _given[name].LastOrDefault();

    private int Number(string name, string standard, int least, int most) =>
        int.TryParse(Value(name) ?? standard, NumberStyles.None, null, out var n) && n >= least && n <= most ? n
        : throw new UsageException($"{name} takes a whole number from {least} to {most}");

    private string[] ReadKeys()
    {
        string[] found = [.. _given["KEY"], .. (Value("--keys") is { } file ? read(file) : "").Split('\n')
            .Select(line => line.Trim().Trim('\uFEFF', '"', '\'')).Where(line => line is not ("" or ['#', ..]))];
        var listed = environment("ROTATO_KEYS") ?? "";
        if (found.Length == 0) found = listed.Split([' ', ',', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        if (found.Length == 0) throw new UsageException("no API key; give an argument, --keys FILE or ROTATO_KEYS");
        var bad = Array.FindIndex(found, key => key.AsSpan().ContainsAnyExceptInRange('!', '~')) + 1;
        if (bad > 0) throw new UsageException($"key {bad} holds a blank or a character no key has; check its source");
        if (found.Distinct().Count() < found.Length) Warnings.Add("a key that is there twice counts once");
        if (Has("KEY")) Warnings.Add("others see keys on a command line; use --keys FILE, --keys - or ROTATO_KEYS");
        return [.. found.Distinct()];
    }
}
