namespace Rotato.Tests.Guards;

/// <summary>What a request's first line may be; one row for each rule, both sides of it.</summary>
internal sealed class RequestLineTests
{
    private const string Refused = "bad_request";

    [TestCase("GET /x HTTP/1.1", null)]
    [TestCase("", Refused)]
    [TestCase("GET", Refused)]
    [TestCase("GET /x", Refused)]
    [TestCase("GET  /x HTTP/1.1", Refused)]
    [TestCase("GET /x  HTTP/1.1", Refused)]
    [TestCase("GET /x HTTP/1.1 ", Refused)]
    [TestCase(" GET /x HTTP/1.1", Refused)]
    [TestCase("GET /x y HTTP/1.1", Refused)]
    [TestCase("GET\t/x\tHTTP/1.1", Refused)]
    public void ItIsThreeWordsWithOneBlankBetween(string line, string? refusal) =>
        Assert.That(Heads.RefusalOf(() => RequestLine.Check(line)), Is.EqualTo(refusal));

    // Capital letters only: HttpClient sends "get" as GET. TRACE echoes keys, CONNECT opens a tunnel.
    [TestCase("GET", null)]
    [TestCase("POST", null)]
    [TestCase("X", null)]
    [TestCase("TRACER", null)]
    [TestCase("", Refused)]
    [TestCase("get", Refused)]
    [TestCase("GeT", Refused)]
    [TestCase("GE T", Refused)]
    [TestCase("GET1", Refused)]
    [TestCase("M-SEARCH", Refused)]
    [TestCase("G\u00c9T", Refused)]
    [TestCase("TRACE", Refused)]
    [TestCase("CONNECT", Refused)]
    public void TheMethodIsOfCapitalLettersAndHarmless(string method, string? refusal) =>
        Assert.That(Heads.RefusalOf(() => RequestLine.Check($"{method} / HTTP/1.1")), Is.EqualTo(refusal));

    // Every other beginning could name a host when a URL is joined.
    [TestCase("/", null)]
    [TestCase("/v1/models?a=b", null)]
    [TestCase("//evil/x", null)]
    [TestCase("/@evil", null)]
    [TestCase("", Refused)]
    [TestCase("*", Refused)]
    [TestCase("evil:443", Refused)]
    [TestCase("http:/x", Refused)]
    [TestCase("http:x", Refused)]
    [TestCase("ws://localhost/", Refused)]
    [TestCase("https://evil/", Refused)]
    [TestCase("@evil/", Refused)]
    [TestCase(".evil/", Refused)]
    [TestCase(":1/", Refused)]
    [TestCase("?x", Refused)]
    [TestCase("\\x", Refused)]
    [TestCase("%2f", Refused)]
    public void TheTargetBeginsWithASlash(string target, string? refusal) =>
        Assert.That(Heads.RefusalOf(() => RequestLine.Check($"GET {target} HTTP/1.1")), Is.EqualTo(refusal));

    [Test]
    public void TheTargetIsOfVisibleAsciiWithoutAFragment()
    {
        for (var code = 0; code < 256; code++)
        {
            var passes = code is > ' ' and <= '~' and not '#';
            var refusal = Heads.RefusalOf(() => RequestLine.Check($"GET /a{(char)code}b HTTP/1.1"));
            Assert.That(refusal, Is.EqualTo(passes ? null : Refused), $"character {code}");
        }
    }

    [TestCase("HTTP/1.1", true)]
    [TestCase("HTTP/1.0", false)]
    public void ItSpeaksOneOfTwoVersions(string version, bool isHttp11) =>
        Assert.That(RequestLine.Check($"GET / {version}").IsHttp11, Is.EqualTo(isHttp11));

    [TestCase("HTTP/0.9", "http_version_not_supported")]
    [TestCase("HTTP/1.2", "http_version_not_supported")]
    [TestCase("HTTP/2.0", "http_version_not_supported")]
    [TestCase("http/1.1", Refused)]
    [TestCase("HTTP/1.10", Refused)]
    [TestCase("HTTP/1", Refused)]
    [TestCase("HTTP/2", Refused)]
    [TestCase("HTTPS/1.1", Refused)]
    [TestCase("", Refused)]
    public void NoOtherVersionIsServed(string version, string refusal) =>
        Assert.That(Heads.RefusalOf(() => RequestLine.Check($"GET / {version}")), Is.EqualTo(refusal));

    [TestCase("/v1?a=b", "/v1?a=b", null)]
    [TestCase("/http://b/", "/http://b/", null)]
    [TestCase("http://b/v1?a=b", "/v1?a=b", "b")]
    [TestCase("HTTP://B:80/", "/", "B:80")]
    [TestCase("http://b", "/", "b")]
    [TestCase("http://b?a=/b", "/?a=/b", "b")]
    [TestCase("http://b//c", "//c", "b")]
    [TestCase("http://[::1]:80/x", "/x", "[::1]:80")]
    [TestCase("http:///x", "/x", "")]
    [TestCase("http://c@b/x", "/x", "c@b")]
    [TestCase("http://b/http://c/", "/http://c/", "b")]
    public void TheAbsoluteFormIsTakenApart(string sent, string target, string? authority)
    {
        var line = RequestLine.Check($"GET {sent} HTTP/1.1");
        Assert.That((line.Method, line.Target, line.Authority), Is.EqualTo(("GET", target, authority)));
    }

    [TestCase("http://b/x#y")]
    [TestCase("http://b/\u00e9")]
    [TestCase("http://b?x#")]
    public void BehindTheHostOfAnAbsoluteFormTheSameIsAllowedAsWithout(string target) =>
        Assert.That(Heads.RefusalOf(() => RequestLine.Check($"GET {target} HTTP/1.1")), Is.EqualTo(Refused));

    /// <summary>A client that takes this port for a proxy: whoever runs Rotato should hear of it.</summary>
    [TestCase("CONNECT api.openai.com:443 HTTP/1.1", true)]
    [TestCase("TRACE / HTTP/1.1", false)]
    [TestCase("get / HTTP/1.1", false)]
    public void ATunnelIsAMisunderstanding(string line, bool expected)
    {
        var refusal = Assert.Throws<Refusal>(() => RequestLine.Check(line));
        Assert.That(refusal!.IsMisdirected, Is.EqualTo(expected));
    }
}
