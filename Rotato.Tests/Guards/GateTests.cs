using System.Text;

namespace Rotato.Tests.Guards;

/// <summary>
/// Who comes in: design 3.5, told by what clients, browsers and those who try to look like them send.
/// </summary>
internal sealed class GateTests
{
    private const string Token = "s3cret-Token_42";
    private const string Key = "sk-0123456789abcdef";

    // The status that a client gets; none where it comes in.
    private const int None = 0;
    private const int BadRequest = 400;
    private const int Unauthorized = 401;
    private const int Forbidden = 403;

    private static readonly string[] Exposed = ["--host", "192.0.2.1", "--token", Token, Key];

    private static readonly string[] AllowedHosts =
        ["--allow-host", "proxy.example", "--allow-host=192.168.1.5", "--allow-host", "2001:db8::1", Key];

    [TestCase("localhost")]
    [TestCase("localhost:8080")]
    [TestCase("LOCALHOST:1")]
    [TestCase("LocalHost")]
    [TestCase("localhost.")]
    [TestCase("localhost.:8080")]
    [TestCase("localhost:")]
    [TestCase("foo.localhost")]
    [TestCase("foo.bar.LOCALHOST:8080")]
    [TestCase("ip6-localhost")]
    [TestCase("IP6-Localhost:8080")]
    [TestCase("host.docker.internal")]
    [TestCase("HOST.docker.internal.:8080")]
    [TestCase("host.containers.internal:8080")]
    [TestCase("host.lima.internal:8080")]
    [TestCase("host.orb.internal:8080")]
    [TestCase("127.0.0.1")]
    [TestCase("127.0.0.1:8080")]
    [TestCase("127.1.2.3:8080")]
    [TestCase("127.255.255.254")]
    [TestCase("[::1]")]
    [TestCase("[::1]:80")]
    public async Task ServesNamesThatCanOnlyMeanThisMachine(string host) =>
        Assert.That(await CheckAsync([Key], $"Host: {host}"), Is.EqualTo(None));

    /// <summary>
    /// To these names browsers send neither Origin nor Sec-Fetch-Site with a plain GET, and a foreign page may ask for
    /// them. A page cannot send a key in a field without an Origin; the status page says nothing to it.
    /// </summary>
    [TestCase("Host: host.docker.internal", "/v1/models", "", Forbidden)]
    [TestCase("Host: ip6-localhost:8080", "/v1/models", "", Forbidden)]
    [TestCase("Host: proxy.example", "/v1/models", "", Forbidden)]
    [TestCase("Host: host.docker.internal", "/v1/models?key=AIza", "", Forbidden)]
    [TestCase("Host: host.docker.internal", "/_rotator", "", Forbidden)]
    [TestCase("Host: host.docker.internal", "/v1/models", "Authorization: Bearer any", None)]
    [TestCase("Host: host.docker.internal", "/v1/models", "x-api-key: any", None)]
    [TestCase("Host: host.docker.internal", "/_rotato", "", None)]
    [TestCase("Host: host.docker.internal", "/_rotato/status", "", None)]
    [TestCase("Host: host.docker.internal", "/v1/models", "Origin: http://localhost:3000", None)]
    [TestCase("Host: host.docker.internal", "/v1/models", "Sec-Fetch-Site: same-origin", None)]
    [TestCase("Host: localhost", "/v1/models", "", None)]
    [TestCase("Host: app.localhost", "/v1/models", "", None)]
    [TestCase("Host: 127.0.0.1:8080", "/v1/models", "", None)]
    public async Task RefusesABrowserThatCannotSayWhereItComesFrom(string host, string target, string field, int status)
    {
        string Request(string agent) => $"GET {target} HTTP/1.1\r\n{host}\r\n{agent}{field}\r\n{(field == "" ? "" : "\r\n")}";
        const string Browser = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36\r\n";

        Assert.That(await JudgeAsync(AllowedHosts, Request(Browser)), Is.EqualTo(status));
        Assert.That(await JudgeAsync(AllowedHosts, Request("User-Agent: curl/8.9.1\r\n")), Is.EqualTo(None));
        Assert.That(await JudgeAsync(AllowedHosts, Request("")), Is.EqualTo(None));
    }

