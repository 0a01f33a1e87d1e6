using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>
/// Several APIs behind one address: which of them a request reaches, and that each key goes to its own API and to no
/// other, whatever a client sends.
/// </summary>
internal sealed class SeveralApisTests
{
    // What keys of an API begin with; the last three are told by nothing but their URL.
    private static readonly string[] Kinds = ["sk-proj-", "sk-ant-", "AIza", "gsk_", "sk-", ""];

    private static readonly string[] Sent =
    [
        "", "Authorization: Bearer any", "x-api-key: any", "x-goog-api-key: any", "api-key: any",
        "anthropic-version: 2023-06-01", "x-api-key: any\r\nx-goog-api-key: any", "Host: 127.0.0.1",
    ];

    private static IEnumerable<TestCaseData> Pairs =>
        from first in Kinds from second in Kinds select new TestCaseData(first, second);

    /// <summary>
    /// Every pair, every way to ask: with the host in the path or not, with each field, with each key pinned, and while
    /// either API refuses its keys.
    /// </summary>
    [TestCaseSource(nameof(Pairs))]
    public async Task EachKeyGoesToItsOwnApiOnly(string first, string second)
    {
        using var apis = new TwoApis(first, second);
        foreach (var fields in Sent)
        {
            foreach (var path in new[] { "/v1/x", "/v1beta/models/m:generateContent?key=any", $"/{apis.First.Host}/v1/x", $"/{apis.Second.Host}/v1/x" })
            {
                var host = fields.StartsWith("Host", StringComparison.Ordinal) ? "" : "Host: localhost\r\n";
                await apis.Rotato.AskAsync($"GET {path} HTTP/1.1\r\n{host}{fields}{(fields == "" ? "" : "\r\n")}\r\n");
            }
        }

        foreach (var number in new[] { 1, 2, 3, 4 })
        {
            await apis.Rotato.GetAsync("/v1/x", $"x-rotato-key: {number}\r\n");
            await apis.Rotato.GetAsync($"/{apis.First.Host}/v1/x", $"x-rotato-key: {number}\r\n");
            await apis.Rotato.GetAsync($"/{apis.Second.Host}/v1/x", $"x-rotato-key: {number}\r\n");
        }

        await apis.AssertApartAsync();
    }

    [Test]
    public async Task AnApiWhoseKeysAreRefusedGetsNoHelpFromAnother([Values("429 Too Many Requests", "401 Unauthorized",
        "402 Payment Required")] string status)
    {
        using var apis = new TwoApis("sk-", "", request => request.Target.EndsWith("/refused", StringComparison.Ordinal)
            ? Answer(status, /*lang=json*/ "{\"error\":{\"code\":\"invalid_api_key\"}}", "Retry-After: 20\r\n") : Ok());

        for (var i = 0; i < 3; i++)
        {
            Assert.That((await apis.Rotato.GetAsync($"/{apis.Second.Host}/refused")).Status,
                Is.GreaterThanOrEqualTo(400));
        }

        Assert.That((await apis.Rotato.GetAsync($"/{apis.First.Host}/v1")).Status, Is.EqualTo(200),
            "the other goes on");

        Assert.That(apis.Second.Upstream.Requests, Has.Length.EqualTo(2));
        Assert.That(apis.First.Upstream.Requests, Has.Length.EqualTo(1));
        await apis.AssertApartAsync();
    }

    [TestCase("", "/v1/models", "/v1/models")]
    [TestCase("/v1", "/v1/models", "/v1/models")]
    [TestCase("/v1", "/models", "/v1/models")]
    [TestCase("/openai/v1", "/openai/v1/models?a=%41", "/openai/v1/models?a=%41")]
    [TestCase("/openai/v1", "/v1/models", "/openai/v1/models")]
    [TestCase("", "", "/")]
    [TestCase("", "/", "/")]
    [TestCase("", "?a=b", "/?a=b")]
    [TestCase("", "//x", "//x")]
    public async Task TheHostInThePathNamesTheApiAndIsTakenAway(string basePath, string path, string expected)
    {
        using var apis = new TwoApis("", "", path: basePath);

        var response = await apis.Rotato.GetAsync($"/{apis.Second.Host}{path}", "x-api-key: any\r\n");

        Assert.That(response["x-rotato-key"], Is.EqualTo("3").Or.EqualTo("4"));
        Assert.That(apis.Second.Upstream.Requests.Single().Target, Is.EqualTo(expected));
        Assert.That(apis.First.Upstream.Requests, Is.Empty);
        await apis.AssertApartAsync();
    }

    [TestCase("x-api-key: any", "/v1/messages", "sk-ant-")]
    [TestCase("anthropic-version: 2023-06-01", "/v1/messages", "sk-ant-")]
    [TestCase("anthropic-version: 2023-06-01\r\nAuthorization: Bearer any", "/v1/messages", "sk-ant-")]
    [TestCase("x-goog-api-key: any", "/v1beta/models/m:generateContent", "AIza")]
    [TestCase("X: y", "/v1beta/models/m:generateContent?key=any", "AIza")]
    [TestCase("X: y", "/v1beta/models/m:generateContent?alt=sse&key=any", "AIza")]
    public async Task HowAClientSpeaksNamesTheApi(string fields, string target, string prefix)
    {
        using var apis = new TwoApis("sk-", prefix);

        await apis.Rotato.GetAsync(target, $"{fields}\r\n");

        Assert.That(apis.Second.Upstream.Requests, Has.Length.EqualTo(1));
        Assert.That(apis.First.Upstream.Requests, Is.Empty);
        await apis.AssertApartAsync();
    }

