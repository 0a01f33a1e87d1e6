using Rotato.Tests.Core;

namespace Rotato.Tests.Configuration;

/// <summary>
/// The proxy of the environment: HttpClient would pass over in silence what it does not know, and go without it.
/// </summary>
internal sealed class ProxyVariablesTests
{
    [TestCase("http://p:3128", "http://p:3128")]
    [TestCase("https://p:3128", "https://p:3128")]
    [TestCase("socks4://p:1080", "socks4://p:1080")]
    [TestCase("socks4a://p:1080", "socks4a://p:1080")]
    [TestCase("socks5://p:1080", "socks5://p:1080")]
    [TestCase("socks5h://p:1080", "socks5://p:1080")]
    [TestCase("SOCKS5H://p:1080", "socks5://p:1080")]
    [TestCase("p.example:3128", "http://p.example:3128")]
    [TestCase("192.0.2.1:3128", "http://192.0.2.1:3128")]
    [TestCase("http://user:CANARY@p:3128", "http://user:CANARY@p:3128")]
    public void AProxyIsTakenInAFormThatHttpClientKnows(string value, string corrected)
    {
        var url = ProxyVariables.Corrected("https_proxy", value);
        Assert.That(url.OriginalString, Is.EqualTo(corrected));
        Assert.That(url.Authority, Does.Not.Contain("CANARY"), "what people are told of it");
    }

    [TestCase("ftp://CANARY@p")]
    [TestCase("socks://p")]
    [TestCase("socks6://p")]
    [TestCase("CANARY://p")]
    [TestCase("http://")]
    [TestCase("://CANARY")]
    public void AProxyOfAnotherKindIsRefused(string value)
    {
        var e = Assert.Throws<UsageException>(() => ProxyVariables.Corrected("ALL_PROXY", Given.WithCanary(value)))!;
        Given.AssertHarmless(e.Message);
        Assert.That(e.Message, Does.StartWith("ALL_PROXY ").And.Contain("socks5"));
    }

    /// <summary>As curl has it: small letters first, and the special one before the one for all.</summary>
    [Test]
    public void TheVariablesAreThoseOfHttpClientInItsOrder() => Assert.That(
        ProxyVariables.Names, Is.EqualTo(["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]));
}
