namespace Rotato;

/// <summary>
/// Header fields that do not simply pass: those that end at this hop, and those in which clients put an API key
/// (providers.md 1.1, 5.3). The gate looks into the latter for the token; the forwarder takes them away and puts the
/// real key in the same place.
/// </summary>
internal static class Fields
{
    private const string Protocols = "Sec-WebSocket-Protocol", ProtocolKey = "openai-insecure-api-key.";

    // RFC 9110 s7.6.1, and what is made anew for the next hop. Alt-Svc and HSTS would bind Rotato's own name.
    private static readonly FrozenSet<string> Hop = FrozenSet.ToFrozenSet(
        ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
         "Upgrade", "Transfer-Encoding", "Content-Length", "Host", "Expect", "Alt-Svc", "Strict-Transport-Security",
         "x-rotato-key", "x-rotato-tries"], StringComparer.OrdinalIgnoreCase);
    private static readonly string[] Keys = ["Authorization", "x-api-key", "x-goog-api-key", "api-key"];

    public static bool EndHere(string name, IEnumerable<string> connection) =>
        Hop.Contains(name) || connection.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Fields about when to come back, which Rotato knows better once it has tried all keys.</summary>
    public static bool TellWhen(string name) =>
        name.ToUpperInvariant() is "RETRY-AFTER" or "RETRY-AFTER-MS" or "X-SHOULD-RETRY";

    /// <summary>
    /// Every key that the client sent, with the field that ours goes into for it: never the URL, even for ?key=.
    /// </summary>
    public static IEnumerable<(string Field, string Secret)> KeysOf(RequestHead head) => Keys
        .Where(head.Fields.ContainsKey).Select(name => (name, head[name]!.Split(' ')[^1]))
        .Concat(Members(head[Protocols]).Where(IsKey).Select(member => (Protocols, member[ProtocolKey.Length..])))
        .Concat(Parameters(head.Target).Where(IsKeyParameter)
            .Select(part => ("x-goog-api-key", Uri.UnescapeDataString(part.Split('=', 2)[^1]))));

    /// <summary>The client's fields without those that end here and without its keys.</summary>
    public static IEnumerable<(string Name, string Value)> Passing(RequestHead head)
    {
        var connection = head.Connection;
        foreach (var (name, value) in head.Fields)
        {
            if (EndHere(name, connection) || Keys.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            if (!name.Equals(Protocols, OrdinalIgnoreCase)) yield return (name, value);
            else if (Members(value).Where(member => !IsKey(member)).ToList() is { Count: > 0 } kept)
                yield return (name, string.Join(", ", kept));
        }
    }

    /// <summary>The target without its key parameters, all other bytes as they came.</summary>
    public static string TargetOf(RequestHead head) => !Parameters(head.Target).Any(IsKeyParameter) ? head.Target
        : $"{head.Path}?{string.Join('&', Parameters(head.Target).Where(part => !IsKeyParameter(part)))}".TrimEnd('?');

    /// <summary>
    /// Puts the key where the client had its own, else where the provider wants it. The last step, when all else is
    /// set.
    /// </summary>
    public static void PutKey(HttpRequestHeaders fields, RequestHead head, string usual, string secret)
    {
        var field = Keys.Prepend(usual).FirstOrDefault(head.Fields.ContainsKey)
            ?? KeysOf(head).FirstOrDefault().Field ?? usual;
        var before = field switch { "Authorization" => "Bearer ", Protocols => ProtocolKey, _ => "" };
        fields.TryAddWithoutValidation(field, before + secret);
    }

    private static string[] Members(string? value) => value?.Split(',', StringSplitOptions.TrimEntries) ?? [];
    private static bool IsKey(string member) => member.StartsWith(ProtocolKey, Ordinal);
    private static string[] Parameters(string target) => target.Split('?', 2) is [_, var query] ? query.Split('&') : [];
    private static bool IsKeyParameter(string part) => Uri.UnescapeDataString(part.Split('=')[0]) == "key";
}
