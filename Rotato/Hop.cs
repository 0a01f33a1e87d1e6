namespace Rotato;

/// <summary>Fields that end at this hop, both ways (RFC 9110 s7.6.1), and those that Rotato writes itself.</summary>
internal static class Hop
{
    // Host, Content-Length and Expect are made anew for the next hop. Alt-Svc would send the client past Rotato.
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
        [
            "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
            "Transfer-Encoding", "Upgrade", "Host", "Content-Length", "Expect", "Alt-Svc",
        ], StringComparer.OrdinalIgnoreCase);

    public static bool Ends(string name, IEnumerable<string> connection) =>
        Names.Contains(name) || connection.Contains(name, StringComparer.OrdinalIgnoreCase);
}
