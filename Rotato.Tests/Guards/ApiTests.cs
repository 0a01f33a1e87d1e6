namespace Rotato.Tests.Guards;

/// <summary>Where requests go: to the one host that was configured, whatever they say.</summary>
internal sealed class ApiTests
{
    // Base URL, target, address: where the one's path ends as the other begins, the common part is there once.
    [TestCase("https://api.openai.com", "/v1/models", "https://api.openai.com/v1/models")]
    [TestCase("https://api.openai.com/", "/v1/models", "https://api.openai.com/v1/models")]
    [TestCase("https://api.openai.com/v1", "/v1/models", "https://api.openai.com/v1/models")]
    [TestCase("https://api.openai.com/v1/", "/v1/models", "https://api.openai.com/v1/models")]
    [TestCase("https://api.openai.com/v1", "/models", "https://api.openai.com/v1/models")]
    [TestCase("https://api.openai.com/v1", "/v1", "https://api.openai.com/v1")]
    [TestCase("https://api.openai.com/v1", "/v1/", "https://api.openai.com/v1/")]
    [TestCase("https://api.openai.com/v1", "/v1?a=b", "https://api.openai.com/v1?a=b")]
    [TestCase("https://api.openai.com/v1", "/", "https://api.openai.com/v1/")]
    [TestCase("https://api.openai.com/v1", "/?a=/v1/", "https://api.openai.com/v1/?a=/v1/")]
    [TestCase("https://api.openai.com/v1", "/v1/v1/x", "https://api.openai.com/v1/v1/x")]
    [TestCase("https://api.openai.com/v1", "/models/v1", "https://api.openai.com/v1/models/v1")]
    [TestCase("https://api.groq.com/openai/v1", "/v1/models", "https://api.groq.com/openai/v1/models")]
    [TestCase("https://api.groq.com/openai/v1", "/openai/v1/models", "https://api.groq.com/openai/v1/models")]
    [TestCase("https://api.groq.com/openai/v1", "/models", "https://api.groq.com/openai/v1/models")]
    [TestCase("https://api.groq.com/openai/v1", "/v1", "https://api.groq.com/openai/v1")]
    [TestCase("https://openrouter.ai/api/v1", "/v1/chat/completions", "https://openrouter.ai/api/v1/chat/completions")]
    [TestCase("https://openrouter.ai/api/v1", "/api/v1/models", "https://openrouter.ai/api/v1/models")]
    [TestCase("https://api.z.ai/api/paas/v4", "/paas/v4/x", "https://api.z.ai/api/paas/v4/x")]
    [TestCase("https://api.z.ai/api/paas/v4", "/v4/x", "https://api.z.ai/api/paas/v4/x")]
    [TestCase("https://h.example/v1/v1", "/v1/x", "https://h.example/v1/v1/x")]
    [TestCase("https://h.example/v1/v1", "/v1/v1/x", "https://h.example/v1/v1/x")]
    // Whole segments only, and the case counts.
    [TestCase("https://h.example/v1", "/v1beta/models", "https://h.example/v1/v1beta/models")]
    [TestCase("https://h.example/v1", "/v10", "https://h.example/v1/v10")]
    [TestCase("https://h.example/openai/v1", "/penai/v1/x", "https://h.example/openai/v1/penai/v1/x")]
    [TestCase("https://h.example/openai/v1", "/openai/x", "https://h.example/openai/v1/openai/x")]
    [TestCase("https://h.example/v1", "/V1/x", "https://h.example/v1/V1/x")]
    // Ports and hosts of every kind stay.
    [TestCase("https://h.example:8443/v1", "/v1/x", "https://h.example:8443/v1/x")]
    [TestCase("https://h.example:443/v1", "/v1/x", "https://h.example/v1/x")]
    [TestCase("http://localhost:11434/v1", "/v1/x", "http://localhost:11434/v1/x")]
    [TestCase("http://127.0.0.1:1/", "/x", "http://127.0.0.1:1/x")]
    [TestCase("http://[::1]:1/v1", "/v1/x", "http://[::1]:1/v1/x")]
    public void ARequestGoesBehindTheBaseUrlAndNothingIsThereTwice(string baseUrl, string target, string expected) =>
        Assert.That(Of(baseUrl).AddressOf(target).OriginalString, Is.EqualTo(expected));

