namespace Rotato.Tests.Guards;

/// <summary>Which API a key belongs to, where it may go, and the field in which it goes there.</summary>
internal sealed class KnownApiTests
{
    private static readonly Uri Anywhere = new("https://any.example/v1");

    private const string OpenAI = "api.openai.com";
    private const string Anthropic = "api.anthropic.com";
    private const string Gemini = "generativelanguage.googleapis.com";

    private static IEnumerable<TestCaseData> PrefixesAndHosts =>
        from api in KnownApi.All
        from prefix in api.KeyPrefixes
        from host in KnownApi.All
        select new TestCaseData(prefix, api.Host, host.Host);

    [TestCase("sk-ant-api03-x", Anthropic)]
    [TestCase("AIzaSyx", Gemini)]
    [TestCase("sk-proj-x", OpenAI)]
    [TestCase("sk-svcacct-x", OpenAI)]
    [TestCase("gsk_x", "api.groq.com")]
    [TestCase("sk-or-v1-x", "openrouter.ai")]
    [TestCase("xai-x", "api.x.ai")]
    [TestCase("pplx-x", "api.perplexity.ai")]
    [TestCase("csk-x", "api.cerebras.ai")]
    public void AKeyIsKnownByItsBeginning(string key, string host) => Assert.That(Of(key)?.Host, Is.EqualTo(host));

    /// <summary>"sk-" alone is no single API's: several give out such keys.</summary>
    [TestCase("sk-0123456789")]
    [TestCase("sk-")]
    [TestCase("sk-antique")]
    [TestCase("SK-ANT-x")]
    [TestCase("aiza")]
    [TestCase("0123456789abcdef")]
    [TestCase("xsk-ant-1")]
    [TestCase("")]
    public void AnyOtherKeyIsNoSingleApis(string key) => Assert.That(Of(key), Is.Null);

    [TestCase("api.openai.com", "Authorization")]
    [TestCase("API.OpenAI.com", "Authorization")]
    [TestCase("eu.api.openai.com", "Authorization")]
    [TestCase("api.anthropic.com", "x-api-key")]
    [TestCase("generativelanguage.googleapis.com", "x-goog-api-key")]
    [TestCase("my-resource.openai.azure.com", "api-key")]
    [TestCase("my-resource.cognitiveservices.azure.com", "api-key")]
    [TestCase("my-resource.services.ai.azure.com", "api-key")]
    [TestCase("api.groq.com", "Authorization")]
    [TestCase("openrouter.ai", "Authorization")]
    [TestCase("api.x.ai", "Authorization")]
    [TestCase("api.mistral.ai", "Authorization")]
    [TestCase("api.deepseek.com", "Authorization")]
    public async Task AKnownHostGetsTheKeyInItsOwnField(string host, string field)
    {
        var api = KnownApi.AtHost(host);
        foreach (var sent in new[] { "", "Authorization: Bearer x", "x-api-key: x", "x-goog-api-key: x", "api-key: x",
            "x-api-key: x|api-key: x", "Sec-WebSocket-Protocol: openai-insecure-api-key.x" })
        {
            var head = await ReadHeads.OfAsync("POST /v1/chat", sent);
            Assert.That(KnownApi.KeyFieldFor(api, head, Anywhere), Is.EqualTo(field), $"whatever the client used: {sent}");
        }
    }

    [TestCase("evilapi.openai.com")]
    [TestCase("api.openai.com.evil.com")]
    [TestCase("openai.com")]
    [TestCase("evil-azure.com")]
    [TestCase("my-machine.westeurope.cloudapp.azure.com")]
    [TestCase("my-site.azure.com")]
    [TestCase("notopenrouter.ai")]
    [TestCase("api.x.ai.evil.com")]
    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("")]
    public void AnyOtherHostIsUnknown(string host) => Assert.That(KnownApi.AtHost(host), Is.Null);

    [TestCase("", "/v1beta/openai/chat/completions", "Authorization")]
    [TestCase("", "/v1beta/openai/models?a=b", "Authorization")]
    [TestCase("/v1beta/openai", "/chat/completions", "Authorization")]
    [TestCase("/v1beta/openai/", "/openai/chat/completions", "Authorization")]
    [TestCase("", "/v1beta/models/gemini:generateContent", "x-goog-api-key")]
    [TestCase("", "/v1beta/models?x=/openai/", "x-goog-api-key")]
    public async Task TheOpenAIPathsOfGeminiWantTheirOwnField(string basePath, string target, string field)
    {
        var api = new Api(new($"https://{Gemini}{basePath}"), KnownApi.AtHost(Gemini));
        var head = await ReadHeads.OfAsync($"POST {target}", "x-api-key: x");
        Assert.That(KnownApi.KeyFieldFor(api.Known, head, api.AddressOf(target)), Is.EqualTo(field));
    }

    [TestCase("", "Authorization")]
    [TestCase("Authorization: Bearer x", "Authorization")]
    [TestCase("x-api-key: x", "x-api-key")]
    [TestCase("x-goog-api-key: x", "x-goog-api-key")]
    [TestCase("api-key: x", "api-key")]
    [TestCase("Sec-WebSocket-Protocol: openai-insecure-api-key.x", "Sec-WebSocket-Protocol")]
    [TestCase("x-api-key: x|Authorization: Bearer x", "Authorization")]
    public async Task AtAnUnknownApiTheKeyGoesWhereTheClientPutItsOwn(string sent, string field) =>
        Assert.That(KnownApi.KeyFieldFor(null, await ReadHeads.OfAsync("GET /v1", sent), Anywhere), Is.EqualTo(field));

    /// <summary>Every pair: a key that can be told goes to its own API, or to a host that nobody knows.</summary>
    [TestCaseSource(nameof(PrefixesAndHosts))]
    public void AKeyMayGoToNoOtherKnownApi(string prefix, string home, string host)
    {
        Assert.That(Of($"{prefix}0123456789")!.MayGoTo(host), Is.EqualTo(home == host));
        Assert.That(Of($"{prefix}0123456789")!.MayGoTo($"sub.{host}"), Is.EqualTo(home == host));
    }

    [Test]
    public void AKeyMayGoToAHostThatNobodyKnows()
    {
        foreach (var prefix in KnownApi.All.SelectMany(api => api.KeyPrefixes))
        {
            Assert.That(Of(prefix)!.MayGoTo("gateway.example"));
            Assert.That(Of(prefix)!.MayGoTo("127.0.0.1"));
        }
    }

    [Test]
    public void NoPrefixIsTheBeginningOfAnotherApis()
    {
        foreach (var api in KnownApi.All)
        {
            foreach (var other in KnownApi.All.Where(other => other != api))
            {
                Assert.That(
                    from mine in api.KeyPrefixes from theirs in other.KeyPrefixes where mine.StartsWith(theirs) select mine,
                    Is.Empty);
            }
        }
    }

    [Test]
    public void EveryKnownApiWithAnAddressIsFoundAtIt()
    {
        foreach (var api in KnownApi.All.Where(api => api.BaseUrl != ""))
        {
            Assert.That(Api.BaseUrlOf(api.BaseUrl)!.Scheme, Is.EqualTo("https"));
            Assert.That(KnownApi.AtHost(new Uri(api.BaseUrl).Host), Is.SameAs(api));
        }
    }

    private static KnownApi? Of(string key) => Array.Find(KnownApi.All, new ApiKey(key).BelongsTo);
}
