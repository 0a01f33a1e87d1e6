/// <summary>The model that a request names, which is what most limits count by.</summary>
internal static class Model
{
    /// <summary>
    /// NAME of a path with /models/NAME, or the top-level "model" of a JSON body; "" where there is none. Reads no
    /// further than the name and copies nothing else.
    /// </summary>
    public static string Of(RequestHead head, ReadOnlySpan<byte> body)
    {
        if (head.Path.Split("/models/") is [_, var tail]) return tail.Split(':', '/')[0];
        if (body.TrimStart(" \t\r\n"u8) is not [(byte)'{', ..]) return "";
        var json = new Utf8JsonReader(body);
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName && !json.ValueTextEquals("model"u8))
                json.Skip();
            return json.Read() ? json.GetString() ?? "" : "";
        }
        // Not JSON, or a value that is no text.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "";
        }
    }
}
