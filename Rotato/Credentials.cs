/// <summary>
/// Where clients put an API key (providers.md 1.1, 5.3). The gate looks among them for the token; the forwarder puts
/// the real key where the client had its own.
/// </summary>
internal static class Credentials
{
    public const string Protocols = "Sec-WebSocket-Protocol", ProtocolKey = "openai-insecure-api-key.";

    /// <summary>
    /// Takes every key out of a head, so that nothing behind it can pass one on, and gives the target without it. Each
    /// goes into <paramref name="keys"/> with the field that ours takes for it: never the URL, even for ?key=. All
    /// other bytes of the target stay as they came.
    /// </summary>
    public static string TakeFrom(Dictionary<string, string> fields, string target, List<(string, string)> keys)
    {
        foreach (var name in (ReadOnlySpan<string>)["Authorization", "x-api-key", "x-goog-api-key", "api-key"])
            if (fields.Remove(name, out var value)) keys.Add((name, value.Split(' ')[^1]));
        if (fields.Remove(Protocols, out var offered) && Others(offered, ", ", ProtocolKey, Protocols) is { } protocols)
            fields[Protocols] = protocols;
        if (target.Split('?', 2) is not [var path, var query]) return target;
        return Others(query, "&", "key=", "x-goog-api-key") is { } parameters ? $"{path}?{parameters}" : path;

        // What of a list is no key; null where nothing is.
        string? Others(string list, string separator, string mark, string field)
        {
            var members = list.Split(separator[0], TrimEntries)
                .ToLookup(member => Uri.UnescapeDataString(member).StartsWith(mark, Ordinal));
            keys.AddRange(members[true].Select(member => (field, member.Split(mark[^1], 2)[^1])));
            return members[false].Any() ? string.Join(separator, members[false]) : null;
        }
    }

    /// <summary>What stands before a key in its field.</summary>
    public static string Prefix(string field) =>
        field switch { "Authorization" => "Bearer ", Protocols => ProtocolKey, _ => "" };
}
