/// <summary>
/// Where clients put an API key (providers.md 1.1, 5.3). The gate looks among them for the token; the forwarder puts
/// the real key where the client had its own.
/// </summary>
internal static class Credentials
{
    public const string Protocols = "Sec-WebSocket-Protocol";
    private const string ProtocolKey = "openai-insecure-api-key.";
    private static readonly string[] Carriers = ["Authorization", "x-api-key", "x-goog-api-key", "api-key"];

    /// <summary>
    /// Takes every key out of a head, so that nothing behind it can pass one on. Each comes with the field that ours
    /// goes into for it: never the URL, even for ?key=. All other bytes of the target stay as they came.
    /// </summary>
    public static (List<(string Field, string Secret)> Keys, string Target) TakeFrom(
        Dictionary<string, string> fields, string target)
    {
        var keys = new List<(string Field, string Secret)>();
        foreach (var name in Carriers)
            if (fields.Remove(name, out var value)) keys.Add((name, value.Split(' ')[^1]));
        if (fields.Remove(Protocols, out var offered))
        {
            var members = offered.Split(',', StringSplitOptions.TrimEntries).ToLookup(IsProtocolKey);
            keys.AddRange(members[true].Select(member => (Protocols, member[ProtocolKey.Length..])));
            if (members[false].Any()) fields[Protocols] = string.Join(", ", members[false]);
        }

        if (target.Split('?', 2) is not [var path, var query]) return (keys, target);
        var parts = query.Split('&').ToLookup(IsKeyParameter);
        keys.AddRange(parts[true].Select(part => ("x-goog-api-key", Uri.UnescapeDataString(part.Split('=', 2)[^1]))));
        return (keys, parts[false].Any() ? $"{path}?{string.Join('&', parts[false])}" : path);
    }

    /// <summary>What stands before a key in its field.</summary>
    public static string Prefix(string field) =>
        field switch { "Authorization" => "Bearer ", Protocols => ProtocolKey, _ => "" };

    private static bool IsProtocolKey(string member) => member.StartsWith(ProtocolKey, Ordinal);
    private static bool IsKeyParameter(string part) => Uri.UnescapeDataString(part.Split('=')[0]) == "key";
}
