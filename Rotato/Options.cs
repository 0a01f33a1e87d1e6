namespace Rotato;

/// <summary>What the build put into the executable.</summary>
internal static class About
{
    // "1.0.0+COMMIT"
    private static readonly string Full =
        typeof(About).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string Version => Full.Split('+')[0];
    public static string Build => $"rotato {Full}, {RuntimeInformation.FrameworkDescription}";

    public static string Resource(string name) =>
        new StreamReader(typeof(About).Assembly.GetManifestResourceStream(name)!).ReadToEnd();
}

/// <summary>
/// Wrong usage: what, and how to mend it, in one line without any value that was given, for it may be a key.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>
/// An API known by its keys' prefix: where it is, and the field in which it wants its key (providers.md 1.1).
/// </summary>
internal sealed record Provider(string Prefix, string Host, string KeyField = "Authorization")
{
    // The first that fits counts, so longer prefixes stand before shorter ones; OpenAI's fits every key. Azure has a
    // host for each customer, and keys that look like no others'.
    private static readonly Provider[] Known =
    [
        new("sk-ant-", "api.anthropic.com", "x-api-key"), new("gsk_", "api.groq.com"), new("xai-", "api.x.ai"),
        new("AIza", "generativelanguage.googleapis.com", "x-goog-api-key"), new("csk-", "api.cerebras.ai"),
        new("pplx-", "api.perplexity.ai"), new("sk-or-", "openrouter.ai"), new("", "api.openai.com"),
        new("", ".azure.com", "api-key"),
    ];

    public static Provider OfKey(string key) => Array.Find(Known, known => key.StartsWith(known.Prefix, Ordinal))!;
    public static Provider? OfHost(string host) => Array.Find(Known, known => host.EndsWith(known.Host, Ordinal));
}

/// <summary>
/// The command line, the environment and the key file, checked. Usage.txt is the table of options: what it does not
/// list is refused, and an option takes a value where its name stands one blank behind it there. A property throws
/// <see cref="UsageException"/> where its option is wrong.
/// </summary>
internal sealed class Options(IReadOnlyList<string> args, Func<string, string?> environment, Func<string, string> read)
{
    public static readonly string Usage = About.Resource("Usage.txt");
    private static readonly Dictionary<string, bool> TakesValue = Usage.Split("\n  --").Skip(1)
        .Select(row => $"--{row}".Split(' ')).Append(["KEY", "KEY"])
        .ToDictionary(words => words[0], words => words[1] != "");

    // Values by option, and under "KEY" what is no option.
    private readonly ILookup<string, string> _given = Parse(args).ToLookup(each => each.Name, each => each.Value);

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
    public string[] AllowedOrigins => field ??= [.. _given["--allow-origin"]];
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
    public string KeyField => field ??= (Provider.OfHost(Upstream.Host) ?? Provider.OfKey(Keys[0])).KeyField;
    public List<string> Warnings { get; } = [];

    private string UpstreamOfKeys => Keys.Select(key => Provider.OfKey(key).Host).Distinct().ToArray() is [var only]
        ? $"https://{only}" : throw new UsageException("the keys are of several APIs; give those of one or --upstream");

    public bool Has(string name) => _given.Contains(name);

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
