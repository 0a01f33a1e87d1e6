using System.Net;
using System.Text.Json.Nodes;

namespace Rotato.Http;

/// <summary>
/// Rotato's own answers. An error has the form of the API that the client speaks to, so that its library shows the
/// message and obeys the hint.
/// </summary>
internal static class OwnAnswers
{
    private const string Json = "application/json";

    /// <summary>An error.</summary>
    /// <param name="refusal">What it says.</param>
    /// <param name="head">The request; null where none could be read.</param>
    /// <param name="secondsToWait">When to come back, if that is known.</param>
    public static Answer Error(Refusal refusal, RequestHead? head, double? secondsToWait = null)
    {
        var content = InFormOf(head, refusal, secondsToWait);
        var answer = Answer.Own(refusal.Code.Status, Json, Encoding.UTF8.GetBytes(content.ToJsonString()));
        // A browser that opens the status page asks its user for the token then.
        if (refusal.Code == ErrorCode.Unauthorized)
            answer.Response.Headers.Add("WWW-Authenticate", "Basic realm=\"Rotato\"");
        return answer;
    }

    /// <summary>The answer to a browser that asks whether a page may send a request.</summary>
    public static Answer Preflight(RequestHead head)
    {
        var answer = Answer.Own((int)HttpStatusCode.NoContent, Json, []);
        foreach (var (name, value) in CrossOrigin.PreflightFields(head))
            answer.Response.Headers.TryAddWithoutValidation(name, value);
        return answer;
    }

    private static JsonObject InFormOf(RequestHead? head, Refusal refusal, double? secondsToWait)
    {
        if (head is not null && IsForGemini(head)) return InGoogleForm(refusal, secondsToWait);
        var content = InOpenAIForm(refusal);
        // Anthropic's form is the same with a word in front.
        if (head is not null && IsForAnthropic(head)) content.Insert(0, "type", "error");
        return content;
    }

    private static JsonObject InOpenAIForm(Refusal refusal) => new()
    {
        ["error"] = new JsonObject
        {
            ["message"] = refusal.Message,
            ["type"] = "rotato_error",
            ["code"] = refusal.Code.Name,
        },
    };

    // Google's error model (cloud.google.com/apis/design/errors): a number, and a status in words.
    private static JsonObject InGoogleForm(Refusal refusal, double? secondsToWait)
    {
        var error = new JsonObject
        {
            ["code"] = refusal.Code.Status,
            ["message"] = refusal.Message,
            ["status"] = GoogleStatus(refusal.Code),
        };
        if (secondsToWait is { } seconds)
        {
            var retry = new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.RetryInfo",
                ["retryDelay"] = $"{seconds:0.###}s",
            };
            error["details"] = new JsonArray(retry);
        }

        return new() { ["error"] = error };
    }

    private static string GoogleStatus(ErrorCode code) =>
        code == ErrorCode.AllKeysResting ? "RESOURCE_EXHAUSTED" : code.Name.ToUpperInvariant();

    private static bool IsForAnthropic(RequestHead head) =>
        head["anthropic-version"] is not null || head.Path.Contains("/v1/messages", StringComparison.Ordinal);

    // Its paths are such as /v1beta/models/NAME:generateContent.
    private static bool IsForGemini(RequestHead head)
    {
        if (head.Path.Contains("/openai/", StringComparison.Ordinal)) return false;
        if (head.Path.Contains("/v1beta/", StringComparison.Ordinal)) return true;
        var models = head.Path.IndexOf("/models/", StringComparison.Ordinal);
        return models >= 0 && head.Path.IndexOf(':', models) > 0;
    }
}
