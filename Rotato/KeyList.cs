using Rotato.Configuration;

namespace Rotato;

/// <summary>A key and the API that it goes to.</summary>
internal sealed record ListedKey(ApiKey Key, Uri BaseUrl);

/// <summary>
/// Reads keys as people have them: words separated by blanks, commas or line ends, with or without quotes, as lines of
/// a .env file, behind the URL of their API. A word that cannot be a key is refused, and no message repeats one.
/// </summary>
/// <param name="upstream">Where keys go that have no URL in front; null: to the API that their prefix tells.</param>
internal sealed class KeyList(Uri? upstream)
{
    private static readonly SearchValues<char> NotInKeys = SearchValues.Create("[]{}\"'`<>()");
    private static readonly char[] Separators = [' ', '\t', ',', '\r'];

    private static readonly string[] NamesOfKeys = ["KEY", "KEYS", "TOKEN", "TOKENS"];

    // What a variable's name says if its value is something else. To send a password to an API would show it.
    private static readonly string[] NamesOfOtherThings =
        ["PASSWORD", "PASSWD", "PASS", "PWD", "SECRET", "ID", "URL", "URI", "HOST", "PORT", "MODEL", "DEBUG", "USER",
         "PATH", "DIR", "LOG", "REGION", "VERSION", "TIMEOUT", "ENDPOINT", "DATABASE", "DB", "ENV", "MODE"];

    private readonly List<ListedKey> _keys = [];
    private readonly List<string> _leftOut = [];

    public IReadOnlyList<ListedKey> Keys => _keys;
    public bool HasDuplicates { get; private set; }

    /// <summary>Names of variables whose values are no keys, as a .env file has them among others.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Adds the keys of a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What it is, for messages: "--keys FILE".</param>
    /// <param name="hasLines">Whether its lines are worth a number.</param>
    /// <exception cref="UsageException">A word is neither a key nor a URL, or a key is another API's.</exception>
    public void Add(string text, string source, bool hasLines)
    {
        Uri? url = null;
        var urlAwaitsKey = false;
        var number = 0;
        var lines = text.TrimStart('\uFEFF').Split('\n');
        for (var line = 1; line <= lines.Length; line++)
        {
            foreach (var word in WordsOf(lines[line - 1]))
            {
                var place = hasLines ? $"{source}, line {line}" : source;
                if (IsUrl(word))
                {
                    if (urlAwaitsKey) throw NoKeyAfterUrl(source);
                    urlAwaitsKey = true;
                    url = Options.BaseUrl(word, $"the URL in {place}");
                    continue;
                }

                number++;
                urlAwaitsKey = false;
                AddKey(word, url, $"key {number} of {place}");
            }
        }

        if (urlAwaitsKey) throw NoKeyAfterUrl(source);
    }

    // Ignoring it would send keys to the wrong API.
    private static UsageException NoKeyAfterUrl(string source) =>
        new($"a URL in {source} has no key after it; put it before its keys, or use --upstream URL");

    private void AddKey(string word, Uri? url, string name)
    {
        if (!MayBeKey(word))
        {
            throw new UsageException(
                $"{name} holds a character that no key has, such as a bracket or a quote; give keys alone");
        }

        var key = new ApiKey(word);
        var api = Array.Find(KnownApi.All, key.BelongsTo);
        var target = url ?? upstream ?? new Uri((api ?? KnownApi.All[0]).BaseUrl);
        if (api?.MayGoTo(target.Host) == false)
        {
            throw new UsageException(
                $"{name} is a key of {api.Host} and would go to {target.Host}; put the URL of its API before it");
        }

        if (_keys.Exists(known => known.Key.IsSameAs(key) && known.BaseUrl == target)) HasDuplicates = true;
        else _keys.Add(new(key, target));
    }

    private IEnumerable<string> WordsOf(string line)
    {
        foreach (var part in line.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.StartsWith('#')) yield break;
            var word = Unquoted(part);
            var name = NameOf(word);
            var value = name == "" ? word : Unquoted(word[(name.Length + 1)..]);
            if (value is "" or "export" || IsEmptyVariable(value)) continue;
            if (IsNameOfOtherThing(name) || (name != "" && IsUrl(value))) _leftOut.Add(ShownName(name));
            else yield return value;
        }
    }

    // NAME=KEY, as in a .env file. An equals sign at the end belongs to the key.
    private static string NameOf(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || !word.AsSpan(equals).ContainsAnyExcept('=')) return "";
        var isName = word[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
        return isName ? word[..equals] : "";
    }

    // With a name in front it is not meant as the base URL of the keys after it, which would go there.
    private static bool IsUrl(string word) => word.Contains("://", StringComparison.Ordinal);

    // What stands before the equals sign may itself be a key, and that has digits.
    private static string ShownName(string name) => name.Any(char.IsAsciiDigit) ? "a variable" : name;

    private static bool IsNameOfOtherThing(string name)
    {
        var parts = name.ToUpperInvariant().Split('_');
        return !parts.Any(NamesOfKeys.Contains) && parts.Any(NamesOfOtherThings.Contains);
    }

    // GROQ_API_KEY= in a .env file.
    private static bool IsEmptyVariable(string word) => word.EndsWith('=')
        && word.Contains('_', StringComparison.Ordinal)
        && word[..^1].All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c) || c == '_');

    private static string Unquoted(string word)
    {
        var isQuoted = word.Length >= 2 && word[0] == word[^1] && word[0] is '"' or '\'';
        return isQuoted ? word[1..^1] : word;
    }

    private static bool MayBeKey(string word)
    {
        if (word.AsSpan().ContainsAnyExceptInRange('!', '~')) return false;
        if (word.AsSpan().ContainsAny(NotInKeys)) return false;
        // A label such as "key:", or the sign of "NAME = KEY".
        if (word.EndsWith(':') || word.TrimEnd('=') == "") return false;
        return !word.TrimEnd('=').Contains('=', StringComparison.Ordinal);
    }
}
