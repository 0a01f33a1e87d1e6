namespace Rotato.Guards;

/// <summary>
/// What a client sent as its API key: any text, or the token. All of it is taken out of a request, so that nothing
/// behind the check can pass it on.
/// </summary>
/// <param name="Field">The field that gets the real key if the API is unknown.</param>
/// <param name="Text">Without what stands before a key there.</param>
internal readonly record struct Credential(string Field, string Text)
{
    /// <summary>Where a browser's WebSocket has to put its key, as one of the protocols that it offers.</summary>
    public const string WebSocketProtocols = "Sec-WebSocket-Protocol";

    private const string WebSocketProtocolKey = "openai-insecure-api-key.";
    private const string GoogleField = "x-goog-api-key";

    private static readonly string[] KeyFields = ["Authorization", "x-api-key", GoogleField, "api-key"];

    /// <summary>Takes every credential out of a head and gives the target without it.</summary>
    public static string TakeAll(Dictionary<string, string> fields, string target, List<Credential> found)
    {
        foreach (var name in KeyFields)
            if (fields.Remove(name, out var value)) found.Add(new(name, value.Split(' ')[^1]));
        if (fields.Remove(WebSocketProtocols, out var offered))
        {
            var others = WithoutKeys(offered, ", ", WebSocketProtocolKey, WebSocketProtocols, found);
            if (others is not null) fields[WebSocketProtocols] = others;
        }

        if (target.Split('?', 2) is not [var path, var query]) return target;
        var withoutKey = WithoutKeys(query, "&", "key=", GoogleField, found);
        var parameters = withoutKey is null ? null : WithoutKeys(withoutKey, "&", "api-key=", "api-key", found);
        return parameters is null ? path : $"{path}?{parameters}";
    }

    /// <summary>What stands before a key in this field.</summary>
    public static string Prefix(string field) => field switch
    {
        "Authorization" => "Bearer ",
        WebSocketProtocols => WebSocketProtocolKey,
        _ => "",
    };

    // A list without those of its members that begin as a key does; null where nothing else is in it. All other bytes
    // stay as they came.
    private static string? WithoutKeys(
        string list, string separator, string mark, string field, List<Credential> found)
    {
        var others = new List<string>();
        foreach (var member in list.Split(separator[0], StringSplitOptions.TrimEntries))
        {
            if (!Uri.UnescapeDataString(member).StartsWith(mark, StringComparison.Ordinal)) others.Add(member);
            else found.Add(new(field, member.Split(mark[^1], 2)[^1]));
        }

        return others.Count > 0 ? string.Join(separator, others) : null;
    }
}
