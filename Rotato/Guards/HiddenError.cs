using System.Text.Json;

namespace Rotato.Guards;

/// <summary>
/// An error that an API hides in an answer with 200 (openrouter.ai/docs/api-reference/errors): a JSON object with an
/// "error" and nothing that a model has made. Only then has the request not been served.
/// </summary>
internal static class HiddenError
{
    /// <summary>Such an answer is short; nothing longer is looked at, in bytes.</summary>
    public const int MostBytes = 8 << 10;

    // What the APIs call that which a model has made.
    private static readonly string[] ContentNames = ["choices", "content", "output", "candidates", "data"];

    /// <summary>Whether a whole body is nothing but an error.</summary>
    public static bool IsIn(ReadOnlySpan<byte> body)
    {
        if (body.Length > MostBytes || body.IndexOf("\"error\""u8) < 0) return false;
        var reader = new Utf8JsonReader(body);
        try
        {
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && HasOnlyError(ref reader);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool HasOnlyError(ref Utf8JsonReader reader)
    {
        var hasError = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            if (ContentNames.Contains(name)) return false;
            reader.Read();
            if (name == "error" && reader.TokenType != JsonTokenType.Null) hasError = true;
            reader.Skip();
        }

        // Throws if something stands behind the object.
        reader.Read();
        return hasError;
    }
}