    /// <summary>
    /// A page of any site may ask for these, and no browser says on a plain GET where it comes from: some of them lead
    /// to this machine all the same.
    /// </summary>
    [TestCase("0.0.0.0")]
    [TestCase("0.0.0.0:8080")]
    [TestCase("[::]")]
    [TestCase("[::]:8080")]
    [TestCase("[::ffff:127.0.0.1]:80")]
    [TestCase("[::ffff:7f00:1]:80")]
    [TestCase("[::127.0.0.1]")]
    [TestCase("[64:ff9b::7f00:1]")]
    [TestCase("[::ffff:0:0]")]
    [TestCase("192.168.1.5:8080")]
    [TestCase("10.0.0.1")]
    [TestCase("172.17.0.1:8080")]
    [TestCase("169.254.169.254")]
    [TestCase("203.0.113.7")]
    [TestCase("128.0.0.1")]
    [TestCase("126.255.255.255")]
    [TestCase("255.255.255.255")]
    [TestCase("[2001:db8::1]:8080")]
    [TestCase("[fe80::1]")]
    [TestCase("[::2]")]
    public async Task RefusesEveryOtherAddress(string host)
    {
        Assert.That(await CheckAsync([Key], $"Host: {host}"), Is.EqualTo(Forbidden));
        Assert.That(await CheckAsync(["--token", Token, Key], $"Host: {host}", $"api-key: {Token}"),
            Is.EqualTo(Forbidden),
            "with the token as well");
    }

    /// <summary>
    /// Programs that read numbers as a C library does take these for 127.0.0.1; a rebound name is none.
    /// </summary>
    [TestCase("127.1")]
    [TestCase("127.0.1")]
    [TestCase("2130706433")]
    [TestCase("0x7f000001")]
    [TestCase("0x7f.1")]
    [TestCase("0177.0.0.1")]
    [TestCase("127.0.0.01")]
    [TestCase("127.000.000.001")]
    [TestCase("0")]
    [TestCase("0.0")]
    public async Task RefusesAnAddressInAnUnusualForm(string host) =>
        Assert.That(await CheckAsync([Key], $"Host: {host}"), Is.EqualTo(Forbidden).Or.EqualTo(BadRequest));

    [TestCase("proxy.example")]
    [TestCase("PROXY.example:8443")]
    [TestCase("proxy.example.")]
    [TestCase("192.168.1.5:8080")]
    [TestCase("[2001:db8::1]:8080")]
    [TestCase("localhost")]
    public async Task ServesAHostThatIsAllowedByName(string host) =>
        Assert.That(await CheckAsync(AllowedHosts, $"Host: {host}"), Is.EqualTo(None));

    [TestCase("example")]
    [TestCase("evil.proxy.example")]
    [TestCase("proxy.example.evil.com")]
    [TestCase("notproxy.example")]
    [TestCase("192.168.1.50")]
    [TestCase("[2001:db8::2]")]
    [TestCase("0.0.0.0")]
    public async Task AllowsNoHostBesideThoseByName(string host) =>
        Assert.That(await CheckAsync(AllowedHosts, $"Host: {host}"), Is.EqualTo(Forbidden));

    /// <summary>A reverse proxy passes its own name on; a page of another site stays one behind it.</summary>
    [Test]
    public async Task AnAllowedHostOpensTheGateToNoPage()
    {
        Assert.That(await CheckAsync(AllowedHosts, "Host: proxy.example", "Origin: https://evil.com"),
            Is.EqualTo(Forbidden));
        Assert.That(await CheckAsync(AllowedHosts, "Host: proxy.example", "Origin: https://proxy.example"),
            Is.EqualTo(Forbidden), "that is what --allow-origin is for");
        Assert.That(await CheckAsync([.. AllowedHosts, "--token", Token], "Host: proxy.example"),
            Is.EqualTo(Unauthorized));
    }

    [TestCase("evil.com")]
    [TestCase("evil.com:8080")]
    [TestCase("127.0.0.1.nip.io")]
    [TestCase("127.0.0.1.nip.io:8080")]
    [TestCase("localhost.evil.com")]
    [TestCase("localhost.evil.com:80")]
    [TestCase("evillocalhost")]
    [TestCase("localhost-evil")]
    [TestCase("evil-localhost.com")]
    [TestCase("evil.localhost.com")]
    [TestCase("localhosts")]
    [TestCase("local")]
    [TestCase("printer.local")]
    [TestCase("xhost.docker.internal")]
    [TestCase("docker.internal")]
    [TestCase("evil.host.docker.internal")]
    [TestCase("host.evil.internal")]
    [TestCase("host.lima.internal.evil.com")]
    [TestCase("gateway.docker.internal")]
    [TestCase("ip6-localhost.evil.com")]
    [TestCase("ip6-loopback")]
    [TestCase("host.docker.internal.evil.com")]
    [TestCase("api.openai.com")]
    [TestCase("1.2.3.4.5")]
    [TestCase("127.0.0.1.com")]
    [TestCase("a")]
    public async Task RefusesNamesThatCanBe(string host) =>
        Assert.That(await CheckAsync([Key], $"Host: {host}"), Is.EqualTo(Forbidden));

