using System.Text.Json;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>
/// Rotato's own errors come in the form of the API that a client speaks to, so that its library shows them.
/// </summary>
internal sealed class OwnErrorsTests
{
    private const string Limited = "429 Too Many Requests";

    [TestCase("/v1/chat/completions", "Authorization: Bearer any\r\n")]
    [TestCase("/v1/responses", "")]
    [TestCase("/v1beta/openai/chat/completions", "Authorization: Bearer any\r\n")]
    public async Task OpenAIsClientsGetTheirForm(string target, string fields)
    {
        var (response, error) = await RestAsync(target, fields);

        Assert.That(response["Content-Type"], Is.EqualTo("application/json"));
        Assert.That(error.GetProperty("error").GetProperty("message").GetString(), Does.Contain("key 1"));
        Assert.That(error.GetProperty("error").GetProperty("type").GetString(), Is.EqualTo("rotato_error"));
        Assert.That(error.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("all_keys_resting"));
    }

    [TestCase("/v1/messages", "x-api-key: any\r\n")]
    [TestCase("/v1/messages/count_tokens", "Authorization: Bearer any\r\n")]
    [TestCase("/v1/models", "anthropic-version: 2023-06-01\r\n")]
    public async Task AnthropicsClientsGetTheirForm(string target, string fields)
    {
        var (response, error) = await RestAsync(target, fields);

        Assert.That(response["Content-Type"], Is.EqualTo("application/json"));
        Assert.That(error.GetProperty("type").GetString(), Is.EqualTo("error"));
        Assert.That(error.GetProperty("error").GetProperty("message").GetString(), Does.Contain("key 1"));
        Assert.That(error.GetProperty("error").GetProperty("type").GetString(), Is.EqualTo("rotato_error"));
        Assert.That(error.GetProperty("error").GetProperty("code").GetString(), Is.EqualTo("all_keys_resting"));
    }

    /// <summary>Google's libraries read the wait from the body, not from the header.</summary>
    [TestCase("/v1beta/models/gemini-2.5-pro:generateContent", "x-goog-api-key: any\r\n")]
    [TestCase("/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse&key=any", "")]
    public async Task GooglesClientsGetTheirFormAndTheWait(string target, string fields)
    {
        var (response, answer) = await RestAsync(target, fields);
        var error = answer.GetProperty("error");

        Assert.That(response["Content-Type"], Is.EqualTo("application/json"));
        Assert.That(error.GetProperty("code").GetInt32(), Is.EqualTo(429));
        Assert.That(error.GetProperty("status").GetString(), Is.EqualTo("RESOURCE_EXHAUSTED"));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain("key 1"));
        var detail = error.GetProperty("details").EnumerateArray().Single();
        Assert.That(detail.GetProperty("@type").GetString(), Is.EqualTo("type.googleapis.com/google.rpc.RetryInfo"));
        Assert.That(detail.GetProperty("retryDelay").GetString(), Is.EqualTo("20s"));
    }

    [Test]
    public async Task EveryFormComesWithTheTimeToComeBackInTheHeadToo()
    {
        foreach (var target in new[] { "/v1/chat/completions", "/v1/messages", "/v1beta/models/m:generateContent" })
        {
            var (response, _) = await RestAsync(target, "");
            Assert.That((response["Retry-After"], response["retry-after-ms"], response["x-should-retry"]),
                Is.EqualTo(("20", "20000", (string?)null)), target);
        }
    }

    [TestCase("/v1/chat/completions")]
    [TestCase("/v1/messages")]
    [TestCase("/v1beta/models/m:generateContent")]
    public async Task OtherErrorsComeInThatFormToo(string target)
    {
        await using var rotato = new RunningRotato(null, "--upstream https://api.example.com --token a-token-of-mine");

        var response = await rotato.GetAsync(target);

        using var json = JsonDocument.Parse(response.Text);
        var error = json.RootElement.GetProperty("error");
        Assert.That(response.Status, Is.EqualTo(401));
        Assert.That(error.GetProperty("message").GetString(), Does.Contain("token"));
        Assert.That(error.GetProperty("code").GetRawText(),
            Is.EqualTo(target.StartsWith("/v1beta", StringComparison.Ordinal) ? "401" : "\"unauthorized\""));
        Assert.That(json.RootElement.TryGetProperty("type", out _), Is.EqualTo(target == "/v1/messages"));
    }

    [Test]
    public async Task NobodyKeepsARotatoErrorAndNoBrowserRunsIt()
    {
        var (response, _) = await RestAsync("/v1/chat/completions", "");

        Assert.That((response["Cache-Control"], response["X-Content-Type-Options"]),
            Is.EqualTo(("no-store", "nosniff")));
        Assert.That(response["Content-Security-Policy"], Does.Contain("default-src 'none'"));
    }

    // The one key has been limited by a request before, so that the answer is Rotato's own.
    private static async Task<(RawResponse Response, JsonElement Error)> RestAsync(string target, string fields)
    {
        using var upstream = new ScriptedUpstream(_ => Answer(Limited, "upstream", "Retry-After: 20\r\n"));
        await using var rotato = new RunningRotato(upstream, "--wait 0");
        Assert.That((await rotato.AskAsync(Post("x", target, fields))).Text, Is.EqualTo("upstream"));

        var response = await rotato.AskAsync(Post("x", target, fields));

        Assert.That((response.Status, response["x-rotato-key"]), Is.EqualTo((429, (string?)null)));
        return (response, JsonDocument.Parse(response.Text).RootElement);
    }
}
