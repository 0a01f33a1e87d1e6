namespace Rotato.Configuration;

/// <summary>
/// Wrong usage: what is wrong, why, and how to mend it, in one line that repeats no value, for a value may be a key.
/// </summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>An option of the command line.</summary>
/// <param name="Name">With its hyphens.</param>
/// <param name="Value">What it takes, in capitals; "" where it takes nothing.</param>
/// <param name="Text">What it is for. A line break continues in the help's second column.</param>
/// <param name="Default">What counts where it is not given; "" where nothing does.</param>
internal sealed record Option(string Name, string Value, string Text, string Default = "")
{
    /// <summary>All of them; the help is printed from this table.</summary>
    public static readonly Option[] All =
    [
        new("--port", "N", "port to listen on; 0 picks a free one", "8080"),
        new("--host", "ADDRESS", "IP address (or localhost) to listen on; one that is not\nloopback needs --token",
            "localhost"),
        new("--upstream", "URL", "base URL of the API of all keys that have no URL in front;\n"
            + "https, or http to a loopback host (told by the keys' prefix,\nelse https://api.openai.com)"),
        new("--keys", "FILE", "keys from a file; - is standard input. A file is read again\nwhen it changes"),
        new("--token", "SECRET", "what a client must send as its API key, at least 8 visible\n"
            + "characters; also in ROTATO_TOKEN"),
        new("--strategy", "NAME", "round-robin, sticky (a conversation stays with its key: keeps\n"
            + "prompt caches warm) or headroom (the key with most requests left)", "round-robin"),
        new("--rpm", "N", "send at most N requests in any 60 s with one key\n(learned from the answers)"),
        new("--concurrent", "N", "have at most N requests under way with one key (no limit)"),
        new("--wait", "SECONDS", "how long a request may wait for a key while all are resting;\n0 = not at all", "30"),
        new("--cache", "SECONDS", "answer an identical request again from memory for so long (off)"),
        new("--max-body", "MIB", "largest request body, up to 512", "64"),
        new("--allow-origin", "ORIGIN", "a browser origin to serve besides loopback ones; repeatable"),
        new("--allow-host", "NAME", "a Host to serve besides the local names, for a reverse proxy\n"
            + "in front; repeatable"),
        new("--quiet", "", "no line per request"),
        new("--help", "", "this text; also -h"),
        new("--version", "", "version, commit and runtime"),
    ];

    public bool TakesValue => Value != "";

    /// <summary>Whether a word is the name of an option.</summary>
    public static bool IsName(string word) => Array.Exists(All, option => option.Name == word);

    /// <summary>The option of that name.</summary>
    /// <param name="name">As it was given; shown only where it cannot be a key.</param>
    /// <param name="position">Which of the arguments it is, from 1.</param>
    /// <exception cref="UsageException">There is none.</exception>
    public static Option Named(string name, int position)
    {
        if (name == "-h") return Named("--help", position);
        if (Array.Find(All, option => option.Name == name) is { } found) return found;
        var nearest = All.MinBy(option => Spelling.Distance(name, option.Name))!;
        var isNear = Spelling.Distance(name, nearest.Name) <= 2;
        var question = isNear ? $" Did you mean {nearest.Name}?" : "";
        var shown = IsPlainWord(name) ? name : $"argument {position}";
        throw new UsageException($"{shown} is no option of rotato.{question} See rotato --help");
    }

    // Small letters and hyphens, and short: no key looks like that.
    private static bool IsPlainWord(string name) =>
        name.Length <= 20 && name.All(c => c is '-' or (>= 'a' and <= 'z'));
}
