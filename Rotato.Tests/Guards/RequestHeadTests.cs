namespace Rotato.Tests.Guards;

/// <summary>What a request's head may be; one row for each rule, both sides of it.</summary>
internal sealed class RequestHeadTests
{
    private const string Refused = "bad_request";

    [Test]
    public void ANameIsAToken()
    {
        Assert.That(Heads.RefusalOf(() => RequestHead.CheckFields(Heads.Fields(": a"))), Is.EqualTo(Refused));
        for (var code = 0; code < 256; code++)
        {
            var passes = char.IsAsciiLetterOrDigit((char)code)
                || "!#$%&'*+-.^_`|~".Contains((char)code, StringComparison.Ordinal);
            var fields = new Dictionary<string, string> { [$"X{(char)code}"] = "a" };
            var expected = passes ? null : Refused;
            Assert.That(Heads.RefusalOf(() => RequestHead.CheckFields(fields)), Is.EqualTo(expected), $"character {code}");
        }
    }

    [Test]
    public void AValueHoldsNoControlCharacter()
    {
        for (var code = 0; code < 256; code++)
        {
            var passes = code is '\t' or (>= ' ' and not 127);
            var fields = Heads.Fields($"X: a{(char)code}b");
            var expected = passes ? null : Refused;
            Assert.That(Heads.RefusalOf(() => RequestHead.CheckFields(fields)), Is.EqualTo(expected), $"character {code}");
            var line = RequestLine.Check("GET / HTTP/1.0");
            Assert.That(Heads.RefusalOf(() => RequestHead.Check(line, fields)), Is.EqualTo(expected), $"character {code}");
        }
    }

    [TestCase("GET / HTTP/1.1", "Host: a", null)]
    [TestCase("GET / HTTP/1.1", "Host: ", null, TestName = "AnEmptyHostIsTheGatesToJudge")]
    [TestCase("GET / HTTP/1.1", "Hosts: a", Refused)]
    [TestCase("GET / HTTP/1.0", "X: a", null)]
    public void Http11HasAHost(string line, string field, string? refusal) =>
        Assert.That(Heads.RefusalOf(() => Heads.Check(line, field)), Is.EqualTo(refusal));

    /// <summary>The gate asks for the host that Host says then, and for no other.</summary>
    [TestCase("GET http://b/x HTTP/1.1", "Host: a", "b")]
    [TestCase("GET http://b/x HTTP/1.1", "Host: b", "b")]
    [TestCase("GET http://b:81/x HTTP/1.1", "Host: a:80", "b:81")]
    [TestCase("GET http://b/x HTTP/1.0", "X: y", "b")]
    [TestCase("GET http://c@b/x HTTP/1.0", "Host: a", "c@b")]
    [TestCase("GET /x HTTP/1.1", "Host: a", "a")]
    public void TheHostOfTheTargetReplacesTheField(string line, string field, string host)
    {
        var head = Heads.Check(line, field);
        Assert.That((head["Host"], head.Target), Is.EqualTo((host, "/x")));
        Assert.That(head.NamesHostInTarget, Is.EqualTo(line.Contains("http:", StringComparison.Ordinal)));
    }

    [TestCase("X: y")]
    [TestCase("Host: ")]
    [TestCase("Host: a, a")]
    [TestCase("Host: a b")]
    [TestCase("Host: c@a")]
    public void AHostInTheTargetDoesNotMakeGoodABadField(string field) =>
        Assert.That(Heads.RefusalOf(() => Heads.Check("GET http://b/ HTTP/1.1", field)), Is.EqualTo(Refused));

    [Test]
    public void TheFramingIsDecidedWithTheHead()
    {
        Assert.That(Heads.Get().BodyLength, Is.Zero);
        Assert.That(Heads.Get("/", "Content-Length: 7").BodyLength, Is.EqualTo(7));
        Assert.That(Heads.Get("/", "Transfer-Encoding: chunked").BodyLength, Is.Null);
        Assert.That(Heads.RefusalOf(() => Heads.Get("/", "Content-Length: x")), Is.EqualTo(Refused));
    }

