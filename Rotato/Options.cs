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
    // The known APIs (providers.md 1.1), from the table that ends the usage text: how the keys begin, the host, and the
    // field in which it wants its key. The last one serves where none fits.
    private static readonly string[][] Apis = [.. Usage.Split("\n\n")[^1].Split("\n  ").Skip(1)
        .Select(row => row.Split([' ', '\n'], RemoveEmptyEntries))];

    // Values by option, and under "KEY" what is no option.
    private readonly ILookup<string, string> _given = Parse(args).ToLookup(each => each.Name, each => each.Value);

    /// <summary>What was given with an option, "" for one without a value; null where it was not given.</summary>
    public string? this[string name] => _given[name].LastOrDefault();

    public static string Version => Build.Split('+')[0];
    public int Port => Number("--port", "8080", 0, 65535);
    public int? Rpm => this["--rpm"] is not null ? Number("--rpm", "", 1, 1_000_000) : null;

    /// <summary>Seconds.</summary>
    public int Wait => Number("--wait", "30", 0, 86400);
    public long MaxBody => (long)Number("--max-body", "64", 1, 512) << 20;
    public string Strategy => this["--strategy"] ?? "round-robin";
    public string Host => this["--host"] ?? "localhost";
    public IPAddress[] Addresses => field ??= Host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : IPAddress.TryParse(Host, out var address) ? [address] : Dns.GetHostAddresses(Host);

    /// <summary>Empty where none is wanted.</summary>
    public string Token => field ??= this["--token"] ?? environment("ROTATO_TOKEN") ?? "";

    /// <summary>Whether other machines can reach it. Then there is a token.</summary>
    public bool IsOpen => !Addresses.All(IPAddress.IsLoopback) && (Token != "" ? true
        : throw new UsageException("--host lets other machines in; set --token SECRET, or listen on 127.0.0.1"));
    public IEnumerable<string> AllowedOrigins => _given["--allow-origin"];
    public string[] Keys => field ??= ReadKeys();

    /// <summary>
    /// No credentials, query or fragment; plain HTTP would show the key to the network. Keys of several APIs make no
    /// URL.
    /// </summary>
    public Uri Upstream => field ??= Uri.TryCreate(this["--upstream"] ?? UpstreamOfKeys, UriKind.Absolute, out var uri)
        && uri.UserInfo + uri.Query + uri.Fragment == ""
        && uri is { Scheme: "https" } or { Scheme: "http", IsLoopback: true } ? uri
        : throw new UsageException("give keys of one API, or --upstream https://HOST[:PORT][/PATH] (http to here)");

    /// <summary>The upstream as users read it, without a slash at the end.</summary>
    public string UpstreamText => field ??= Upstream.AbsoluteUri.TrimEnd('/');

    /// <summary>The field for the key of a client that sent none.</summary>
    public string KeyField => field ??=
        (Array.Find(Apis, api => Upstream.Host.EndsWith(api[1], Ordinal)) ?? ApiOf(Keys[0]))[2];
    public List<string> Warnings { get; } = [];

    private string UpstreamOfKeys => $"https://{string.Join(" and ", Keys.Select(key => ApiOf(key)[1]).Distinct())}";

    public static string Resource(string name) =>
        new StreamReader(typeof(Options).Assembly.GetManifestResourceStream(name)!).ReadToEnd();

    private static IEnumerable<(string Name, string Value)> Parse(IReadOnlyList<string> args)
    {
        for (var i = 0; i < args.Count; i++)
        {
            var parts = args[i].StartsWith('-') ? args[i].Split('=', 2) : ["KEY", args[i]];
            // It is repeated only if it cannot be a key: small letters and hyphens.
            var shown = parts[0].All(c => c is '-' or (>= 'a' and <= 'z')) ? parts[0] : $"argument {i + 1}";
            var isKnown = TakesValue.TryGetValue(parts[0], out var takes);
            var value = parts.ElementAtOrDefault(1) ?? (takes ? args.ElementAtOrDefault(++i) : null);
            if (!isKnown) throw new UsageException($"{shown} is no option; see rotato --help");
            if (takes == string.IsNullOrEmpty(value))
                throw new UsageException($"{shown} takes {(takes ? "a" : "no")} value; see rotato --help");
            yield return (parts[0], value ?? "");
        }
    }

    private static string[] ApiOf(string key) => Array.Find(Apis, api => key.StartsWith(api[0], Ordinal)) ?? Apis[^1];

    private int Number(string name, string standard, int least, int most) =>
        int.TryParse(this[name] ?? standard, NumberStyles.None, null, out var n) && n >= least && n <= most ? n
        : throw new UsageException($"{name} takes a whole number from {least} to {most}");

    private string[] ReadKeys()
    {
        string[] found = [.. _given["KEY"], .. (this["--keys"] is { } file ? read(file) : "").Split('\n')
            .Select(line => line.Trim().Trim('\uFEFF', '"', '\'')).Where(line => line is not ("" or ['#', ..]))];
        if (found.Length == 0) found = (environment("ROTATO_KEYS") ?? "").Split([.. " ,\r\n"], RemoveEmptyEntries);
        if (found.Length == 0) throw new UsageException("no API key; give an argument, --keys FILE or ROTATO_KEYS");
        if (Array.FindIndex(found, key => key.AsSpan().ContainsAnyExceptInRange('!', '~')) is >= 0 and var bad)
            throw new UsageException($"key {bad + 1} holds a blank or a character no key has; check its source");
        if (found.Distinct().Count() < found.Length) Warnings.Add("a key that is there twice counts once");
        if (_given.Contains("KEY")) Warnings.Add("others see keys on a command line; use --keys FILE or ROTATO_KEYS");
        return [.. found.Distinct()];
    }
}