    [TestCase("")]
    [TestCase(":8080")]
    [TestCase(":")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("[")]
    [TestCase("]")]
    [TestCase("]:")]
    [TestCase("[]")]
    [TestCase("[]:80")]
    [TestCase("[:80")]
    [TestCase("[::1")]
    [TestCase("::1]")]
    [TestCase("[::1]x")]
    [TestCase("[::1]80")]
    [TestCase("[::1]:80:80")]
    [TestCase("[::1]:x")]
    [TestCase("[localhost]")]
    [TestCase("[127.0.0.1]")]
    [TestCase("[::1] ")]
    [TestCase("a:b:c")]
    [TestCase("a:b")]
    [TestCase("localhost:80:80")]
    [TestCase("localhost::80")]
    [TestCase("localhost:x")]
    [TestCase("localhost:-1")]
    [TestCase("localhost:+1")]
    [TestCase("localhost: 80")]
    [TestCase("localhost :80")]
    [TestCase("localhost evil.com")]
    [TestCase("localhost,evil.com")]
    [TestCase("localhost/")]
    [TestCase("localhost/evil")]
    [TestCase("evil.com/.localhost")]
    [TestCase("evil.com#.localhost")]
    [TestCase("evil.com?.localhost")]
    [TestCase("evil.com\\.localhost")]
    [TestCase("evil.com@localhost")]
    [TestCase("localhost@evil.com")]
    [TestCase("user:password@localhost")]
    [TestCase("http://localhost")]
    [TestCase("%6cocalhost")]
    [TestCase("evil.com%00.localhost")]
    [TestCase("*")]
    [TestCase("\"localhost\"")]
    [TestCase("localhost\u0080")]
    public async Task RefusesAMalformedHost(string host)
    {
        // A blank at the end is no part of a value; "[::1] " is well formed.
        var expected = host == "[::1] " ? None : BadRequest;
        Assert.That(await CheckAsync([Key], $"Host: {host}"), Is.EqualTo(expected));
        Assert.That(await CheckAsync(Exposed, $"Host: {host}", $"x-api-key: {Token}"), Is.EqualTo(expected),
            "where any name is served");
    }

    [TestCase("localhost", "localhost")]
    [TestCase("localhost:8080", "localhost:8080")]
    [TestCase("localhost", "evil.com")]
    [TestCase("evil.com", "localhost")]
    [TestCase("127.0.0.1", "127.0.0.1")]
    [TestCase("[::1]", "[::1]")]
    [TestCase("localhost", "")]
    [TestCase("", "localhost")]
    public async Task RefusesTwoHosts(string first, string second)
    {
        Assert.That(await CheckAsync([Key], $"Host: {first}", $"Host: {second}"), Is.EqualTo(BadRequest));
        Assert.That(await CheckAsync([Key], $"Host: {first}", "X: a", $"host: {second}"), Is.EqualTo(BadRequest));
        Assert.That(await CheckAsync(Exposed, $"Host: {first}", $"Host: {second}", $"api-key: {Token}"),
            Is.EqualTo(BadRequest));
    }

    [Test]
    public async Task NeedsNoHostInHttp10() =>
        Assert.That(await JudgeAsync([Key], "GET / HTTP/1.0\r\n\r\n"), Is.EqualTo(None));

    [TestCase("127.0.0.1", "127.0.0.1", None)]
    [TestCase("::1", "[::1]", None)]
    [TestCase("localhost", "evil.com", Forbidden)]
    public async Task TheAddressToListenOnDoesNotOpenOtherNames(string listen, string host, int expected) =>
        Assert.That(await CheckAsync(["--host", listen, Key], $"Host: {host}"), Is.EqualTo(expected));

