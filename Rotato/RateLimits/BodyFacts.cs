using System.Text.Json;

namespace Rotato.RateLimits;

/// <summary>
/// What the body of a request tells a ring of keys. All of it is read from top-level members of a JSON object, or from
/// the part of a form that is named "model"; nothing else is looked at.
/// </summary>
internal sealed record BodyFacts
{
    private static readonly BodyFacts None = new();

    /// <summary>The model's name.</summary>
    public string? Model { get; private init; }

    /// <summary>The response that the request continues.</summary>
    public string? PreviousResponse { get; private init; }

    /// <summary>
    /// What requests of one conversation have in common: the key of a prompt cache says more than the name of a
    /// conversation, and that more than the name of a user.
    /// </summary>
    public string? Conversation => CacheKey ?? ConversationName ?? User;

    private string? CacheKey { get; init; }
    private string? ConversationName { get; init; }
    private string? User { get; init; }

    /// <summary>Reads as far as it must: without <paramref name="all"/> to the model's name and no further.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="contentType">Its field; null where there is none.</param>
    /// <param name="all">Whether the conversation is wanted too.</param>
    public static BodyFacts Of(ReadOnlySequence<byte> body, string? contentType, bool all)
    {
        if (contentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true)
            return None with { Model = ModelPart(body) };
        if (!BeginsAsObject(body)) return None;
        var reader = new Utf8JsonReader(body);
        try
        {
            return Read(ref reader, all);
        }
        // No JSON, or a text that is no UTF-8.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return None;
        }
    }

    private static BodyFacts Read(ref Utf8JsonReader reader, bool all)
    {
        var facts = None;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            facts = ReadMember(ref reader, facts);
            if (!all && facts.Model is not null) break;
        }

        return facts;
    }

    private static BodyFacts ReadMember(ref Utf8JsonReader reader, BodyFacts facts)
    {
        var name = NameOf(ref reader);
        reader.Read();
        if (name == "metadata") return facts with { User = TextIn(ref reader, "user_id") };
        if (name == "conversation")
            return facts with { ConversationName = TextOf(ref reader) ?? TextIn(ref reader, "id") };
        var text = TextOf(ref reader);
        reader.Skip();
        return name switch
        {
            "model" => facts with { Model = text },
            "prompt_cache_key" => facts with { CacheKey = text },
            "previous_response_id" => facts with { PreviousResponse = text },
            _ => facts,
        };
    }

    private static string NameOf(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("model"u8)) return "model";
        if (reader.ValueTextEquals("metadata"u8)) return "metadata";
        if (reader.ValueTextEquals("conversation"u8)) return "conversation";
        if (reader.ValueTextEquals("prompt_cache_key"u8)) return "prompt_cache_key";
        return reader.ValueTextEquals("previous_response_id"u8) ? "previous_response_id" : "";
    }

    private static string? TextOf(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String && reader.ValueSequence.Length + reader.ValueSpan.Length < 1024
            ? reader.GetString() : null;

    // A member of the object that the reader stands at; moves to the object's end.
    private static string? TextIn(ref Utf8JsonReader reader, string member)
    {
        if (reader.TokenType != JsonTokenType.StartObject) reader.Skip();
        if (reader.TokenType != JsonTokenType.StartObject) return null;
        string? found = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isWanted = reader.ValueTextEquals(member);
            reader.Read();
            if (isWanted) found = TextOf(ref reader);
            reader.Skip();
        }

        return found;
    }

    private static bool BeginsAsObject(ReadOnlySequence<byte> body)
    {
        var reader = new SequenceReader<byte>(body);
        reader.AdvancePastAny(" \t\r\n"u8);
        return reader.IsNext((byte)'{');
    }

    // Content-Disposition: form-data; name="model" (RFC 7578 section 4.2), an empty line, the value.
    private static string? ModelPart(ReadOnlySequence<byte> body)
    {
        var reader = new SequenceReader<byte>(body);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> _, "name=\"model\""u8)) return null;
        if (!reader.TryReadTo(out ReadOnlySequence<byte> _, "\r\n\r\n"u8)) return null;
        return reader.TryReadTo(out ReadOnlySequence<byte> value, "\r\n"u8) && value.Length < 1024
            ? Encoding.UTF8.GetString(value) : null;
    }
}
