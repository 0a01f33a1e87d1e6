using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Rotato.Demo;

/// <summary>What a client makes of an answer.</summary>
internal enum ChatOutcome
{
    /// <summary>A whole answer.</summary>
    Completed,

    /// <summary>A 429 that says when to come back.</summary>
    RateLimited,

    /// <summary>Anything else.</summary>
    Failed,
}

/// <summary>An answer, and how long it took until its last byte.</summary>
internal sealed record ChatAnswer(ChatOutcome Outcome, TimeSpan Latency);

/// <summary>A client as any program has one: it has an address and a key, knows no limits, and never retries.</summary>
internal sealed class ChatClient : IDisposable
{
    private static readonly Uri ChatCompletions = new("/v1/chat/completions", UriKind.Relative);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>A client of Rotato may give any text as its key, a client of the API has to give a real one.</summary>
    public ChatClient(Uri address, string key)
    {
        _http.BaseAddress = address;
        _http.DefaultRequestHeaders.Authorization = new("Bearer", key);
    }

    /// <summary>Asks the model something and reads the answer to its end.</summary>
    public async Task<ChatAnswer> AskAsync(string model, bool isStreamed, CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        var outcome = ChatOutcome.Failed;
        try
        {
            using var question = new StringContent(Question(model, isStreamed), Encoding.UTF8, "application/json");
            using var response = await _http.PostAsync(ChatCompletions, question, stop);
            var text = await response.Content.ReadAsStringAsync(stop);
            outcome = Judge(response, text, isStreamed);
        }
        catch (HttpRequestException)
        {
            // Nobody answered, or the answer was cut: it has failed, which is all that is counted here.
        }
        catch (TaskCanceledException) when (!stop.IsCancellationRequested)
        {
            // The answer did not come in time.
        }

        return new(outcome, clock.Elapsed);
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();

    private static string Question(string model, bool isStreamed)
    {
        var message = new JsonObject { ["role"] = "user", ["content"] = "Say hello." };
        var question = new JsonObject
        {
            ["model"] = model,
            ["messages"] = new JsonArray(message),
            ["stream"] = isStreamed,
        };
        return question.ToJsonString();
    }

    private static ChatOutcome Judge(HttpResponseMessage response, string text, bool isStreamed)
    {
        var isWhole = text.EndsWith(isStreamed ? ChatReply.EndOfStream : "}", StringComparison.Ordinal);
        var saysWhenToComeBack = response.Headers.RetryAfter?.Delta > TimeSpan.Zero;
        return response.StatusCode switch
        {
            HttpStatusCode.OK when isWhole => ChatOutcome.Completed,
            HttpStatusCode.TooManyRequests when saysWhenToComeBack => ChatOutcome.RateLimited,
            _ => ChatOutcome.Failed,
        };
    }
}
