using System.Globalization;
using System.Text;
using static Rotato.Guards.ErrorCode;

namespace Rotato.Tests.Http;

/// <summary>
/// Some bytes and what they must come to: the text that <see cref="Describe"/> makes of a head, or the name of the
/// refusal's code. The section is the one of RFC 9112 or 9110 that the row is about, or that of Rotato's own contract
/// where it is stricter.
/// </summary>
internal sealed record RequestHeadVector(string Name, string Section, string Text, string Expected)
{
    public byte[] Bytes => Encoding.Latin1.GetBytes(Text);
    public bool IsRefused => !Expected.Contains(' ', StringComparison.Ordinal);

    // What the test runner shows: no byte of the input, which may be a control character.
    public override string ToString() => $"{Name} [{Section}]";

    public static string Describe(RequestHead head)
    {
        var length = head.BodyLength is { } count ? count.ToString(CultureInfo.InvariantCulture) : "chunked";
        var fields = string.Concat(head.Fields.Select(field => $" | {field.Key}: {field.Value}"));
        return $"{head.Method} {head.Target} {(head.IsHttp11 ? "HTTP/1.1" : "HTTP/1.0")} | {length}{fields}";
    }
}

/// <summary>All bytes that Rotato's head parser is known to be right about.</summary>
internal static class RequestHeadVectors
{
    // By the contract: a request line of 8 KiB and 32 KiB of field lines with their ends are allowed, one byte more is
    // not.
    private const int LongestLine = 8 << 10, MostHeadBytes = 32 << 10, MostFields = 100;

    public const string Next = "PUT /next?a=b HTTP/1.1\r\nHost: b\r\nContent-Length: 7\r\n\r\n";
    public const string NextDescribed = "PUT /next?a=b HTTP/1.1 | 7 | Host: b | Content-Length: 7";

    public static IEnumerable<RequestHeadVector> All => [.. Valid, .. Invalid];

