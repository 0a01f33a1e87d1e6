namespace Rotato.Tests.Audit;

/// <summary>
/// Names of fields that only guards and the core may write, because who does decides who comes in, where a key goes or
/// where a message ends.
/// </summary>
internal static class GuardedFields
{
    private static readonly char[] Separators = [' ', '\t', '\r', '\n', ',', ';', ':', '|', '"', '\'', '(', ')', '='];

    private static readonly string[] Names =
    [
        // A key, or what a client sends as one.
        "Authorization", "Proxy-Authorization", "x-api-key", "x-goog-api-key", "api-key", "Bearer",
        "Sec-WebSocket-Protocol",

        // Where a message ends.
        "Content-Length", "Transfer-Encoding",

        // Who comes in, and what a browser may read.
        "Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Access-Control-Allow-Origin",
        "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Private-Network",
        "Access-Control-Expose-Headers", "Access-Control-Request-Method",

        // What goes along.
        "Cookie", "Set-Cookie", "Proxy-Connection", "Keep-Alive", "Trailer", "TE", "Alt-Svc",
        "Strict-Transport-Security",
    ];

    // Where a name means something else, with the reason.
    private static readonly Dictionary<(string User, string Name), string> OtherwiseMeant = new()
    {
        [("Rotato.Monitoring.StatusJson::WriteApi", "Host")] = "a member of the status as JSON, no field of a message",
    };

    /// <summary>Whether the name means something else in this place.</summary>
    public static bool IsOtherwiseMeant(Place user, string name) => OtherwiseMeant.ContainsKey(($"{user}", name));

    /// <summary>
    /// Those that a text writes: as a line of its own or one that begins so, with a colon behind. A name that can be
    /// no word of a sentence counts anywhere.
    /// </summary>
    public static IEnumerable<string> In(string text)
    {
        var lines = text.Split(['\r', '\n'], StringSplitOptions.TrimEntries);
        var words = text.Split(Separators);
        return Names.Where(name => lines.Any(line => IsField(line, name)) || (IsNoWord(name) && Has(words, name)));
    }

    // Not in capital letters: so a help text writes what stands for a value, as in "--allow-origin ORIGIN".
    private static bool IsField(string line, string name) =>
        StartsAs(line, name) || StartsAs(line, name.ToLowerInvariant());

    private static bool StartsAs(string line, string name) =>
        line == name || line.StartsWith($"{name}:", StringComparison.Ordinal);

    private static bool IsNoWord(string name) => name.Contains('-', StringComparison.Ordinal);

    private static bool Has(string[] words, string name) => words.Contains(name, StringComparer.OrdinalIgnoreCase);
}
