using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Rotato.Demo;

/// <summary>A request as the stand-in API understands it; the model is null where it understands nothing.</summary>
internal sealed record ChatRequest(string Key, string? Model, bool IsStreamed)
{
    /// <summary>Reads the next request of a connection, or null at its end.</summary>
    /// <remarks>Its only client is Rotato, which gives the length of every body; no other form is understood.</remarks>
    public static async Task<ChatRequest?> ReadAsync(StreamReader reader, CancellationToken stop)
    {
        var requestLine = await reader.ReadLineAsync(stop);
        if (requestLine is null) return null;

        var fields = await ReadFieldsAsync(reader, stop);
        var body = await ReadBodyAsync(reader, fields.GetValueOrDefault("Content-Length", "0"), stop);
        var key = fields.GetValueOrDefault("Authorization", "");
        var isForChat = requestLine.StartsWith("POST /v1/chat/completions ", StringComparison.Ordinal);
        var question = isForChat ? Parse(body) : null;
        return new(key, TextOf(question?["model"]), question?["stream"]?.GetValueKind() == JsonValueKind.True);
    }

    private static async Task<Dictionary<string, string>> ReadFieldsAsync(StreamReader reader, CancellationToken stop)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            var line = await reader.ReadLineAsync(stop);
            if (string.IsNullOrEmpty(line)) return fields;

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            fields[line[..colon]] = line[(colon + 1)..].Trim();
        }
    }

    private static async Task<string> ReadBodyAsync(StreamReader reader, string contentLength, CancellationToken stop)
    {
        var body = new char[int.Parse(contentLength, CultureInfo.InvariantCulture)];
        // A reader that is asked for nothing would wait for the next request all the same.
        if (body.Length > 0) await reader.ReadBlockAsync(body, stop);

        return new(body);
    }

    private static JsonObject? Parse(string body)
    {
        try
        {
            return JsonNode.Parse(body) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
}