    public static IEnumerable<RequestHeadVector> Valid =>
    [
        // Request lines
        new("smallest", "9112 s3", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1 | 0 | Host: a"),
        new("HTTP/1.0 without a Host", "9112 s3.2", "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0 | 0"),
        new("HTTP/1.0 with a Host", "9112 s3.2", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.0 | 0 | Host: a"),
        GoodLine("HEAD / HTTP/1.1", "9110 s9.3.2"), GoodLine("OPTIONS /v1 HTTP/1.1", "9110 s9.3.7"),
        GoodLine("DELETE /v1/files/1 HTTP/1.1", "9110 s9.3.5"), GoodLine("PATCH / HTTP/1.1", "5789 s2"),
        GoodLine("X / HTTP/1.1", "9110 s9.1"), GoodLine("PROPFIND / HTTP/1.1", "9110 s9.1"),
        GoodLine("GET /? HTTP/1.1", "9112 s3.2.1"), GoodLine("GET /a?b?c=/%41&&=+ HTTP/1.1", "9112 s3.2.1"),
        GoodLine("GET /a/../b/./%2e%2e/c HTTP/1.1", "contract 3.2, byte for byte"),
        GoodLine("GET /v1beta/models/m:generateContent?alt=sse HTTP/1.1", "9112 s3.2.1"),
        GoodLine("GET /!\"$&'()*+,-.;<=>@[\\]^_`{|}~ HTTP/1.1", "9112 s3.2.1, visible ASCII passes"),
        // A path, although a URL joined carelessly would name a host with it: these must come out exactly as they are.
        GoodLine("GET //evil/x HTTP/1.1", "3986 s3.3"), GoodLine("GET /@evil/x HTTP/1.1", "3986 s3.3"),
        GoodLine("GET /\\evil/x HTTP/1.1", "3986 s3.3"), GoodLine("GET /http://evil/x HTTP/1.1", "3986 s3.3"),
        GoodLine($"GET /{new string('a', LongestLine - 14)} HTTP/1.1", "contract 3.7", "request line of 8 KiB"),

        // The absolute form: its host replaces the Host field, and the gate has its say about that.
        GoodAbsolute("http://b/v1/models?x=y", "/v1/models?x=y"), GoodAbsolute("HTTP://b/", "/"),
        GoodAbsolute("http://b", "/"), GoodAbsolute("http://b?x", "/?x"), GoodAbsolute("http://b/http://c/", "/http://c/"),
        GoodAbsolute("http://b//c", "//c"), GoodAbsolute("http://b:80/", "/", "b:80"),
        GoodAbsolute("http://[::1]:80/", "/", "[::1]:80"),
        new("absolute form in HTTP/1.0", "9112 s3.2.2", "GET http://b/x HTTP/1.0\r\n\r\n", "GET /x HTTP/1.0 | 0 | Host: b"),

        // Fields
        GoodField("X: a", "9112 s5"), GoodField("X:a", "9112 s5", "X: a"), GoodField("X:", "9112 s5", "X: "),
        GoodField("X: \t a b\tc \t", "9110 s5.5", "X: a b\tc"), GoodField("X:\t\t", "9110 s5.5", "X: "),
        GoodField("X: a:b: c", "9112 s5"), GoodField("x: lower case stays", "9110 s5.1"),
        GoodField("!#$%&'*+-.^_`|~09azAZ: every tchar", "9110 s5.6.2"),
        GoodField("X: \"quoted, \\\"twice\"", "9110 s5.6.4"),
        GoodField("X: !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "9110 s5.5"),
        GoodField("X: \u0080\u00a0\u00e9\u00ff", "9110 s5.5, obs-text"),
        GoodField("X: 1\r\nY: 2\r\nX: 3", "9110 s5.3", "X: 1, 3 | Y: 2"),
        GoodField("X: 1\r\nx:\r\nX: 3", "9110 s5.3", "X: 1, , 3"),
        // A field that holds one value, twice the same: once (contract 3.2). Two values, or another field: a list.
        .. new[] { "Content-Type", "User-Agent", "Origin", "Referer", "Idempotency-Key", "anthropic-version",
            "OpenAI-Organization", "OpenAI-Project" }
            .Select(name => GoodField($"{name}: a\r\n{name.ToUpperInvariant()}:a", "contract 3.2", $"{name}: a")),
        GoodField("Content-Type: a\r\nX: b\r\nContent-Type: a\r\nContent-Type: a", "contract 3.2",
            "Content-Type: a | X: b"),
        GoodField("Content-Type: a\r\nContent-Type: b", "9110 s5.3", "Content-Type: a, b"),
        GoodField("Content-Type: a\r\nContent-Type: A", "9110 s5.3", "Content-Type: a, A"),
        GoodField("Content-Type: a\r\nContent-Type:", "9110 s5.3", "Content-Type: a, "),
        GoodField("Accept: a\r\nAccept: a", "9110 s5.3", "Accept: a, a"),
        GoodField("anthropic-beta: a\r\nanthropic-beta: a", "9110 s5.3", "anthropic-beta: a, a"),
        GoodField("Transfer_Encoding: chunked", "9110 s5.1, another name"),
        GoodField("Content_Length: 5", "9110 s5.1, another name"),
        GoodField("Connection: close, Upgrade", "9110 s7.6.1"), GoodField("Expect: 100-continue", "9110 s10.1.1"),

        // Framing
        GoodField("Content-Length: 0", "9112 s6.2"), GoodField("Content-Length: 5", "9112 s6.2", length: "5"),
        GoodField("content-length:5", "9110 s5.1", "content-length: 5", "5"),
        GoodField("Content-Length: \t5\t ", "9110 s5.5", "Content-Length: 5", "5"),
        GoodField("Content-Length: 0005", "9110 s8.6, 1*DIGIT", length: "5"),
        GoodField("Content-Length: 999999999999999", "9110 s8.6, fifteen digits", length: "999999999999999"),
        GoodField("Transfer-Encoding: chunked", "9112 s6.1", length: "chunked"),
        GoodField("transfer-encoding:\tCHUNKED ", "9112 s7, names of codings ignore case", "transfer-encoding: CHUNKED",
            "chunked"),
        GoodField("Transfer-Encoding: Chunked", "9112 s7", length: "chunked"),

        // Boundaries of contract 3.7
        GoodFields($"32 KiB of fields in one line", [Filler("A", MostHeadBytes - "Host: a\r\n".Length)]),
        GoodFields("32 KiB of fields in eight lines",
            [.. Enumerable.Repeat("", 7).Select((_, i) => Filler($"F{i}", 4096)),
            Filler("F7", 4096 - "Host: a\r\n".Length)]),
        GoodFields("100 fields", [.. Enumerable.Range(1, MostFields - 1).Select(i => $"F{i}: x")]),
        GoodFields("100 fields of one name", [.. Enumerable.Repeat("F: x", MostFields - 1)]),
    ];

    public static IEnumerable<RequestHeadVector> Invalid =>
    [
        // Another protocol
        new("TLS ClientHello", "contract: plain HTTP",
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n", BadRequest.Name),
        new("TLS ClientHello with a line end", "contract: plain HTTP", "\u0016\u0003\u0001\n\r\n\r\n",
            BadRequest.Name),
        new("HTTP/2 preface", "9113 s3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BadRequest.Name),
        new("SOCKS 5", "1928 s3", "\u0005\u0001\u0000\r\n\r\n", BadRequest.Name),
        new("SSH", "4253 s4.2", "SSH-2.0-OpenSSH_9.9\r\n\r\n", BadRequest.Name),
        new("an answer", "9112 s2.1", "HTTP/1.1 200 OK\r\nHost: a\r\n\r\n", BadRequest.Name),

        // Request line
        // The one that may come before a request has been taken by whoever waited for it.
        new("empty line first", "9112 s2.2", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest.Name),
        new("blank line first", "9112 s2.2", " \r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest.Name),
        new("bare LF first", "9112 s2.2", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest.Name),
        new("bare CR first", "9112 s2.2", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest.Name),
        new("bare LF after the request line", "9112 s2.2", "GET / HTTP/1.1\nHost: a\r\n\r\n", BadRequest.Name),
        new("CR CR LF after the request line", "9112 s2.2", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", BadRequest.Name),
        BadLine("GET"), BadLine("GET "), BadLine("GET /"), BadLine("GET / "), BadLine("GET  HTTP/1.1"),
        BadLine(" / HTTP/1.1"), BadLine("/ HTTP/1.1"),
        BadLine("  "), BadLine("GET / HTTP/1.1 "), BadLine(" GET / HTTP/1.1"), BadLine("GET  / HTTP/1.1"),
        BadLine("GET /  HTTP/1.1"),
        BadLine("GET\t/ HTTP/1.1"), BadLine("GET /\tHTTP/1.1"), BadLine("GET / HTTP/1.1\t"),
        BadLine("GET / HTTP/1.1 x"),
        BadLine("GET /a b HTTP/1.1"), BadLine("GET\u00a0/ HTTP/1.1"), BadLine("GET /\u000bHTTP/1.1"),

        // Method: HttpClient knows lower-case spellings, CONNECT and TRACE, and each would do something of its own.
        BadLine("get / HTTP/1.1", "9110 s9.1"), BadLine("Get / HTTP/1.1", "9110 s9.1"),
        BadLine("G\u00c9T / HTTP/1.1", "9110 s9.1"),
        BadLine("G\u0000T / HTTP/1.1", "9110 s9.1"), BadLine("G(T / HTTP/1.1", "9110 s9.1"),
        BadLine("GET: / HTTP/1.1", "9110 s9.1"),
        BadLine("TRACE / HTTP/1.1", "9110 s9.3.8"), BadLine("CONNECT / HTTP/1.1", "9110 s9.3.6"),
        BadLine("CONNECT /a:443 HTTP/1.1", "9110 s9.3.6"),

        // Target: the origin form, or the absolute one of plain HTTP
        BadLine("GET https://a/v1 HTTP/1.1", "9112 s3.2.2"), BadLine("GET HTTPS://a/v1 HTTP/1.1", "9112 s3.2.2"),
        BadLine("GET ftp://a/ HTTP/1.1", "9112 s3.2.2"), BadLine("GET ws://a/ HTTP/1.1", "9112 s3.2.2"),
        BadLine("GET http:/a/ HTTP/1.1", "9112 s3.2.2"), BadLine("GET http:a HTTP/1.1", "9112 s3.2.2"),
        BadLine("GET http HTTP/1.1", "9112 s3.2.2"), BadLine("GET //a/ http://a/ HTTP/1.1", "9112 s3.2.2"),
        BadLine("GET http://a/b#c HTTP/1.1", "3986 s3.5"),
        BadLine("GET http://a/\u00e9 HTTP/1.1", "3986 s2"),
        new("absolute form with two Hosts", "9112 s3.2", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            BadRequest.Name),
        new("absolute form with a malformed Host", "9112 s3.2", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n",
            BadRequest.Name),
        new("absolute form without a Host", "9112 s3.2", "GET http://a/ HTTP/1.1\r\nX: a\r\n\r\n", BadRequest.Name),
        BadLine("CONNECT a:443 HTTP/1.1", "9112 s3.2.3"), BadLine("GET a:443 HTTP/1.1", "9112 s3.2.3"),
        BadLine("GET a HTTP/1.1", "9112 s3.2"),
        BadLine("OPTIONS * HTTP/1.1", "9112 s3.2.4"), BadLine("GET * HTTP/1.1", "9112 s3.2.4"),
        BadLine("GET @evil/x HTTP/1.1", "9110 s7.1"),
        BadLine("GET .evil/x HTTP/1.1", "9110 s7.1"), BadLine("GET :1/x HTTP/1.1", "9110 s7.1"),
        BadLine("GET ?x HTTP/1.1", "9110 s7.1"),
        BadLine("GET \\x HTTP/1.1", "9110 s7.1"), BadLine("GET %2f HTTP/1.1", "9110 s7.1"),
        BadLine("GET #/ HTTP/1.1", "9110 s7.1"),
        BadLine("GET /a#b HTTP/1.1", "3986 s3.5"), BadLine("GET /# HTTP/1.1", "3986 s3.5"),
        BadLine("GET /a?b#c HTTP/1.1", "3986 s3.5"),
        BadLine("GET /\u00e9 HTTP/1.1", "3986 s2"), BadLine("GET /\u0080 HTTP/1.1", "3986 s2"),
        BadLine("GET /\u00ff HTTP/1.1", "3986 s2"),
        .. Controls.Where(c => c != '\n').Select(c => BadLine($"GET /{c}x HTTP/1.1", "3986 s2")),
        new("LF in the target", "3986 s2", "GET /\nx HTTP/1.1\r\nHost: a\r\n\r\n", BadRequest.Name),
        BadLine($"GET /{new string('a', LongestLine - 13)} HTTP/1.1", "contract 3.7", UriTooLong,
            "request line of 8 KiB and one byte"),
        BadLine($"GET /{new string('a', 3 * LongestLine)} HTTP/1.1", "contract 3.7", UriTooLong,
            "request line of 24 KiB"),
        BadLine(new string('A', LongestLine + 1), "contract 3.7", UriTooLong, "method longer than 8 KiB"),

        // Version
        BadLine("GET / HTTP/2.0", "9110 s2.5", HttpVersionNotSupported),
        BadLine("GET / HTTP/1.2", "9110 s2.5", HttpVersionNotSupported),
        BadLine("GET / HTTP/0.9", "9110 s2.5", HttpVersionNotSupported),
        BadLine("GET / HTTP/9.9", "9110 s2.5", HttpVersionNotSupported),
        BadLine("GET / HTTP/3.0", "9110 s2.5", HttpVersionNotSupported),
        BadLine("GET / http/1.1", "9112 s2.3"), BadLine("GET / Http/1.1", "9112 s2.3"),
        BadLine("GET / HTTP/1.10", "9112 s2.3"),
        BadLine("GET / HTTP/11", "9112 s2.3"), BadLine("GET / HTTP/1", "9112 s2.3"),
        BadLine("GET / HTTP/01.1", "9112 s2.3"),
        BadLine("GET / HTTP1.1", "9112 s2.3"), BadLine("GET / HTTPS/1.1", "9112 s2.3"),
        BadLine("GET / FTP/1.1", "9112 s2.3"),
        BadLine("GET / 1.1", "9112 s2.3"), BadLine("GET / HTTP/1.1\u0000", "9112 s2.3"),
        // In the form of a version, and whatever it is, it is none that is served.
        BadLine("GET / HTTP/1.\u00b9", "9112 s2.3", HttpVersionNotSupported),

        // Field lines
        new("field before any Host", "9112 s3.2", "GET / HTTP/1.1\r\nX: a\r\n\r\n", BadRequest.Name),
        new("no Host", "9112 s3.2", "GET / HTTP/1.1\r\n\r\n", BadRequest.Name),
        new("a Host spelled otherwise", "9112 s3.2", "GET / HTTP/1.1\r\nHosts: a\r\n\r\n", BadRequest.Name),
        BadField("no colon", "9112 s5"), BadField(": no name", "9112 s5"), BadField(":", "9112 s5"),
        BadField(" ", "9112 s5"),
        BadField("Content-Length : 5", "9112 s5.1"), BadField("Transfer-Encoding\t: chunked", "9112 s5.1"),
        BadField("X : a", "9112 s5.1"),
        BadField(" X: blank before the name", "9112 s5.2"), BadField("\tX: tab before the name", "9112 s5.2"),
        BadField("X: a\r\n folded", "9112 s5.2"), BadField("X: a\r\n\tfolded", "9112 s5.2"),
        BadField("X: a\r\n ", "9112 s5.2"),
        BadField("X: a\r\n folded: with a colon", "9112 s5.2"), BadField("Transfer-Encoding:\r\n chunked", "9112 s5.2"),
        BadField("Content-Length:\r\n 5", "9112 s5.2"),
        .. "\"(),/:;<=>?@[\\]{}".Where(c => c != ':').Select(c => BadField($"X{c}Y: a", "9110 s5.6.2")),
        BadField("X Y: a", "9110 s5.6.2"), BadField("\u00e9: a", "9110 s5.6.2"), BadField("X\u00ff: a", "9110 s5.6.2"),
        BadField("X\u0085: a", "9110 s5.6.2"),
        .. Controls.Where(c => c != '\n').Select(c => BadField($"X{c}: a", "9110 s5.6.2")),
        .. Controls.Where(c => c is not ('\n' or '\t')).SelectMany(c => new[]
        {
            BadField($"X: a{c}b", "9110 s5.5"), BadField($"X:{c}", "9110 s5.5"), BadField($"X: a{c}", "9110 s5.5"),
            BadField($"Host:{c}a", "9110 s5.5"),
        }),
        BadField("X: a\nY: b", "9112 s2.2"), BadField("X: a\n", "9112 s2.2"), BadField("X: a\rY: b", "9112 s2.2"),
        BadField("X: a\n\rY: b", "9112 s2.2"),
        BadField("X: a\r\r\nY: b", "9112 s2.2"), BadField("X: a\r\n\rY: b", "9112 s2.2"),
        new("head ended by LF LF", "9112 s2.2", "GET / HTTP/1.1\r\nHost: a\n\n\r\n\r\n", BadRequest.Name),
        new("head ended by CR LF LF", "9112 s2.2", "GET / HTTP/1.1\r\nHost: a\r\n\n\r\n\r\n", BadRequest.Name),
        new("head ended by CR LF CR CR LF", "9112 s2.2", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n", BadRequest.Name),

        // Framing: whatever two readers could take in two ways
        .. new[] { "+5", "-5", "-0", "5 5", "5,5", "5;5", "5.0", "0x5", "5_0", "\u00b2", "5e1", "'5'", "\"5\"", "a",
            "5a", "a5", "5\u0000", "\u00005", "5\u00a0",
            "", ",", "5,", "1000000000000000a", "+1000000000000000" }
            .Select(value => BadField($"Content-Length: {value}", "9110 s8.6")),
        // Numbers, but no lengths of anything.
        .. new[] { "1000000000000000", "9223372036854775807", "9223372036854775808", "18446744073709551616",
            "18446744073709551621", "99999999999999999999", "0000000000000005", new('9', 1000) }
            .Select(value => BadField($"Content-Length: {value}", "9110 s8.6, too large", PayloadTooLarge)),
        BadField("Content-Length: 5\r\nContent-Length: 5", "9112 s6.3"),
        BadField("Content-Length: 5\r\nContent-Length: 6", "9112 s6.3"),
        BadField("Content-Length: 5\r\ncontent-length: 5", "9112 s6.3"),
        BadField("Content-Length:\r\nContent-Length: 5", "9112 s6.3"),
        BadField("Content-Length: 5\r\nContent-Length:", "9112 s6.3"),
        BadField("Content-Length: 0\r\nX: a\r\nContent-Length: 0", "9112 s6.3"),
        BadField("Content-Length: 5, 5", "9112 s6.3"), BadField("Content-Length: 5, 6", "9112 s6.3"),
        BadField("Content-Length: 5\r\nTransfer-Encoding: chunked", "9112 s6.1"),
        BadField("Transfer-Encoding: chunked\r\nContent-Length: 5", "9112 s6.1"),
        BadField("Content-Length: 0\r\nTransfer-Encoding: chunked", "9112 s6.1"),
        BadField("Transfer-Encoding: identity\r\nContent-Length: 5", "9112 s6.1"),
        BadField("Transfer-Encoding:\r\nContent-Length: 5", "9112 s6.1"),
        BadField("Transfer-Encoding: x\r\nContent-Length: 5", "9112 s6.1"),
        BadField("Content-Length: x\r\nTransfer-Encoding: chunked", "9112 s6.1"),
        new("coding in HTTP/1.0", "9112 s6.1", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
            BadRequest.Name),
        new("unknown coding in HTTP/1.0", "9112 s6.1", "POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n",
            BadRequest.Name),
        new("length and coding in HTTP/1.0", "9112 s6.1",
            "POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", BadRequest.Name),
        // Behind "chunked" nothing may come: 400. Any other coding but exactly "chunked": 501. The connection ends
        // after both.
        .. new[] { "chunked, chunked", "chunked, identity", "chunked, gzip", "chunked," }
            .Select(value => BadField($"Transfer-Encoding: {value}", "9112 s6.3")),
        BadField("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "9112 s6.3"),
        BadField("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "9112 s6.3"),
        BadField("Transfer-Encoding: chunked\r\nX: a\r\ntransfer-encoding:", "9112 s6.3"),
        .. new[]
        {
            "xchunked", "identity, chunked", "identity", "gzip", "gzip, chunked", "deflate", "trailers", "x",
            "chunkedx", "chunke",
            "chun ked", "\"chunked\"", "'chunked'", "chunked;q=1", "chunked; a", ",chunked", "", ",", "chunk\u00e9d",
            "chunked\u00a0", "\u0085chunked",
        }.Select(value => BadField($"Transfer-Encoding: {value}", "9112 s6.1", NotImplemented)),
        BadField("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "9112 s6.1", NotImplemented),
        BadField("Transfer-Encoding:\r\ntransfer-encoding: chunked", "9112 s6.1", NotImplemented),
        .. Controls.Where(c => c is not ('\n' or '\t'))
            .Select(c => BadField($"Transfer-Encoding:{c}chunked", "9110 s5.5")),

        // Boundaries of contract 3.7
        TooLarge("32 KiB and one byte of fields in one line", [Filler("A", MostHeadBytes - "Host: a\r\n".Length + 1)]),
        TooLarge("32 KiB and one byte of fields in eight lines",
            [.. Enumerable.Repeat("", 7).Select((_, i) => Filler($"F{i}", 4096)),
            Filler("F7", 4096 - "Host: a\r\n".Length + 1)]),
        TooLarge("fields of 100 KiB in one line", [Filler("A", 100 << 10)]),
        TooLarge("101 fields", [.. Enumerable.Range(1, MostFields).Select(i => $"F{i}: x")]),
        TooLarge("101 fields of one name", [.. Enumerable.Repeat("F: x", MostFields)]),
    ];

    private static IEnumerable<char> Controls => [.. Enumerable.Range(0, 32).Select(i => (char)i), '\u007f'];

    /// <summary>For names and messages, which must not hold control characters.</summary>
    public static string Visible(string text) =>
        string.Concat(text.Select(c =>
            c is >= ' ' and <= '~' ? $"{c}" : string.Create(CultureInfo.InvariantCulture, $"<{(int)c:X2}>")));

    private static RequestHeadVector GoodLine(string line, string section, string? name = null) =>
        new(name ?? Visible(line), section, $"{line}\r\nHost: a\r\n\r\n", $"{line} | 0 | Host: a");

    private static RequestHeadVector GoodAbsolute(string sent, string target, string host = "b") =>
        new($"absolute form {sent}", "9112 s3.2.2", $"GET {sent} HTTP/1.1\r\nHost: a\r\n\r\n",
            $"GET {target} HTTP/1.1 | 0 | Host: {host}");

    private static RequestHeadVector BadLine(string line, string section = "9112 s3", ErrorCode? code = null,
        string? name = null) =>
        new(name ?? $"line \"{Visible(line)}\"", section, $"{line}\r\nHost: a\r\n\r\n", (code ?? BadRequest).Name);

    private static RequestHeadVector GoodField(string line, string section, string? parsed = null,
        string length = "0") =>
        new(Visible(line), section, $"POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n",
            $"POST / HTTP/1.1 | {length} | Host: a | {parsed ?? line}");

    private static RequestHeadVector BadField(string line, string section, ErrorCode? code = null) =>
        new($"field \"{Visible(line)}\"", section, $"POST / HTTP/1.1\r\nHost: a\r\n{line}\r\n\r\n", (code ?? BadRequest).Name);

    private static RequestHeadVector GoodFields(string name, string[] lines)
    {
        var fields = lines.Select(line => line.Split(": ")).GroupBy(parts => parts[0], parts => parts[1]);
        return new(name, "contract 3.7", WithFields(lines),
            "GET / HTTP/1.1 | 0 | Host: a"
                + string.Concat(fields.Select(field => $" | {field.Key}: {string.Join(", ", field)}")));
    }

    private static RequestHeadVector TooLarge(string name, string[] lines) =>
        new(name, "contract 3.7", WithFields(lines), HeadersTooLarge.Name);

    private static string WithFields(string[] lines) =>
        $"GET / HTTP/1.1\r\nHost: a\r\n{string.Concat(lines.Select(line => line + "\r\n"))}\r\n";

    // A field line that has this many bytes with its end.
    private static string Filler(string name, int bytes) =>
        $"{name}: {new string('x', bytes - name.Length - ": \r\n".Length)}";
}
