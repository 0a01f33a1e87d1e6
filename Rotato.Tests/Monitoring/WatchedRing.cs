using System.Text.Json;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Monitoring;

/// <summary>A ring of keys that stands still until it is told to go on, and what the pages show of it.</summary>
internal sealed class WatchedRing
{
    public const string Page = "/_rotato";
    public const string Json = "/_rotato/status";
    public const string Metrics = "/_rotato/metrics";

    private readonly Api _api = new(new("https://api.example.com/base"), null);
    private readonly KeyState[] _keys;

    /// <param name="keys">How many keys.</param>
    /// <param name="requestsAMinute">The limit of --rpm.</param>
    /// <param name="hint">What may be seen of each.</param>
    public WatchedRing(int keys = 2, int? requestsAMinute = null, string? hint = "...ring")
    {
        Journal = new(Clock);
        Ring = new(Strategies.ByName["round-robin"], wait: 30, Clock, Warnings.Add);
        var rules = new KeyRules(requestsAMinute, Concurrent: null);
        _keys = [.. Enumerable.Range(1, keys).Select(number => new KeyState(number, hint, _api, rules))];
        Ring.Replace(_keys);
        Pages = new("<!DOCTYPE html>", Overview, Ring, Journal);
    }

    public FakeClock Clock { get; } = new();
    public Journal Journal { get; }
    public KeyRing Ring { get; }
    public StatusPages Pages { get; }
    public List<string> Warnings { get; } = [];

    /// <summary>What is shown as under way.</summary>
    public int InFlight { get; set; }

    /// <summary>A request comes, and is sent where a key is ready.</summary>
    public Sent Ask(string model = "m")
    {
        var request = new KeyRequest(_api, new("/v1/chat/completions", model), Ring.DeadlineFromNow);
        var turn = Ring.NextAsync(request, CancellationToken.None);
        return new(request, turn.IsCompleted ? turn.Result : null);
    }

    /// <summary>An answer comes, and has been passed on.</summary>
    public void Answer(
        Sent sent, int status = 200, double? hint = null, int? remaining = null, Meaning meaning = Meaning.None)
    {
        var evidence = new Evidence(status) { Hint = hint, Remaining = remaining, Meaning = meaning };
        Ring.Report(sent.Key!, sent.Request, evidence, Judgement.Of(evidence));
        End(sent, status);
    }

    /// <summary>A request with a key has ended.</summary>
    public void End(Sent sent, int status)
    {
        Ring.End(sent.Key!, status);
        Journal.RecordTry(status);
    }

    public string Text(string target) => Pages.AnswerTo(Head(target), InFlight).Response.Content
        .ReadAsStringAsync().GetAwaiter().GetResult();

    public JsonElement Status() => JsonDocument.Parse(Text(Json)).RootElement;

    public JsonElement KeyInJson(int number) => Status().GetProperty("keys")[number - 1];

    /// <summary>Each line of the metrics that is no comment: name with labels, and value.</summary>
    public Dictionary<string, string> Samples() => Text(Metrics).Split('\n')
        .Where(line => line != "" && line[0] != '#')
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => line[(line.LastIndexOf(' ') + 1)..]);

    public static RequestHead Head(string target, string method = "GET") =>
        Check($"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");

    private Overview Overview() => new(
        "1.2.3", "round-robin", [ApiView.Of(_api, [_api], "http://localhost:8080", Ring)],
        "https://api.example.com/base");

    private static RequestHead Check(string text)
    {
        var bytes = System.Text.Encoding.Latin1.GetBytes(text);
        var input = new Input(room =>
        {
            bytes.CopyTo(room);
            return new(bytes.Length);
        });
        return HeadReader.ReadAsync(input).AsTask().GetAwaiter().GetResult();
    }
}

/// <summary>A request, and the key that it was sent with; null where it waits.</summary>
internal sealed record Sent(KeyRequest Request, KeyState? Key);
