using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Rotato.Demo;

/// <summary>Answers in the form of OpenAI's chat completions: whole, as a stream of events, or an error.</summary>
/// <remarks>Fields and errors are those of https://platform.openai.com/docs/guides/rate-limits.</remarks>
internal sealed class ChatReply(Stream stream, CancellationToken stop)
{
    /// <summary>How a complete stream of events ends.</summary>
    public const string EndOfStream = "data: [DONE]\n\n";

    private static readonly string[] Words = ["Hello", " from", " the", " stand-in", ".", " All", " is", " well", "."];

    private static readonly TimeSpan TimeForWord = TimeSpan.FromMilliseconds(120);

    /// <summary>A whole answer.</summary>
    public Task SendWholeAsync(string model, RequestCount count)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = string.Concat(Words) };
        return SendJsonAsync("200 OK", LimitFields(count), Completion("chat.completion", model, "message", message));
    }

    /// <summary>An answer that comes word by word.</summary>
    public async Task SendStreamAsync(string model, RequestCount count)
    {
        const string Start = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n";
        await SendAsync($"{Start}{LimitFields(count)}\r\n");
        foreach (var word in Words)
        {
            await Task.Delay(TimeForWord, stop);
            var delta = new JsonObject { ["content"] = word };
            var piece = Completion("chat.completion.chunk", model, "delta", delta);
            await SendChunkAsync($"data: {piece.ToJsonString()}\n\n");
        }

        await SendChunkAsync(EndOfStream);
        await SendChunkAsync("");
    }

    /// <summary>The limit is reached: a 429 that says when to come back.</summary>
    public Task SendRateLimitedAsync(string model, RequestCount count)
    {
        var seconds = Math.Ceiling(count.UntilReset.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        var message = $"Rate limit reached for {model} on requests per min. Please try again in {seconds}s.";
        var fields = $"{LimitFields(count)}Retry-After: {seconds}\r\n";
        return SendJsonAsync("429 Too Many Requests", fields, Error(message, "requests", "rate_limit_exceeded"));
    }

    /// <summary>Not a request that the stand-in knows.</summary>
    public Task SendUnknownAsync()
    {
        const string Message = "The stand-in knows only POST /v1/chat/completions with a JSON body that names a model.";
        return SendJsonAsync("404 Not Found", "", Error(Message, "invalid_request_error", "unknown_url"));
    }

    private static string LimitFields(RequestCount count) => string.Create(
        CultureInfo.InvariantCulture,
        $"x-ratelimit-limit-requests: {RequestLimit.Requests}\r\n"
        + $"x-ratelimit-remaining-requests: {count.Remaining}\r\n"
        + $"x-ratelimit-reset-requests: {count.UntilReset.TotalSeconds:0.000}s\r\n");

    private static JsonObject Completion(string type, string model, string part, JsonObject content)
    {
        var finishReason = part == "message" ? "stop" : null;
        var choice = new JsonObject { ["index"] = 0, [part] = content, ["finish_reason"] = finishReason };
        return new()
        {
            ["id"] = "chatcmpl-demo",
            ["object"] = type,
            ["created"] = DateTimeOffset.UtcNow.ToUnixTimeSeconds(),
            ["model"] = model,
            ["choices"] = new JsonArray(choice),
        };
    }

    private static JsonObject Error(string message, string type, string code)
    {
        var error = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = code };
        return new() { ["error"] = error };
    }

    private Task SendJsonAsync(string status, string fields, JsonObject json)
    {
        // The writer escapes whatever is not ASCII, so characters are bytes.
        var body = json.ToJsonString();
        var start = $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n";
        return SendAsync($"{start}{fields}\r\n{body}");
    }

    private Task SendChunkAsync(string text) => SendAsync($"{text.Length:X}\r\n{text}\r\n");

    private async Task SendAsync(string text) => await stream.WriteAsync(Encoding.Latin1.GetBytes(text), stop);
}
