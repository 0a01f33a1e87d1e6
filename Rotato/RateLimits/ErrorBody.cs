using System.Text.Json;

namespace Rotato.RateLimits;

/// <summary>
/// What an API says about an error in its body: only the members that carry its own words. A param, an input or any
/// other member may repeat the request, and is not looked at.
/// </summary>
internal sealed class ErrorBody
{
    /// <summary>How much of a body is looked at, in bytes; an API's words stand near its beginning.</summary>
    public const int MostBytes = 32 << 10;

    // Objects that belong to the error itself: an error, its details, what a provider behind the API has said.
    private static readonly string[] OwnObjects = ["error", "errors", "details", "innererror", "metadata", "headers"];

    public List<string> Codes { get; } = [];
    public string? Message { get; private set; }

    /// <summary>How long to wait, as Gemini (google.rpc.RetryInfo) and OpenRouter say it.</summary>
    public List<string> Waits { get; } = [];

    /// <summary>The first of its codes that is an HTTP status of an error.</summary>
    public int? StatusCode => Codes.Select(ToStatus).FirstOrDefault(status => status is >= 400 and <= 599);

    /// <summary>Reads what is there, however far it goes: an error may be cut.</summary>
    /// <param name="body">As it came.</param>
    /// <param name="coding">How it is compressed (RFC 9110 section 8.4.1); null where it is not.</param>
    public static ErrorBody Read(ReadOnlyMemory<byte> body, string? coding)
    {
        var error = new ErrorBody();
        var text = Packed.Unpack(body, coding, MostBytes);
        var reader = new Utf8JsonReader(text, isFinalBlock: false, default);
        try
        {
            if (reader.Read()) error.ReadValue(ref reader, "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // What was read before the fault counts.
        }

        return error;
    }

    // Stands at the value's first token, and leaves at its last.
    private void ReadValue(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray) ReadValue(ref reader, name);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Keep(name, TextOf(ref reader));
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName) ReadMember(ref reader);
    }

    private void ReadMember(ref Utf8JsonReader reader)
    {
        var name = reader.GetString()!;
        if (!reader.Read()) return;
        var isContainer = reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray;
        if (!isContainer || OwnObjects.Contains(name))
        {
            ReadValue(ref reader, name);
            return;
        }

        // Where the body ends within a member that may repeat the request, nothing behind that is read.
        if (!reader.TrySkip()) throw new JsonException("The body is cut.");
    }

    private void Keep(string member, string? text)
    {
        if (text is null) return;
        if (member is "code" or "type" or "status" or "reason" or "error_code") Codes.Add(text);
        if (member is "message" or "error") Message ??= text;
        if (member is "retryDelay" or "X-RateLimit-Reset") Waits.Add(text);
    }

    private static int? ToStatus(string code) =>
        int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var status) ? status : null;

    private static string? TextOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
        _ => null,
    };
}
