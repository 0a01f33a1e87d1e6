using System.Net.Http.Headers;

namespace Rotato.Http;

/// <summary>Writes the head of an answer: the fields that pass, and those that are Rotato's own.</summary>
internal static class ResponseHead
{
    /// <param name="answer">The answer.</param>
    /// <param name="request">The request; null where none was let in.</param>
    /// <param name="framing">How the body is framed.</param>
    /// <param name="stays">Whether the connection stays open.</param>
    /// <param name="text">Gets the head, to its empty line.</param>
    public static void Write(
        Answer answer, RequestHead? request, AnswerFraming framing, bool stays, StringBuilder text)
    {
        text.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {answer.Status} ");
        if (answer.Response.ReasonPhrase is { } reason && PassedFields.IsOneLine(reason)) text.Append(reason);
        text.Append("\r\n");
        var connection = answer.Field("Connection")?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        AppendPassed(answer.Response.Headers, connection, text);
        AppendPassed(answer.Response.Content.Headers, connection, text);
        if (answer.Key is { } key)
        {
            Append("x-rotato-key", key.ToString(CultureInfo.InvariantCulture), text);
            Append("x-rotato-tries", answer.Tries.ToString(CultureInfo.InvariantCulture), text);
        }

        if (answer.IsCacheHit) Append("x-rotato-cache", "hit", text);
        if (answer.IsCacheMiss) Append("x-rotato-cache", "miss", text);
        // Proxies such as nginx would hold events back until their buffer is full.
        if (IsEventStream(answer)) Append("X-Accel-Buffering", "no", text);
        if (request is not null && CrossOrigin.IsFromPage(request))
            foreach (var (name, value) in CrossOrigin.AnswerFields(request, answer.Field)) Append(name, value, text);
        framing.AppendFields(answer.Status, stays, text);
        text.Append("\r\n");
    }

    private static void AppendPassed(HttpHeaders fields, string[] connection, StringBuilder text)
    {
        foreach (var (name, values) in fields.NonValidated)
        {
            if (!PassedFields.Pass(name, connection)) continue;
            foreach (var value in values)
                if (PassedFields.IsOneLine(value)) Append(name, value, text);
        }
    }

    private static void Append(string name, string value, StringBuilder text) =>
        text.Append(name).Append(": ").Append(value).Append("\r\n");

    private static bool IsEventStream(Answer answer)
    {
        if (answer.Response.Headers.NonValidated.Contains("X-Accel-Buffering")) return false;
        return answer.Response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
            && type.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
    }
}
