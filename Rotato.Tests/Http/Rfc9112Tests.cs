using System.Text;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Http;

/// <summary>What becomes of a connection behind an answer.</summary>
internal enum Behind
{
    /// <summary>The next request on it is served.</summary>
    Stays,

    /// <summary>The answer says so, nothing behind the request is looked at, and it ends in order.</summary>
    Closes,
}

/// <summary>What RFC 9112 (or 9110) demands of a server and a proxy where a client sends something.</summary>
/// <param name="Section">Of RFC 9112, unless another is named.</param>
/// <param name="Sentence">What it says, in other words.</param>
/// <param name="Sent">By the client. Another request comes right behind it.</param>
/// <param name="Status">That the client gets.</param>
/// <param name="Behind">What becomes of the connection.</param>
internal sealed record RequestMust(string Section, string Sentence, string Sent, int Status, Behind Behind)
{
    /// <summary>What the upstream gets of it.</summary>
    public string Seen { get; init; } = "";

    /// <summary>What it must not get.</summary>
    public string Unseen { get; init; } = "\0";

    public override string ToString() =>
        $"{Section} {Sentence} {RequestHeadVectors.Visible(Sent)[..Math.Min(90, Sent.Length)]}";
}

/// <summary>What it demands of a server and a proxy where an upstream sends something.</summary>
/// <param name="Section">Of RFC 9112, unless another is named.</param>
/// <param name="Sentence">What it says, in other words.</param>
/// <param name="Request">The client's request line.</param>
/// <param name="Sent">By the upstream, which then closes.</param>
/// <param name="Line">How the line begins that the client gets.</param>
/// <param name="Framing">The length or coding that the client is told; empty where neither.</param>
/// <param name="Body">That the client gets; for a 502 any.</param>
internal sealed record AnswerMust(
    string Section, string Sentence, string Request, string Sent, string Line, string Framing, string Body)
{
    public override string ToString() => $"{Section} {Sentence} {RequestHeadVectors.Visible(Request + ": " + Sent)}";
}

/// <summary>
/// The demands of RFC 9112 (HTTP/1.1) on a server, and on a proxy where they are about what passes through, each shown
/// on the whole product by the bytes that put it to the test. Stricter rules, and the grammar in full, are in the tests
/// of the single parts.
/// </summary>
internal sealed class Rfc9112Tests
{
    private const string Host = "Host: localhost\r\n";
    private const string Chunked = "POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";

    // Sentences that several rows are about.
    private const string NoOtherRequest = "After \"close\" no other request is looked at, and the connection ends.";
    private const string NoHost = "With a Host that is none it gets 400.";
    private const string BlankBeforeColon = "A blank between a field's name and its colon gets 400.";
    private const string OtherCoding = "A coding that is not understood gets 501.";
    private const string Overflow = "Sizes that overflow a number are reckoned with.";
    private const string Extensions = "Extensions that are not known are ignored.";
    private const string AuthorityForm = "The authority form is for CONNECT, which is not served.";
    private const string HostOfTarget = "Its host counts and not the Host field.";

