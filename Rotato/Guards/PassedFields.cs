using System.Collections.Frozen;

namespace Rotato.Guards;

/// <summary>Which fields of a message pass through, in both directions.</summary>
internal static class PassedFields
{
    // Those of one connection (RFC 9110 section 7.6.1), and those that are written anew for the next hop.
    private static readonly FrozenSet<string> EndHere = FrozenSet.ToFrozenSet(
        ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
         "Upgrade", "Transfer-Encoding", "Content-Length", "Host", "Expect"], StringComparer.OrdinalIgnoreCase);

    // The client's cookies belong to other programs on this machine; the API's would bind a client to one key. Alt-Svc
    // and Strict-Transport-Security would bind the name that Rotato itself is reached by.
    private static readonly FrozenSet<string> Private = FrozenSet.ToFrozenSet(
        ["Cookie", "Set-Cookie", "Alt-Svc", "Strict-Transport-Security"], StringComparer.OrdinalIgnoreCase);

    // Two equal lines of one of these count as one. Any other field that appears twice is joined into a list, so that a
    // second Host, Content-Length or Transfer-Encoding no longer parses and is refused.
    private static readonly FrozenSet<string> SingleValued = FrozenSet.ToFrozenSet(
        ["Content-Type", "User-Agent", "Origin", "Referer", "Idempotency-Key", "anthropic-version",
         "OpenAI-Organization", "OpenAI-Project"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a field holds one value, so that two identical lines of it are as good as one.</summary>
    public static bool IsSingleValued(string name) => SingleValued.Contains(name);

    /// <summary>Whether a field passes.</summary>
    /// <param name="name">The field.</param>
    /// <param name="connection">What the message's Connection field lists.</param>
    public static bool Pass(string name, string[] connection)
    {
        if (EndHere.Contains(name)) return false;
        if (Private.Contains(name)) return false;
        // They are about Rotato, and only Rotato may set them.
        if (name.StartsWith("x-rotato-", StringComparison.OrdinalIgnoreCase)) return false;
        return connection.Length == 0 || !connection.Contains(name, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Whether a value of the upstream's may be written into the head of an answer. What ends a line would begin a
    /// field of the upstream's own making, and strict clients refuse an answer with any other control character.
    /// </summary>
    public static bool IsOneLine(string value) => !RequestHead.HasControlCharacter(value);
}
