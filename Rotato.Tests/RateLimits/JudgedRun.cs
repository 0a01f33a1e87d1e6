using System.Globalization;
using System.Text.Json;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;

namespace Rotato.Tests.RateLimits;

/// <summary>The whole product before an upstream whose answers depend on the key that it is asked with.</summary>
internal sealed class JudgedRun : IAsyncDisposable
{
    public const string Chat = RingUnderTest.Chat;

    private readonly ScriptedUpstream _upstream;

    /// <param name="answer">The answer to a request with a key, by its number; null where the test gives it.</param>
    /// <param name="args">Further arguments, separated by blanks.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="prefix">What each key begins with.</param>
    public JudgedRun(
        Func<int, UpstreamRequest, string?> answer, string args = "--wait 0", int keys = 2, string prefix = "")
    {
        _upstream = new ScriptedUpstream(request => answer(KeyOf(request), request));
        Rotato = new(_upstream, args, keys, prefix);
    }

    public RunningRotato Rotato { get; }
    public FakeClock Clock => Rotato.Clock;
    public UpstreamRequest[] Sent => _upstream.Requests;

    /// <summary>The numbers of the keys that were used, in order.</summary>
    public int[] Used => [.. Sent.Select(KeyOf)];

    public int KeyOf(UpstreamRequest request) =>
        1 + Array.FindIndex(Rotato.Keys, key => request.Head.Contains(key, StringComparison.Ordinal));

    public Task<UpstreamRequest> NextAsync() => _upstream.NextAsync();

    public Task<RawResponse> ChatAsync(string model = "m") => PostAsync($$"""{"model":"{{model}}"}""", Chat);

    public Task<RawResponse> PostAsync(string body, string target, string fields = "") =>
        Rotato.AskAsync(Post(body, target, fields));

    public Task<RawResponse> GetAsync(string target, string fields = "") => Rotato.GetAsync(target, fields);

    public async Task<KeyStatus> StatusOfAsync(int key) => (await StatusAsync())[key - 1];

    public async Task<KeyStatus[]> StatusAsync()
    {
        using var json = JsonDocument.Parse((await Rotato.GetAsync("/_rotato/status")).Body);
        return [.. json.RootElement.GetProperty("keys").EnumerateArray().Select(KeyStatus.Of)];
    }

    /// <summary>Ends when so many stand in line.</summary>
    public async Task InLineAsync(int count)
    {
        for (var end = DateTime.UtcNow + Hang.Limit; DateTime.UtcNow < end; await Task.Delay(1))
        {
            using var json = JsonDocument.Parse((await Rotato.GetAsync("/_rotato/status")).Body);
            if (json.RootElement.GetProperty("waiting").GetInt32() == count) return;
        }

        Assert.Fail($"{count} never stood in line");
    }

    public async ValueTask DisposeAsync()
    {
        await Rotato.DisposeAsync();
        _upstream.Dispose();
    }
}

/// <summary>A key as the status page has it.</summary>
internal sealed record KeyStatus(string State, string? Reason, double Rest, int? Remaining, LimitStatus[] Limits)
{
    /// <summary>Whether nothing at all keeps it from serving.</summary>
    public bool IsUntouched => State == "ready" && Limits.Length == 0;

    public static KeyStatus Of(JsonElement key) => new(
        key.GetProperty("state").GetString()!,
        key.GetProperty("reason").GetString(),
        key.GetProperty("rest_seconds").GetDouble(),
        key.GetProperty("remaining").ValueKind == JsonValueKind.Null ? null : key.GetProperty("remaining").GetInt32(),
        [.. key.GetProperty("limits").EnumerateArray().Select(LimitStatus.Of)]);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{State} {Rest} {string.Join(", ", Limits.Select(limit => limit.ToString()))}");
}

/// <summary>What rests of a key, or is on trial.</summary>
internal sealed record LimitStatus(string Scope, string State, double Rest)
{
    public static LimitStatus Of(JsonElement limit) => new(
        limit.GetProperty("scope").GetString()!,
        limit.GetProperty("state").GetString()!,
        limit.GetProperty("rest_seconds").GetDouble());
}