    // Path and query go on byte for byte.
    [TestCase("/a/../b/./c//d")]
    [TestCase("/%2e%2e/%41%2f%00")]
    [TestCase("/a?b?c=/../&&=+%20#")]
    [TestCase("/!\"$&'()*+,-.;<=>@[\\]^_`{|}~")]
    [TestCase("//evil.example/x")]
    [TestCase("/@evil.example/x")]
    [TestCase("/\\evil.example/x")]
    [TestCase("/http://evil.example/x")]
    [TestCase("/:443/x")]
    public void NoTargetWithASlashInFrontChangesTheHostOrIsChanged(string target)
    {
        foreach (var baseUrl in new[] { "https://api.openai.com", "https://api.openai.com/v1" })
        {
            var address = Of(baseUrl).AddressOf(target.TrimEnd('#'));
            Assert.That((address.Host, address.Scheme, address.Port), Is.EqualTo(("api.openai.com", "https", 443)));
            Assert.That(address.PathAndQuery, Does.EndWith(target.TrimEnd('#')));
            Assert.That(address.UserInfo, Is.Empty);
        }
    }

    /// <summary>No head has such a target; this is the second lock.</summary>
    [TestCase("@evil.example/x")]
    [TestCase(".evil.example/x")]
    [TestCase("evil.example/x")]
    [TestCase(":8443/x")]
    [TestCase(":1@evil.example/x")]
    public void ATargetThatWouldChangeHostOrPortIsRefused(string target) =>
        Assert.That(Heads.RefusalOf(() => Of("https://api.openai.com").AddressOf(target)), Is.EqualTo("bad_request"));

    [TestCase("https://api.openai.com", true)]
    [TestCase("HTTPS://API.OPENAI.COM/v1/", true)]
    [TestCase("https://10.0.0.1:8000/v1", true)]
    [TestCase("http://localhost:8000/v1", true)]
    [TestCase("http://127.0.0.1", true)]
    [TestCase("http://127.1.2.3:80/", true)]
    [TestCase("http://[::1]:8000", true)]
    // Plain HTTP would show the key to the network.
    [TestCase("http://api.openai.com", false)]
    [TestCase("http://10.0.0.1", false)]
    [TestCase("http://0.0.0.0", false)]
    [TestCase("http://[::]", false)]
    [TestCase("http://localhost.evil.example", false)]
    [TestCase("http://127.0.0.1.evil.example", false)]
    // Neither user, query nor fragment belongs to a base URL.
    [TestCase("https://user@api.openai.com", false)]
    [TestCase("https://user:password@api.openai.com", false)]
    [TestCase("https://api.openai.com@evil.example", false)]
    [TestCase("https://api.openai.com/v1?key=x", false)]
    [TestCase("https://api.openai.com/v1#x", false)]
    [TestCase("ftp://localhost", false)]
    [TestCase("file:///v1", false)]
    [TestCase("ws://localhost", false)]
    [TestCase("api.openai.com", false)]
    [TestCase("//api.openai.com", false)]
    [TestCase("/v1", false)]
    [TestCase("https://", false)]
    [TestCase("", false)]
    public void KeysGoToHttpsOrToThisMachine(string text, bool expected) =>
        Assert.That(Api.BaseUrlOf(text) is not null, Is.EqualTo(expected));

    [TestCase("https://api.openai.com/v1", "api.openai.com")]
    [TestCase("https://h.example:8443/v1", "h.example:8443")]
    [TestCase("http://localhost:80", "localhost")]
    public void TheHostIsNamedWithAnUnusualPort(string baseUrl, string expected) =>
        Assert.That(Of(baseUrl).Host, Is.EqualTo(expected));

    private static Api Of(string baseUrl) => new(Api.BaseUrlOf(baseUrl)!, null);
}
