using Rotato.Configuration;

namespace Rotato;

/// <summary>What the program was told: the options, and where its keys come from.</summary>
internal sealed class Settings
{
    private readonly List<string> _words = [];
    private readonly Func<string, string> _readFile;
    private readonly string _keysFromEnvironment;

    /// <param name="args">The command line.</param>
    /// <param name="environment">The value of a variable; null where there is none.</param>
    /// <param name="readFile">The text of a file, or of standard input for "-".</param>
    /// <exception cref="UsageException">An option is wrong.</exception>
    public Settings(string[] args, Func<string, string?> environment, Func<string, string> readFile)
    {
        _readFile = readFile;
        _keysFromEnvironment = environment("ROTATO_KEYS") ?? "";
        Options = new() { TokenFromEnvironment = environment("ROTATO_TOKEN") ?? "" };
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith('-'))
            {
                _words.Add(args[i]);
                continue;
            }

            var parts = args[i].Split('=', 2);
            var option = Option.Named(parts[0], i + 1);
            var value = parts.Length == 2 ? parts[1] : null;
            if (value is null && option.TakesValue && IsValue(args.ElementAtOrDefault(i + 1)))
            {
                i++;
                value = args[i];
            }

            Options.Add(option, value ?? "");
        }
    }

    public Options Options { get; }

    /// <summary>The proxy of the environment; null where there is none.</summary>
    public string? ProxyName { get; init; }

    /// <summary>Whether keys stand on the command line, where others can see them.</summary>
    public bool HasKeysOnCommandLine => _words.Exists(word => !word.Contains("://", StringComparison.Ordinal));

    /// <summary>Whether keys come from a file, which may change.</summary>
    public bool HasKeyFile => Options.KeyFile is not (null or "-");

    /// <summary>Reads the keys, from the file anew each time.</summary>
    /// <exception cref="UsageException">There is none, or one that cannot be right.</exception>
    public KeyList ReadKeys()
    {
        var list = new KeyList(Options.Upstream);
        if (_words.Count > 0) list.Add(string.Join('\n', _words), "the arguments", hasLines: false);
        if (Options.KeyFile is { } file) list.Add(_readFile(file), "--keys FILE", hasLines: true);
        if (list.Keys.Count == 0) list.Add(_keysFromEnvironment, "ROTATO_KEYS", hasLines: true);
        if (list.Keys.Count > 0) return list;
        throw new UsageException(Options.KeyFile is null
            ? "no API key; give one as an argument, in a file with --keys FILE, or in ROTATO_KEYS"
            : "no API key in the file of --keys; write one on each line");
    }

    // Of "--token --quiet" the second is an option, and the token was forgotten.
    private static bool IsValue(string? word) => word is not null && !Option.IsName(word);
}