    /// <summary>
    /// Others reach it by names that Rotato cannot know; a page that was rebound to it does not have the token.
    /// </summary>
    [TestCase("evil.com:8080", None)]
    [TestCase("gateway.example", None)]
    [TestCase("192.0.2.1:8080", None)]
    [TestCase("localhost", None)]
    public async Task ServesAnyNameWithATokenAndAnAddressForOthers(string host, int expected)
    {
        Assert.That(await CheckAsync(Exposed, $"Host: {host}", $"Authorization: Bearer {Token}"), Is.EqualTo(expected));
        Assert.That(await CheckAsync(Exposed, $"Host: {host}"), Is.EqualTo(Unauthorized));
        Assert.That(await CheckAsync(Exposed, $"Host: {host}", $"Authorization: Bearer {Token}",
            "Origin: http://evil.com"), Is.EqualTo(Forbidden));
    }

    [Test]
    public async Task ATokenAloneDoesNotOpenOtherNames() =>
        Assert.That(await CheckAsync(["--token", Token, Key], "Host: evil.com", $"Authorization: Bearer {Token}"),
            Is.EqualTo(Forbidden));

    [TestCase("http://localhost")]
    [TestCase("http://localhost:3000")]
    [TestCase("https://localhost:3000")]
    [TestCase("http://LOCALHOST:3000")]
    [TestCase("http://app.localhost:5173")]
    [TestCase("http://127.0.0.1:8080")]
    [TestCase("http://127.1.2.3")]
    [TestCase("https://[::1]")]
    [TestCase("http://[::1]:3000")]
    public async Task ServesPagesOfThisMachine(string origin) => Assert.That(await FromAsync(origin), Is.EqualTo(None));

    [TestCase("null")]
    [TestCase("")]
    [TestCase("file://")]
    [TestCase("file://localhost")]
    [TestCase("app://localhost")]
    [TestCase("://localhost")]
    [TestCase("http://")]
    [TestCase("http://:80")]
    [TestCase("http://evil.com")]
    [TestCase("https://evil.com:443")]
    [TestCase("http://localhost.evil.com")]
    [TestCase("http://evillocalhost")]
    [TestCase("http://127.0.0.1.nip.io")]
    [TestCase("http://evil.com#localhost")]
    [TestCase("http://evil.com/localhost")]
    [TestCase("http://evil.com/.localhost")]
    [TestCase("http://evil.com?.localhost")]
    [TestCase("http://evil.com\\.localhost")]
    [TestCase("http://localhost@evil.com")]
    [TestCase("http://evil.com@localhost")]
    [TestCase("http://evil.com://localhost")]
    [TestCase("http://localhost http://evil.com")]
    [TestCase("http://evil.com http://localhost")]
    [TestCase("http://localhost, http://evil.com")]
    [TestCase("http://evil.com, http://localhost")]
    [TestCase("http://10.0.0.1")]
    [TestCase("http://192.168.1.5:8080")]
    [TestCase("http://0.0.0.0")]
    [TestCase("http://[::]")]
    [TestCase("http://[2001:db8::1]")]
    [TestCase("http://host.docker.internal")]
    [TestCase("http://[")]
    [TestCase("http://]:")]
    [TestCase("http://a:b:c")]
    [TestCase("localhost")]
    [TestCase("localhost:3000")]
    [TestCase("//localhost")]
    [TestCase("http:localhost")]
    [TestCase("http:/localhost")]
    [TestCase("chrome-extension://localhostabcdefghijklmnop")]
    public async Task RefusesOtherPages(string origin) => Assert.That(await FromAsync(origin), Is.EqualTo(Forbidden));

    [Test]
    public async Task RefusesOtherPagesWhateverTheyAskFor()
    {
        foreach (var line in new[] { "GET /_rotato", "GET /_rotato/status", "POST /v1/chat/completions",
            "OPTIONS /v1/models", "HEAD /" })
        {
            Assert.That(await JudgeAsync([Key],
                $"{line} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.com\r\n\r\n"), Is.EqualTo(Forbidden), line);
            Assert.That(await JudgeAsync([Key], $"{line} HTTP/1.1\r\nHost: evil.com\r\n\r\n"), Is.EqualTo(Forbidden),
                line);
        }
    }

