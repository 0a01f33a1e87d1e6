/// <summary>The model that a request names, which is what most limits count by.</summary>
internal static class Model
{
    /// <summary>
    /// NAME of a path with /models/NAME, or the top-level "model" of a JSON body, or what of it fits; "" where there is
    /// none. Reads no further than the name and copies nothing else.
    /// </summary>
    public static string Of(RequestHead head, ReadOnlySpan<byte> body)
    {
        var name = head.Path.Split("/models/") is [_, var tail] ? tail.Split(':', '/')[0]
            : body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] ? InJson(body) : "";
        return name.Length <= Limits.ModelName ? name : name[..Limits.ModelName];
    }

    private static string InJson(ReadOnlySpan<byte> body)
    {
        var json = new Utf8JsonReader(body);
        try
        {
            while (json.Read() && !IsName(ref json)) { }
            return json.Read() ? json.GetString() ?? "" : "";
        }
        // Not JSON, or a value that is no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static bool IsName(ref Utf8JsonReader at) =>
        at is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && at.ValueTextEquals("model"u8);
}
