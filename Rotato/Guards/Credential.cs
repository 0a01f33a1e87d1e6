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

    private static readonly ListWithKeys InProtocols = new(',', ", ", WebSocketProtocolKey, WebSocketProtocols);
    private static readonly ListWithKeys KeyParameters = new('&', "&", "key=", GoogleField);
    private static readonly ListWithKeys ApiKeyParameters = new('&', "&", "api-key=", "api-key");

    /// <summary>Takes every credential out of a head and gives the target without it.</summary>
    public static string TakeAll(Dictionary<string, string> fields, string target, List<Credential> found)
    {
        foreach (var name in KeyFields)
            if (fields.Remove(name, out var value)) found.Add(new(name, value.Split(' ')[^1]));
        if (fields.Remove(WebSocketProtocols, out var offered))
        {
            var others = InProtocols.WithoutKeys(offered, found);
            if (others is not null) fields[WebSocketProtocols] = others;
        }

        if (target.Split('?', 2) is not [var path, var query]) return target;
        var withoutKey = KeyParameters.WithoutKeys(query, found);
        var parameters = withoutKey is null ? null : ApiKeyParameters.WithoutKeys(withoutKey, found);
        return parameters is null ? path : $"{path}?{parameters}";
    }

    /// <summary>What stands before a key in this field.</summary>
    public static string Prefix(string field) => field switch
    {
        "Authorization" => "Bearer ",
        WebSocketProtocols => WebSocketProtocolKey,
        _ => "",
    };

    /// <summary>A list in which keys may stand among other things.</summary>
    /// <param name="Separator">What stands between its members.</param>
    /// <param name="Joint">The same, as it is written.</param>
    /// <param name="Mark">What a member that is a key begins with.</param>
    /// <param name="Field">The field that gets the real key if the API is unknown.</param>
    private sealed record ListWithKeys(char Separator, string Joint, string Mark, string Field)
    {
        // Null where nothing else is in it. All other bytes stay as they came.
        public string? WithoutKeys(string list, List<Credential> found)
        {
            var others = new List<string>();
            foreach (var member in list.Split(Separator, StringSplitOptions.TrimEntries))
            {
                if (IsKey(member)) found.Add(new(Field, TextOf(member)));
                else others.Add(member);
            }

            return others.Count > 0 ? string.Join(Joint, others) : null;
        }

        private bool IsKey(string member) =>
            Uri.UnescapeDataString(member).StartsWith(Mark, StringComparison.Ordinal);

        // Behind the last letter of the mark, because its other letters may be escaped: "%6Bey=TEXT".
        private string TextOf(string member) => member.Split(Mark[^1], 2)[^1];
    }
}