    private static IEnumerable<RequestMust> Requests =>
    [
        // 2. Message
        Stays("2.2", "An octet above ASCII is no reason to refuse a message, nor to change it.",
            Get("/x", "X: \u00e9\u00ff\r\n"))
            with { Seen = "X: \u00e9\u00ff\r\n" },
        Stays("2.2", "An empty line before a request is skipped.", "\r\n" + Get("/x")),
        Stays("2.2", "An empty line before a request is skipped.", "\r\n" + Post("abcd", "/x")) with { Seen = "abcd" },
        Refuses("2.2", "A bare CR makes what it stands in invalid.", Get("/x", "X: a\rb\r\n")),
        Refuses("2.2", "A bare CR makes what it stands in invalid.", Get("/x", "X: a\r\r\n")),
        Refuses("2.2", "A bare CR makes what it stands in invalid.", Get("/x\r")),
        Refuses("2.2", "A bare CR makes what it stands in invalid.", Chunked + "4\r\nabcd\r0\r\n\r\n"),
        Refuses("2.2", "A line that begins with a blank before the first field is refused, or dropped.",
            $"GET /x HTTP/1.1\r\n X: a\r\n{Host}\r\n"),
        Refuses("2.2", "A line that begins with a blank before the first field is refused, or dropped.",
            $"GET /x HTTP/1.1\r\n\t{Host}\r\n"),
        Refuses("2.2", "What is no HTTP gets 400, and the connection ends.", "hello\r\n\r\n"),
        Refuses("2.3", "The case of the version's letters counts.", $"GET /x http/1.1\r\n{Host}\r\n"),
        Refuses("2.3", "The version has one digit, a dot and one digit.", $"GET /x HTTP/1.10\r\n{Host}\r\n"),
        Closes("2.3", "An intermediary speaks its own version, to both sides.", $"GET /x HTTP/1.0\r\n{Host}\r\n", 200)
            with { Seen = "GET /x HTTP/1.1\r\n" },
        Closes("RFC 9110 15.6.6", "A major version that is not spoken gets 505.",
            $"GET /x HTTP/3.0\r\n{Host}\r\n", 505),

        // 3. Request line
        Refuses("3", "A request line that is none is not repaired.", $"GET /a b HTTP/1.1\r\n{Host}\r\n"),
        Refuses("3", "A request line that is none is not repaired.", $"GET  /x HTTP/1.1\r\n{Host}\r\n"),
        Closes("3", "A target that is longer than the server will read gets 414.",
            Get($"/{new string('a', 9000)}"), 414),
        Stays("3", "A request line of 8,000 octets is read.",
            Get($"/{new string('a', 8000 - "GET / HTTP/1.1".Length)}")),
        Stays("3.1", "The method's case counts: one that is not known is another one.",
            $"GETX /x HTTP/1.1\r\n{Host}\r\n")
            with { Seen = "GETX /x HTTP/1.1" },
        Refuses("3.2", "Without a Host an HTTP/1.1 request gets 400.", "GET /x HTTP/1.1\r\nX: a\r\n\r\n"),
        Refuses("3.2", "With more than one Host it gets 400.", Get("/x", Host)),
        Refuses("3.2", "With more than one Host it gets 400.", Get("/x", "X: a\r\nhost: evil.example\r\n")),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost: local host\r\n\r\n"),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost: user@localhost\r\n\r\n"),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost: localhost/x\r\n\r\n"),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost: localhost:x\r\n\r\n"),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost: localhost, localhost\r\n\r\n"),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost:\r\n\r\n"),
        Refuses("3.2", NoHost, "GET /x HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        Refuses("3.2", "That holds for the absolute form too.", "GET http://localhost/x HTTP/1.1\r\nX: a\r\n\r\n"),
        Refuses("3.2", "That holds for the absolute form too.", $"GET http://localhost/x HTTP/1.1\r\n{Host}{Host}\r\n"),
        Refuses("3.2", "That holds for the absolute form too.", "GET http://localhost/x HTTP/1.1\r\nHost: a b\r\n\r\n"),
        Stays("3.2.1", "The origin form is path and query.", Get("/x/../y?z=%2F&&"))
            with { Seen = "GET /x/../y?z=%2F&& HTTP/1.1\r\n" },
        Stays("3.2.2", "The absolute form is taken.", $"GET http://localhost/x?y HTTP/1.1\r\n{Host}\r\n")
            with { Seen = "GET /x?y HTTP/1.1\r\n" },
        Stays("3.2.2", "The absolute form is taken.", $"GET HTTP://LOCALHOST:80?y HTTP/1.1\r\n{Host}\r\n")
            with { Seen = "GET /?y HTTP/1.1\r\n" },
        Stays("3.2.2", HostOfTarget, "GET http://localhost/x HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            with { Seen = "GET /x HTTP/1.1\r\n", Unseen = "evil" },
        Closes("3.2.2", HostOfTarget, $"GET http://evil.example/x HTTP/1.1\r\n{Host}\r\n", 403),
        Refuses("RFC 9110 4.2.1", "An http URI has a host.", $"GET http:///x HTTP/1.1\r\n{Host}\r\n"),
        Refuses("RFC 9110 4.2.4", "A user in an http URI is an error.",
            $"GET http://user@localhost/x HTTP/1.1\r\n{Host}\r\n"),
        Refuses("3.2.2", "No other scheme is served here.", $"GET https://localhost/x HTTP/1.1\r\n{Host}\r\n"),
        Refuses("3.2.3", AuthorityForm, $"GET localhost:80 HTTP/1.1\r\n{Host}\r\n"),
        Refuses("3.2.3", AuthorityForm, $"CONNECT localhost:80 HTTP/1.1\r\n{Host}\r\n"),
        Refuses("3.2.4", "The asterisk form is for OPTIONS alone.", $"GET * HTTP/1.1\r\n{Host}\r\n"),

        // 5. Fields
        Refuses("5.1", BlankBeforeColon, Get("/x", "X : a\r\n")),
        Refuses("5.1", BlankBeforeColon, Get("/x", "X\t: a\r\n")),
        Refuses("5.1", BlankBeforeColon, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length : 4\r\n\r\nabcd"),
        Stays("5.1", "Blanks around a value are none of it.", Get("/x", "X: \t a b \t\r\n"))
            with { Seen = "X: a b\r\n" },
        Refuses("5.2", "A folded line gets 400, or is unfolded.", Get("/x", "X: a\r\n b\r\n")),
        Refuses("5.2", "A folded line gets 400, or is unfolded.", Get("/x", "Transfer-Encoding:\r\n\tchunked\r\n")),

        // 6. Body
        Stays("6", "A length or a coding says that there is a body, whatever the method.",
            $"GET /x HTTP/1.1\r\n{Host}Content-Length: 4\r\n\r\nabcd") with { Seen = "abcd" },
        Stays("6.1", "The chunked coding is understood.", Chunked + "4\r\nabcd\r\n0\r\n\r\n") with { Seen = "abcd" },
        Closes("6.1", OtherCoding, $"POST /x HTTP/1.1\r\n{Host}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
        Closes("6.1", OtherCoding, $"POST /x HTTP/1.1\r\n{Host}Transfer-Encoding: gzip\r\n\r\n", 501),
        Refuses("6.1", "A length beside a coding ends the connection.",
            $"POST /x HTTP/1.1\r\n{Host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Refuses("6.1", "A length beside a coding ends the connection.",
            $"POST /x HTTP/1.1\r\n{Host}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"),
        Refuses("6.1", "A coding in HTTP/1.0 is a faulty framing, and ends the connection.",
            $"POST /x HTTP/1.0\r\n{Host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Refuses("6.3", "Where chunked is not the last coding the request gets 400, and the connection ends.",
            $"POST /x HTTP/1.1\r\n{Host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
        Refuses("6.3", "Where chunked is there twice it gets 400, and the connection ends.",
            $"POST /x HTTP/1.1\r\n{Host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        .. new[] { "x", "", "+4", "-4", "4;", "4 4", "0x4", "4.0", "4, 5", "4\r\nContent-Length: 5" }.Select(length => Refuses(
            "6.3", "A length that is none gets 400, and the connection ends.",
            $"POST /x HTTP/1.1\r\n{Host}Content-Length: {length}\r\n\r\nabcd")),
        Stays("6.3", "A length says how many octets the body has.", Post("abcd", "/x")) with { Seen = "abcd" },
        Stays("6.3", "Without a length and a coding there is no body.", $"POST /x HTTP/1.1\r\n{Host}\r\n")
            with { Seen = "POST /x" },
        Closes("RFC 9110 8.6", "Lengths that overflow a number are reckoned with.",
            $"POST /x HTTP/1.1\r\n{Host}Content-Length: 18446744073709551620\r\n\r\nabcd", 413),

        // 7. Transfer codings
        Stays("7", "The names of codings ignore case.",
            $"POST /x HTTP/1.1\r\n{Host}Transfer-Encoding: CHUNKED\r\n\r\n4\r\nabcd\r\n0\r\n\r\n")
            with { Seen = "abcd" },
        Stays("7.1", "Chunks are decoded.", Chunked + "3\r\nabc\r\n00a\r\n0123456789\r\n000\r\n\r\n")
            with { Seen = "abc0123456789" },
        Refuses("7.1", Overflow, Chunked + "10000000000000004\r\nabcd\r\n0\r\n\r\n"),
        Closes("7.1", Overflow, Chunked + "FFFFFFFF\r\nabcd\r\n0\r\n\r\n", 413),
        Refuses("7.1", "A size is of hexadecimal digits.", Chunked + "0x4\r\nabcd\r\n0\r\n\r\n"),
        Refuses("7.1", "A line ends behind each chunk.", Chunked + "4\r\nabcd0\r\n\r\n"),
        Refuses("7.1", "A line ends behind each chunk.", Chunked + "4\r\nabcde\r\n0\r\n\r\n"),
        Stays("7.1.1", Extensions, Chunked + "4;a\r\nabcd\r\n0;b=c\r\n\r\n") with { Seen = "abcd" },
        Stays("7.1.1", Extensions, Chunked + "4 ; a = \"\\\";\" ;b\r\nabcd\r\n0\r\n\r\n")
            with { Seen = "abcd" },
        Refuses("7.1.1", "What is no extension is not ignored.", Chunked + "4;a\nabcd\r\n0\r\n\r\n"),
        Refuses("7.1.1", "What is no extension is not ignored.", Chunked + "4 abc\r\nabcd\r\n0\r\n\r\n"),
        Stays("7.1.2", "A trailer does not change the head.",
            Chunked + "4\r\nabcd\r\n0\r\nX-Trailer: a\r\nHost: evil.example\r\nContent-Length: 99\r\n\r\n")
            with { Seen = "abcd", Unseen = "X-Trailer" },
        Refuses("7.1.2", "Trailers are fields.", Chunked + "4\r\nabcd\r\n0\r\nno field\r\n\r\n"),
        Stays("7.4", "TE is for one connection.", Get("/x", "TE: trailers\r\nConnection: TE\r\n"))
            with { Unseen = "TE:" },

        // 9. Connections
        Stays("9.3", "HTTP/1.1 stays open.", Get("/x")),
        Stays("9.3", "HTTP/1.1 stays open.", Get("/x", "Connection: keep-alive\r\n")),
        Closes("9.3", "A proxy keeps no connection open with a client of HTTP/1.0.", "GET /x HTTP/1.0\r\n\r\n", 200),
        Closes("9.3", "A proxy keeps no connection open with a client of HTTP/1.0.",
            "GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200),
        Closes("9.3", "A body is read to its end before the next request, or the connection ends.",
            "POST /x HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 4\r\n\r\nabcd", 403),
        Closes("9.3", "A body is read to its end before the next request, or the connection ends.",
            $"POST /x HTTP/1.1\r\n{Host}Content-Length: 2000000\r\n\r\nabcd", 413),
        Stays("9.3", "A body is read to its end before the next request, or the connection ends.",
            Get("/_rotato/metrics", "Content-Length: 4\r\n") + "abcd"),
        Closes("9.6", NoOtherRequest, Get("/x", "Connection: close\r\n"), 200),
        Closes("9.6", NoOtherRequest, Get("/x", "Connection: a, CLOSE\r\n"), 200),
        Closes("9.6", NoOtherRequest, Get("/_rotato/status", "Connection: close\r\n"), 200),

        // RFC 9110, where a server of HTTP/1.1 stands and falls with it
        Stays("RFC 9110 7.6.1", "What Connection lists is for one connection.",
            Get("/x", "Connection: x-hop\r\nX-Hop: a\r\nKeep-Alive: 5\r\n")) with { Unseen = "op: a" },
        Stays("RFC 9110 7.8", "An upgrade that is not supported is ignored.",
            Get("/x", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: a\r\n"))
            with { Unseen = "h2c" },
        Closes("RFC 9110 10.1.1", "In HTTP/1.0 nobody waits for 100.",
            "POST /x HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd", 200)
            with { Seen = "abcd", Unseen = "Expect" },
    ];

    private static IEnumerable<AnswerMust> Answers =>
    [
        new("2.3", "A proxy speaks its own version.", "GET / HTTP/1.1", "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
            "HTTP/1.1 200 OK", "4", "body"),
        new("4", "There is a blank behind the status, also where no reason follows.", "GET / HTTP/1.1",
            "HTTP/1.1 299 \r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 299 ", "4", "body"),
        new("5.1", "A blank before the colon of an answer's field is taken away, or the answer refused.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 ", "*", "*"),
        new("5.2", "A folded line of an answer is unfolded, or the answer is refused.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 ", "*", "*"),
        new("6.1", "No coding is sent to HTTP/1.0.", "GET / HTTP/1.0",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "HTTP/1.1 200 OK", "", "body"),
        new("6.1", "No coding is sent with a 204.", "GET / HTTP/1.1",
            "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 204 ", "", ""),
        new("6.2", "No length is sent beside a coding; the coding counts.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK", "chunked", "body"),
        new("RFC 9110 8.6", "No length is sent with a 204.", "GET / HTTP/1.1",
            "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 ", "", ""),
        new("6.3", "An answer to HEAD ends with its head.", "HEAD / HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n",
            "HTTP/1.1 200 OK", "4", ""),
        new("6.3", "An answer to HEAD ends with its head.", "HEAD / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK", "", ""),
        new("6.3", "A 304 ends with its head.", "GET / HTTP/1.1", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n",
            "HTTP/1.1 304 ", "4", ""),
        .. new[] { "x", "", "+4", "-4", "0x4", "4 4", "4, 5", "4\r\nContent-Length: 5", "99999999999999999999" }.Select(length =>
            new AnswerMust("6.3", "A length that is none makes it a 502.", "GET / HTTP/1.1",
                $"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nbody", "HTTP/1.1 502 ", "*", "*")),
        new("6.3", "A coding that is not undone makes it a 502.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", "HTTP/1.1 502 ", "*", "*"),
        new("6.3", "Without a length and a coding an answer ends with its connection.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.1 200 OK", "chunked", "body"),
        new("6.3", "Without a length and a coding an answer ends with its connection.", "GET / HTTP/1.0",
            "HTTP/1.1 200 OK\r\n\r\nbody", "HTTP/1.1 200 OK", "", "body"),
        new("7.1.2", "A trailer does not change the head.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nContent-Length: 9\r\n\r\n",
            "HTTP/1.1 200 OK", "chunked", "body"),
        new("9.6", "\"close\" is for one connection.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 200 OK", "4", "body"),
        new("RFC 9110 7.6.1", "What Connection lists is for one connection.", "GET / HTTP/1.1",
            "HTTP/1.1 200 OK\r\nConnection: evil\r\nEvil: a\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 200 OK", "4", "body"),
        new("RFC 9110 15.2", "An informational answer is not the last one.", "GET / HTTP/1.0",
            "HTTP/1.1 103 Early Hints\r\nEvil: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", "HTTP/1.1 200 OK", "4", "body"),
    ];

    [TestCaseSource(nameof(Requests))]
    public async Task OfARequest(RequestMust must)
    {
        using var upstream = new ScriptedUpstream(request => Ok(request.Target));
        await using var rotato = new RunningRotato(upstream, "--max-body 1");
        var client = await rotato.ConnectAsync();

        await client.SendAsync(must.Sent + Get("/behind"));
        var response = await client.ReadAsync();

        Assert.That(response.Status, Is.EqualTo(must.Status));
        Assert.That(response.IsComplete);
        if (must.Behind == Behind.Stays)
        {
            Assert.That(response["Connection"], Is.Null);
            Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/behind"));
        }
        else
        {
            Assert.That(response["Connection"], Is.EqualTo("close"));
            client.HalfClose();
            Assert.That(await client.ReadToEndAsync(), Is.Empty);
            Assert.That(client.EndedInOrder, Is.True);
            Assert.That(upstream.Requests.Select(request => request.Target), Has.None.EqualTo("/behind"));
        }

        var seen = upstream.Requests.Where(request => request.Target != "/behind").ToArray();
        if (must.Status != 200) Assert.That(seen, Is.Empty);
        Assert.That(string.Concat(seen.Select(request => request.Head + Encoding.Latin1.GetString(request.Body))),
            Does.Contain(must.Seen).And.Not.Contain(must.Unseen));
    }

    [TestCaseSource(nameof(Answers))]
    public async Task OfAnAnswer(AnswerMust must)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync($"{must.Request}\r\n{Host}\r\n");
        await (await upstream.NextAsync()).SendAndCloseAsync(must.Sent);

        var response = await client.ReadAsync(isHead: must.Request.StartsWith("HEAD", StringComparison.Ordinal));

        Assert.That(response.Line, Does.StartWith(must.Line));
        Assert.That(response.IsComplete);
        Assert.That(response["Evil"], Is.Null);
        Assert.That(response.Fields.Select(field => field.Name), Has.All.Match("^[-A-Za-z]+$"));
        if (response.Status == 502) Assert.That(response.ErrorCode, Is.EqualTo("upstream_unreachable"));
        else Assert.That(response.Text, Is.EqualTo(must.Body == "*" ? "body" : must.Body));
        if (must.Framing != "*")
            Assert.That(response["Transfer-Encoding"] + response["Content-Length"], Is.EqualTo(must.Framing));
        var stays = must.Request.EndsWith("1.1", StringComparison.Ordinal);
        Assert.That(response["Connection"], Is.EqualTo(stays ? null : "close"));
        if (!stays) return;

        var next = client.AskAsync(Get("/next"));
        await (await upstream.NextAsync()).SendAsync(Ok("next"));
        Assert.That((await next).Text, Is.EqualTo("next"));
    }

    /// <summary>6.3 and 8: a request whose body is not all there is none, and is not passed on.</summary>
    [TestCase("Content-Length: 5\r\n\r\nabcd")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\nX: y\r\n")]
    [TestCase("X: y")]
    public async Task ARequestThatIsCutIsNone(string cut)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\n{Host}{cut}");

        client.HalfClose();

        Assert.That(await client.ReadToEndAsync(), Does.Not.Contain(" 200 "));
        Assert.That(upstream.Connections, Is.Zero);
    }

    /// <summary>
    /// 8: an answer that is cut does not look complete, with any framing that shows it.
    /// </summary>
    [TestCase("1.1", "Content-Length: 5\r\n\r\nbody")]
    [TestCase("1.1", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")]
    [TestCase("1.0", "Content-Length: 5\r\n\r\nbody")]
    [TestCase("1.0", "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n")]
    public async Task AnAnswerThatIsCutStaysCut(string version, string answer)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();
        await client.SendAsync($"GET / HTTP/{version}\r\n{Host}\r\n");
        await (await upstream.NextAsync()).SendAndCloseAsync($"HTTP/1.1 200 OK\r\n{answer}");

        var response = await client.ReadAsync();

        Assert.That(response.IsComplete, Is.False);
    }

    /// <summary>9.2 and 9.3.2: whatever takes how long, the answers come in the order of the requests.</summary>
    [Test]
    public async Task AnswersComeInTheOrderOfTheRequests()
    {
        using var upstream = new ScriptedUpstream(request => Ok(request.Target));
        await using var rotato = new RunningRotato(upstream);
        var client = await rotato.ConnectAsync();

        await client.SendAsync(Get("/1") + Get("/_rotato/status") + Post("abcd", "/3") + $"HEAD /4 HTTP/1.1\r\n{Host}\r\n" + Get("/5"));

        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/1"));
        Assert.That((await client.ReadAsync()).Text, Does.Contain("\"version\""));
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/3"));
        Assert.That((await client.ReadAsync(isHead: true))["Content-Length"], Is.EqualTo("2"));
        Assert.That((await client.ReadAsync()).Text, Is.EqualTo("/5"));
    }

    /// <summary>9.3.1: what is not known to be harmless is not sent again by itself.</summary>
    [TestCase("POST")]
    [TestCase("PATCH")]
    [TestCase("PUT")]
    [TestCase("DELETE")]
    [TestCase("X")]
    public async Task ARequestThatMayHaveBeenWorkedOnIsNotRepeated(string method)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream, keys: 2);
        var client = await rotato.ConnectAsync();
        await client.SendAsync($"{method} / HTTP/1.1\r\n{Host}Content-Length: 4\r\n\r\nabcd");

        (await upstream.NextAsync()).Close();

        Assert.That((await client.ReadAsync()).ErrorCode, Is.EqualTo("upstream_unreachable"));
        Assert.That(upstream.Requests, Has.Length.EqualTo(1));
    }

    private static RequestMust Stays(string section, string sentence, string sent) =>
        new(section, sentence, sent, 200, Behind.Stays);

    private static RequestMust Closes(string section, string sentence, string sent, int status) =>
        new(section, sentence, sent, status, Behind.Closes);

    private static RequestMust Refuses(string section, string sentence, string sent) => Closes(section, sentence, sent, 400);
}
