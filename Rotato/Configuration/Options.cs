using System.Net;
using Rotato.RateLimits;

namespace Rotato.Configuration;

/// <summary>
/// The options that were given, checked. Each is checked when it is read; <see cref="CheckAll"/> reads all of them.
/// </summary>
internal sealed class Options
{
    private readonly List<(string Name, string Value)> _given = [];

    public bool WantsHelp => Has("--help");
    public bool WantsVersion => Has("--version");
    public bool IsQuiet => Has("--quiet");
    public string? KeyFile => Last("--keys");
    public Uri? Upstream => Last("--upstream") is { } text ? BaseUrl(text, "--upstream") : null;
    public int Port => Number("--port", 0, 65535)!.Value;

    /// <summary>Seconds.</summary>
    public int Wait => Number("--wait", 0, 86_400)!.Value;

    /// <summary>How long an answer may be given again; null where it may not.</summary>
    public TimeSpan? Cache => Number("--cache", 1, 86_400) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Bytes.</summary>
    public long MaxBody => (long)Number("--max-body", 1, 512)!.Value << 20;

    public KeyRules Rules => new(Number("--rpm", 1, 1_000_000), Number("--concurrent", 1, 1_000_000));
    public string StrategyName => Last("--strategy") ?? Default("--strategy");
    public Strategy Strategy => Strategies.ByName.TryGetValue(StrategyName, out var found) ? found
        : throw new UsageException($"--strategy takes one of these names: {string.Join(", ", Strategies.ByName.Keys)}");

    public string Host => Last("--host") ?? Default("--host");
    public IPAddress[] Addresses => Host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : [Address()];

    /// <summary>From the environment, where it is not given as an option.</summary>
    public string TokenFromEnvironment { get; init; } = "";

    /// <summary>Who is let in besides this machine.</summary>
    public Admission Admission
    {
        get
        {
            try
            {
                return Admission.Of(Addresses, [Host, .. AllowedHosts()], [.. Values("--allow-origin")], Token);
            }
            catch (ArgumentException e)
            {
                throw new UsageException(e.Message);
            }
        }
    }

    /// <summary>Whether a reverse proxy may let others in, and no token keeps them out.</summary>
    public bool IsBehindProxyWithoutToken => Has("--allow-host") && Token == "";

    private string Token => Last("--token") ?? TokenFromEnvironment;

    /// <summary>The text of --help, from the table of options.</summary>
    public static string Help
    {
        get
        {
            var text = new StringBuilder("Usage: rotato [options] [URL] KEY [KEY ...] [URL KEY ...]\n\nOptions:\n");
            foreach (var option in Option.All) text.Append(HelpOf(option));
            text.Append("\nKeys are words separated by blanks, commas or line ends. A URL is the base URL of the keys\n"
                + "after it. Without --keys and arguments they are taken from the environment variable ROTATO_KEYS.\n\n"
                + "Keys that begin so and have no URL in front belong to:\n");
            foreach (var api in KnownApi.All.Where(api => api.KeyPrefixes.Length > 0))
                text.Append(CultureInfo.InvariantCulture, $"  {string.Join(" ", api.KeyPrefixes),-34} {api.Host}\n");
            return text.ToString();
        }
    }

    /// <summary>A base URL.</summary>
    /// <param name="text">As it was given.</param>
    /// <param name="name">What it is, for the message.</param>
    /// <exception cref="UsageException">It is none, or keys may not go there.</exception>
    public static Uri BaseUrl(string text, string name) => Api.BaseUrlOf(text) ?? throw new UsageException(
        $"{name} must be https://HOST[:PORT][/PATH], or http to a host of this machine, with nothing behind the path");

    /// <summary>Takes an option.</summary>
    /// <exception cref="UsageException">Its value is missing, or it takes none.</exception>
    public void Add(Option option, string value)
    {
        if (option.TakesValue && value == "")
            throw new UsageException($"{option.Name} takes a value: {option.Name} {option.Value}");
        if (!option.TakesValue && value != "") throw new UsageException($"{option.Name} takes no value");
        _given.Add((option.Name, value));
    }

    /// <exception cref="UsageException">An option is wrong.</exception>
    public void CheckAll() => _ = (Port, Wait, MaxBody, Rules, Strategy, Upstream, Admission, Cache);

    private string[] AllowedHosts()
    {
        string[] hosts = [.. Values("--allow-host")];
        var isEachName = Array.TrueForAll(hosts, host => !host.Contains('/') && host.Count(':') != 1);
        return isEachName
            ? hosts
            : throw new UsageException("--allow-host takes a name alone, without scheme, port and path");
    }

    private IPAddress Address()
    {
        // The parser also takes 127.1, 8080 and [::1]:80 for addresses.
        var isAddress = IPAddress.TryParse(Host, out var address) && !Host.StartsWith('[');
        var isUsual = isAddress && (address!.ToString() == Host || Host.Contains(':', StringComparison.Ordinal));
        if (isUsual) return address!;
        throw new UsageException("--host takes an IP address of this machine, or localhost");
    }

    private int? Number(string name, int least, int most)
    {
        var text = Last(name) ?? Default(name);
        if (text == "") return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        throw new UsageException($"{name} takes a whole number from {least} to {most}");
    }

    private bool Has(string name) => Last(name) is not null;

    private string? Last(string name) => Values(name).LastOrDefault();

    private IEnumerable<string> Values(string name) =>
        _given.Where(each => each.Name == name).Select(each => each.Value);

    private static string Default(string name) => Array.Find(Option.All, option => option.Name == name)!.Default;

    private static string HelpOf(Option option)
    {
        var lines = option.Text.Split('\n');
        var shownDefault = option.Default == "" ? "" : $" ({option.Default})";
        var indent = $"\n{"",26}";
        return $"  {$"{option.Name} {option.Value}",-23} {string.Join(indent, lines)}{shownDefault}\n";
    }
}