    [TestCase("https://chat.example", None)]
    [TestCase("HTTPS://Chat.example", None)]
    [TestCase("app://chat", None)]
    [TestCase("null", None)]
    [TestCase("http://chat.example", Forbidden)]
    [TestCase("https://chat.example:8443", Forbidden)]
    [TestCase("https://chat.example.evil.com", Forbidden)]
    [TestCase("https://evil.chat.example", Forbidden)]
    [TestCase("https://chat.example, https://chat.example", Forbidden)]
    [TestCase("chat.example", Forbidden)]
    [TestCase("http://localhost:3000", None)]
    public async Task ServesPagesThatAreAllowedByName(string origin, int expected)
    {
        string[] options = ["--allow-origin", "https://chat.example", "--allow-origin=app://chat", "--allow-origin",
            "null", Key];
        Assert.That(await CheckAsync(options, "Host: localhost", $"Origin: {origin}"), Is.EqualTo(expected));
    }

    // No Origin: programs, and what browsers send without one.
    [TestCase("GET /v1/models", "Sec-Fetch-Mode: cors", None)]
    [TestCase("POST /v1/models", "Sec-Fetch-Mode: cors", None)]
    [TestCase("GET /v1/models", "Sec-Fetch-Site: same-origin", None)]
    [TestCase("GET /v1/models", "Sec-Fetch-Site: none", None)]
    [TestCase("GET /v1/models", "Sec-Fetch-Site: cross-site", Forbidden)]
    [TestCase("GET /v1/models", "Sec-Fetch-Site: same-site", Forbidden)]
    [TestCase("POST /v1/models", "Sec-Fetch-Site: cross-site", Forbidden)]
    [TestCase("GET /v1/models", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image", Forbidden)]
    // A link to the status page may stand anywhere; nothing else of it is served to other sites.
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document", None)]
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate", None)]
    [TestCase("GET /_rotato",
        "Sec-Fetch-Site: same-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document|Sec-Fetch-User: ?1", None)]
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: iframe", Forbidden)]
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: embed", Forbidden)]
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: script", Forbidden)]
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: cors|Sec-Fetch-Dest: empty", Forbidden)]
    [TestCase("GET /_rotato", "Sec-Fetch-Site: cross-site", Forbidden)]
    [TestCase("POST /_rotato", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
        Forbidden)]
    [TestCase("GET /_rotato/status", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
        Forbidden)]
    [TestCase("GET /_rotato/metrics", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
        Forbidden)]
    [TestCase("GET /_rotato/../v1", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
        Forbidden)]
    [TestCase("GET /v1/models", "Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
        Forbidden)]
    [TestCase("GET /_rotato",
        "Origin: http://evil.com|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
        Forbidden)]
    [TestCase("GET /v1/models", "Origin: http://evil.com|Sec-Fetch-Site: same-origin", Forbidden)]
    // Another port of this machine is another origin to a browser, even another site where one is named and one is
    // numbered.
    [TestCase("POST /v1/models", "Origin: http://localhost:3000|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: cors", None)]
    public async Task TellsBrowsersFromPrograms(string line, string fields, int expected) => Assert.That(
        await JudgeAsync([Key],
            $"{line} HTTP/1.1\r\nHost: localhost\r\n{fields.Replace("|", "\r\n", StringComparison.Ordinal)}\r\n\r\n"),
            Is.EqualTo(expected));

    [TestCase("Authorization: Bearer {0}")]
    [TestCase("authorization: bearer {0}")]
    [TestCase("Authorization: Bearer   {0}")]
    [TestCase("x-api-key: {0}")]
    [TestCase("X-API-KEY:{0}")]
    [TestCase("x-goog-api-key: {0}")]
    [TestCase("api-key: {0}")]
    [TestCase("Sec-WebSocket-Protocol: openai-insecure-api-key.{0}")]
    [TestCase("Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{0}, openai-beta.realtime-v1")]
    [TestCase("Sec-WebSocket-Protocol: realtime\r\nSec-WebSocket-Protocol: openai-insecure-api-key.{0}")]
    public async Task TakesTheTokenFromAnyFieldForKeys(string line)
    {
        string At(string token) => line.Replace("{0}", token, StringComparison.Ordinal);
        foreach (var token in new[] { Token, "abcdefgh", "a+b/c+d/ef==", "user:pass", "x=&%y;zz", new string('x', 1000) })
        {
            Assert.That(await CheckAsync(["--token", token, Key], "Host: localhost", At(token)), Is.EqualTo(None),
                token);
        }

        foreach (var wrong in new[] { "wrong", "", Token + "x", "x" + Token, Token[..^1], Token[1..],
            Token.ToUpperInvariant(), Token + Token, Key, "*" })
        {
            Assert.That(await CheckAsync(["--token", Token, Key], "Host: localhost", At(wrong)),
                Is.EqualTo(Unauthorized), wrong);
        }
    }

    [TestCase("/v1?key={0}")]
    [TestCase("/v1?alt=sse&key={0}")]
    [TestCase("/v1?key={0}&alt=sse")]
    [TestCase("/openai/deployments/d/chat/completions?api-version=1&api-key={0}")]
    public async Task TakesTheTokenFromTheQuery(string target)
    {
        Task<int> With(string token, string sent) => JudgeAsync(
            ["--token", token, Key],
                $"GET {target.Replace("{0}", sent, StringComparison.Ordinal)} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.That(await With(Token, Token), Is.EqualTo(None));
        // As every client library writes them in a query; many people make a token with "openssl rand -base64 32".
        Assert.That(await With("a+b/c+d/ef==", "a%2Bb%2Fc%2Bd%2Fef%3D%3D"), Is.EqualTo(None), "percent-encoded");
        foreach (var wrong in new[] { "wrong", "", Token + "x", Token[..^1], "x=" + Key })
            Assert.That(await With(Token, wrong), Is.EqualTo(Unauthorized), wrong);
    }

    [TestCase("user:{0}")]
    [TestCase(":{0}")]
    public async Task TakesTheTokenAsABasicPassword(string credentials)
    {
        static string Basic(string text) =>
            $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}";
        string At(string token) => Basic(credentials.Replace("{0}", token, StringComparison.Ordinal));
        foreach (var token in new[] { Token, "abcdefgh", "a+b/c+d/ef==", "with:colons:", "x=&%y;zz" })
        {
            Assert.That(await CheckAsync(["--token", token, Key], "Host: localhost", At(token)), Is.EqualTo(None),
                token);
        }

        foreach (var wrong in new[] { "wrong", "", Token + "x", Token[..^1], Token + ":", ":" + Token })
        {
            Assert.That(await CheckAsync(["--token", Token, Key], "Host: localhost", At(wrong)),
                Is.EqualTo(Unauthorized), wrong);
        }

        Assert.That(await CheckAsync(["--token", Token, Key], "Host: localhost", Basic($"{Token}:x")),
            Is.EqualTo(Unauthorized), "as the name");
    }

    [TestCase("X: a")]
    [TestCase("Authorization:")]
    [TestCase("Authorization: Bearer")]
    [TestCase("Authorization: Basic")]
    [TestCase("Authorization: Basic !!!!")]
    [TestCase("Authorization: Basic ====")]
    [TestCase("Authorization: Basic gA==")]
    [TestCase("Authorization: Digest username=\"a\"")]
    [TestCase("Sec-WebSocket-Protocol: openai-insecure-api-key.")]
    [TestCase("Sec-WebSocket-Protocol: ,,,")]
    [TestCase("Cookie: token=s3cret-Token_42")]
    [TestCase("X-Other: s3cret-Token_42")]
    [TestCase("Proxy-Authorization: Bearer s3cret-Token_42")]
    public async Task NobodyComesInWithoutTheToken(string line)
    {
        foreach (var start in new[] { "GET /v1/models", "GET /_rotato", "GET /_rotato/status",
            "POST /?token=s3cret-Token_42", "GET /?keys=s3cret-Token_42", "GET /s3cret-Token_42" })
        {
            Assert.That(await JudgeAsync(["--token", Token, Key],
                $"{start} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n"), Is.EqualTo(Unauthorized), start);
        }
    }

    [Test]
    public async Task ATokenOfTheEnvironmentCountsToo()
    {
        const string Without = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
        const string With = $"GET / HTTP/1.1\r\nHost: localhost\r\nx-api-key: {Token}\r\n\r\n";
        Assert.That(await JudgeAsync([Key], Without, tokenOfEnvironment: Token), Is.EqualTo(Unauthorized));
        Assert.That(await JudgeAsync([Key], With, tokenOfEnvironment: Token), Is.EqualTo(None));
    }

    /// <summary>No browser sends a token, or any field of the page's own, with the question whether it may.</summary>
    [TestCase("http://localhost:3000", None)]
    [TestCase("https://chat.example", None)]
    [TestCase("http://evil.com", Forbidden)]
    [TestCase("null", Forbidden)]
    public async Task APreflightNeedsNoTokenButAnAdmittedOrigin(string origin, int expected)
    {
        string[] options = ["--token", Token, "--allow-origin", "https://chat.example", Key];
        Assert.That(await JudgeAsync(options, "OPTIONS /v1/models HTTP/1.1\r\nHost: localhost\r\n"
            + $"Origin: {origin}\r\nAccess-Control-Request-Method: POST\r\n\r\n"), Is.EqualTo(expected));
    }

    [TestCase("OPTIONS /v1/models", "Origin: http://localhost:3000")]
    [TestCase("OPTIONS /v1/models", "Access-Control-Request-Method: POST")]
    [TestCase("GET /v1/models", "Origin: http://localhost:3000|Access-Control-Request-Method: POST")]
    [TestCase("POST /v1/models", "Origin: http://localhost:3000|Access-Control-Request-Method: POST")]
    public async Task WhatIsNoPreflightNeedsTheToken(string line, string fields) => Assert.That(
        await JudgeAsync(["--token", Token, Key],
            $"{line} HTTP/1.1\r\nHost: localhost\r\n{fields.Replace("|", "\r\n", StringComparison.Ordinal)}\r\n\r\n"),
            Is.EqualTo(Unauthorized));

    [Test]
    public async Task APreflightToAForeignHostIsRefused() => Assert.That(
        await JudgeAsync([Key], "OPTIONS / HTTP/1.1\r\nHost: evil.com\r\nOrigin: http://localhost\r\n"
            + "Access-Control-Request-Method: POST\r\n\r\n"), Is.EqualTo(Forbidden));

    /// <summary>
    /// Nothing in these fields makes the check fail in another way, and what passes is a name that cannot be rebound.
    /// </summary>
    [Test]
    public async Task WhateverIsSentIsJudged()
    {
        const string Safe = @"(([A-Z0-9_\-\u00c9\u00e9\u00ff\u0178.]*\.)?LOCALHOST\.?|127\.\d+\.\d+\.\d+\.?|\[::1\])(:\d*)?$";
        const string Docker = @"^HOST\.DOCKER\.INTERNAL\.?(:\d*)?$";
        string[] pieces =
        [
            "localhost", "LOCALHOST", ".", ":", "[", "]", "::1", "127.0.0.1", "0x7f.1", "2130706433", "evil.com", "80",
            "99999999999", "-", "_", "%", "@", "/", "\\", "#", "?", "\u00e9", "\u00ff", "xn--", "http", "://", ",", " ",
            "\t", "null", "0", "%25eth0", "*", new('a', 300), new('.', 300), new('1', 300), "host.docker.internal",
        ];
        var random = new Random(42);
        for (var i = 0; i < 20_000; i++)
        {
            var value = string.Concat(Enumerable.Range(0, random.Next(1, 6))
                .Select(_ => pieces[random.Next(pieces.Length)])).Trim(' ', '\t');
            var code = await CheckAsync([Key], $"Host: {value}");
            Assert.That(code, Is.AnyOf(None, BadRequest, Forbidden), value);
            if (code == None) Assert.That(value.ToUpperInvariant(), Does.Match("^" + Safe).Or.Match(Docker));

            code = await FromAsync(value);
            Assert.That(code, Is.AnyOf(None, Forbidden), value);
            if (code == None) Assert.That(value.ToUpperInvariant(), Does.Match("^HTTP://" + Safe));
        }
    }

    private static Task<int> FromAsync(string origin) =>
        CheckAsync([Key], "Host: localhost", $"Origin: {origin}");

    private static Task<int> CheckAsync(string[] options, params string[] lines) =>
        JudgeAsync(options, $"GET /v1/models HTTP/1.1\r\n{string.Join("\r\n", lines)}\r\n\r\n");

    private static Task<int> JudgeAsync(string[] options, string request) =>
        JudgeAsync(options, request, tokenOfEnvironment: null);

    private static async Task<int> JudgeAsync(string[] args, string request, string? tokenOfEnvironment)
    {
        var settings = new Settings(args, name => name == "ROTATO_TOKEN" ? tokenOfEnvironment : null, _ => "");
        settings.Options.CheckAll();
        var head = await ReadHeads.FromAsync(request);
        try
        {
            var gate = new Gate(settings.Options.Admission);
            gate.AdmitPage(head);
            gate.AdmitClient(head);
            return None;
        }
        catch (Refusal e)
        {
            Assert.That(e.Message, Does.Not.Contain(Token).And.Not.Contain(Key).And.Not.Contain("evil"));
            return e.Code.Status;
        }
    }
}