    /// <summary>Fields and target are what goes on; what the client sent as its key must be in neither.</summary>
    [TestCase("/", "Authorization: Bearer secret", "Authorization", "/")]
    [TestCase("/", "x-api-key: secret", "x-api-key", "/")]
    [TestCase("/", "X-Goog-Api-Key: secret", "x-goog-api-key", "/")]
    [TestCase("/", "api-key: secret", "api-key", "/")]
    [TestCase("/", "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.secret", "Sec-WebSocket-Protocol", "/")]
    [TestCase("/a?b=c&key=secret&d", "X: y", "x-goog-api-key", "/a?b=c&d")]
    [TestCase("/a?key=secret", "X: y", "x-goog-api-key", "/a")]
    [TestCase("/a?api-key=secret&b", "X: y", "api-key", "/a?b")]
    public void WhatTheClientSentAsItsKeyIsSetApart(string target, string field, string name, string left)
    {
        var head = Heads.Get(target, field);

        Assert.That(head.Credentials, Is.EqualTo((Credential[])[new(name, "secret")]));
        Assert.That(head.Target, Is.EqualTo(left));
        Assert.That(string.Join('\n', head.Fields.Values), Does.Not.Contain("secret"));
    }

    [Test]
    public void TheKeyOfferedAsAProtocolIsKnownForTheAnswer()
    {
        var head = Heads.Get("/", "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.mine");
        Assert.That(head.OfferedProtocolKey, Is.EqualTo("mine"));
        Assert.That(head["sec-websocket-protocol"], Is.EqualTo("realtime"));
        Assert.That(Heads.Get("/", "Authorization: Bearer mine").OfferedProtocolKey, Is.Null);
    }

    [TestCase("GET / HTTP/1.1", "X: y", true)]
    [TestCase("GET / HTTP/1.1", "Connection: keep-alive", true)]
    [TestCase("GET / HTTP/1.1", "Connection: close", false)]
    [TestCase("GET / HTTP/1.1", "connection: x , CLOSE\t, y", false)]
    [TestCase("GET / HTTP/1.1", "Connection: closed", true)]
    [TestCase("GET / HTTP/1.0", "X: y", false)]
    [TestCase("GET / HTTP/1.0", "Connection: keep-alive", false)]
    public void AConnectionStaysInHttp11UnlessToldToClose(string line, string field, bool expected) =>
        Assert.That(Heads.Check(line, "Host: a", field).KeepsConnection, Is.EqualTo(expected));

    [TestCase("POST / HTTP/1.1", "Expect: 100-continue", true)]
    [TestCase("POST / HTTP/1.1", "expect: 100-Continue", true)]
    [TestCase("POST / HTTP/1.1", "Expect: 200-ok", false)]
    [TestCase("POST / HTTP/1.1", "X: 100-continue", false)]
    [TestCase("POST / HTTP/1.0", "Expect: 100-continue", false)]
    public void AClientWaitsToSendOnlyInHttp11(string line, string field, bool expected) =>
        Assert.That(Heads.Check(line, "Host: a", field).ExpectsContinue, Is.EqualTo(expected));

    [TestCase("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", true)]
    [TestCase("GET / HTTP/1.1", "Connection: keep-alive, upgrade", "Upgrade: WebSocket", true)]
    [TestCase("GET / HTTP/1.1", "X: y", "Upgrade: websocket", false)]
    [TestCase("GET / HTTP/1.1", "Connection: keep-alive", "Upgrade: websocket", false)]
    [TestCase("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", false)]
    [TestCase("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c, websocket", false)]
    [TestCase("GET / HTTP/1.1", "Connection: Upgrade", "X: y", false)]
    [TestCase("POST / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", false)]
    [TestCase("GET / HTTP/1.0", "Connection: Upgrade", "Upgrade: websocket", false)]
    public void OnlyAWebSocketHandshakeIsAnUpgrade(string line, string connection, string upgrade, bool expected) =>
        Assert.That(Heads.Check(line, "Host: a", connection, upgrade).IsUpgrade, Is.EqualTo(expected));

    [TestCase("/", "/")]
    [TestCase("/a?b", "/a")]
    [TestCase("/?", "/")]
    [TestCase("/a?b?c", "/a")]
    [TestCase("//a/?b", "//a/")]
    public void ThePathEndsAtTheQuery(string target, string expected) =>
        Assert.That(Heads.Get(target).Path, Is.EqualTo(expected));

    [TestCase("/api.groq.com/openai/v1/models?a=b", "/openai/v1/models?a=b")]
    [TestCase("/api.groq.com/", "/")]
    [TestCase("/api.groq.com", "/")]
    [TestCase("/api.groq.com?a=b", "/?a=b")]
    [TestCase("/api.groq.com?a=/b", "/?a=/b")]
    [TestCase("/api.groq.com//x", "//x")]
    [TestCase("/api.groq.com/a/../b%2F?c/d", "/a/../b%2F?c/d")]
    public void TheFirstSegmentAloneIsTakenAway(string target, string expected) =>
        Assert.That(Heads.Get(target).TargetWithoutFirstSegment(), Is.EqualTo(expected));
}