    [TestCase("X: y")]
    [TestCase("Authorization: Bearer any")]
    [TestCase("x-goog-api-key: any")]
    [TestCase("api-key: any")]
    [TestCase("x-rotato-key: 1")]
    public async Task WhereNothingNamesAnApiItIsTheFirst(string fields)
    {
        using var apis = new TwoApis("sk-", "sk-ant-");

        await apis.Rotato.GetAsync("/v1/models", $"{fields}\r\n");

        Assert.That(apis.First.Upstream.Requests, Has.Length.EqualTo(1));
        Assert.That(apis.Second.Upstream.Requests, Is.Empty);
        await apis.AssertApartAsync();
    }

    [Test]
    public async Task APinnedKeyNamesItsApi()
    {
        using var apis = new TwoApis("sk-", "");

        var response = await apis.Rotato.GetAsync("/v1/files", "x-rotato-key: 4\r\n");

        Assert.That(response["x-rotato-key"], Is.EqualTo("4"));
        Assert.That(apis.Second.Upstream.Requests, Has.Length.EqualTo(1));
        await apis.AssertApartAsync();
    }

    /// <summary>
    /// One base URL that nobody knows, as a gateway has it: each key goes there in its own API's field.
    /// </summary>
    [Test]
    public async Task AtAHostThatNobodyKnowsEachKeyGoesInTheFieldThatItsPrefixTells()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        var secrets = new Secrets();
        string[] keys = [secrets.New("sk-ant-"), secrets.New("AIza"), secrets.New("gsk_")];
        await using var rotato = new RunningRotato(null, $"{upstream.Url} {string.Join(' ', keys)}");
        foreach (var key in keys) rotato.Secrets.Add(key);

        for (var i = 1; i <= 3; i++)
            await rotato.GetAsync("/v1", $"Authorization: Bearer any\r\nx-rotato-key: {i}\r\n");

        Assert.That(upstream.Requests.Select(request =>
            request["x-api-key"] ?? request["x-goog-api-key"] ?? request["Authorization"]),
            Is.EqualTo([keys[0], keys[1], $"Bearer {keys[2]}"]));
        Assert.That(upstream.Requests.Select(request => request["Authorization"]),
            Is.EqualTo([null, null, $"Bearer {keys[2]}"]));
    }

    /// <summary>Two upstreams with two keys each, and Rotato before them.</summary>
    private sealed class TwoApis : IDisposable
    {
        private readonly Secrets _secrets = new();

        public TwoApis(string firstPrefix, string secondPrefix, Func<UpstreamRequest, string?>? answer = null,
            string path = "")
        {
            First = new(answer ?? (_ => Ok()), [_secrets.New(firstPrefix), _secrets.New(firstPrefix)]);
            Second = new(answer ?? (_ => Ok()), [_secrets.New(secondPrefix), _secrets.New(secondPrefix)]);
            string[] words = [First.Upstream.Url, .. First.Keys, $"{Second.Upstream.Url}{path}", .. Second.Keys];
            Rotato = new(null, $"--wait 0 {string.Join(' ', words)}");
            foreach (var key in First.Keys.Concat(Second.Keys)) Rotato.Secrets.Add(key);
        }

        public ScriptedApi First { get; }
        public ScriptedApi Second { get; }
        public RunningRotato Rotato { get; }

        /// <summary>Ends it: every request came with one key of its own API, and nothing of another's.</summary>
        public async Task AssertApartAsync()
        {
            await Rotato.DisposeAsync();
            Assert.That(First.Upstream.Requests.Length + Second.Upstream.Requests.Length, Is.Positive);
            AssertOwnKey(First, Second);
            AssertOwnKey(Second, First);
        }

        public void Dispose()
        {
            First.Upstream.Dispose();
            Second.Upstream.Dispose();
        }

        private static void AssertOwnKey(ScriptedApi api, ScriptedApi other)
        {
            foreach (var request in api.Upstream.Requests)
            {
                Assert.That(api.Keys.Count(key => request.Head.Contains(key, StringComparison.Ordinal)), Is.EqualTo(1),
                    request.Line);
                Assert.That(other.Keys.Where(key => request.Head.Contains(key, StringComparison.Ordinal)), Is.Empty,
                    request.Line);
                Assert.That(request["Host"], Is.EqualTo(api.Host));
                Assert.That(request.Target, Does.Not.Contain("key="));
            }
        }
    }

    private sealed class ScriptedApi(Func<UpstreamRequest, string?> answer, string[] keys)
    {
        public ScriptedUpstream Upstream { get; } = new(answer);
        public string[] Keys => keys;
        public string Host => Upstream.Url["http://".Length..];
    }
}
