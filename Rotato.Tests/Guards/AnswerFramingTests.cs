using System.Net;
using System.Text;

namespace Rotato.Tests.Guards;

/// <summary>How an answer is framed for the client (RFC 9112 section 6.3), and which are refused for theirs.</summary>
internal sealed class AnswerFramingTests
{
    [TestCase(200, "GET", true, "Content-Length: 5", "body of 5 bytes")]
    [TestCase(200, "GET", false, "Content-Length: 5", "body of 5 bytes")]
    [TestCase(404, "POST", true, "Content-Length: 0", "body of 0 bytes")]
    [TestCase(200, "GET", true, "Transfer-Encoding: chunked", "body in chunks")]
    [TestCase(200, "GET", false, "Transfer-Encoding: chunked", "body until the end")]
    [TestCase(200, "GET", true, "X: y", "body in chunks")]
    [TestCase(200, "GET", false, "X: y", "body until the end")]
    [TestCase(200, null, false, "Content-Length: 5", "body of 5 bytes")]
    [TestCase(200, "HEAD", true, "Content-Length: 5", "no body, said to be of 5 bytes")]
    [TestCase(200, "HEAD", true, "Transfer-Encoding: chunked", "no body")]
    [TestCase(200, "HEAD", false, "X: y", "no body")]
    [TestCase(304, "GET", true, "Content-Length: 5", "no body, said to be of 5 bytes")]
    [TestCase(304, "GET", true, "X: y", "no body")]
    [TestCase(204, "GET", true, "Content-Length: 5", "no body")]
    [TestCase(204, "GET", true, "Transfer-Encoding: chunked", "no body")]
    [TestCase(204, "DELETE", false, "X: y", "no body")]
    [TestCase(101, "GET", true, "X: y", "body until the end")]
    [TestCase(101, "GET", true, "Content-Length: 5", "body until the end")]
    public void AnAnswerIsFramedByStatusMethodAndVersion(int status, string? method, bool isHttp11, string field,
        string expected)
    {
        using var response = Response(status, field);
        var framing = AnswerFraming.Of(response, method, isHttp11);

        Assert.That(Describe(framing), Is.EqualTo(expected));
        Assert.That(framing.EndsByClosing, Is.EqualTo(expected.EndsWith("until the end", StringComparison.Ordinal)));
    }

    [Test]
    public void ChunkedWinsOverALengthBesideIt()
    {
        using var response = Response(200, "Transfer-Encoding: chunked", "Content-Length: 5");
        Assert.That(Describe(AnswerFraming.Of(response, "GET", true)), Is.EqualTo("body in chunks"));
        Assert.That(Describe(AnswerFraming.Of(response, "GET", false)), Is.EqualTo("body until the end"));
    }

    [Test]
    public void AnAnswerOfRotatosOwnHasItsLength()
    {
        using var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(new byte[9]) };
        Assert.That(Describe(AnswerFraming.Of(response, "GET", true)), Is.EqualTo("body of 9 bytes"));
    }

    [TestCase(true, null, true, 200, true, "Transfer-Encoding: chunked")]
    [TestCase(true, null, true, 200, false, "Transfer-Encoding: chunked | Connection: close")]
    [TestCase(true, 5L, false, 200, true, "Content-Length: 5")]
    [TestCase(true, 5L, false, 500, false, "Content-Length: 5 | Connection: close")]
    [TestCase(true, null, false, 200, false, "Connection: close")]
    [TestCase(false, null, false, 204, true, "")]
    [TestCase(false, 5L, false, 304, true, "Content-Length: 5")]
    [TestCase(true, null, false, 101, false, "Connection: Upgrade | Upgrade: websocket")]
    public void TheClientIsToldOneFraming(bool hasBody, long? length, bool isChunked, int status, bool stays,
        string expected)
    {
        var head = new StringBuilder();
        new AnswerFraming(hasBody, length, isChunked).AppendFields(status, stays, head);
        var lines = expected.Split(" | ", StringSplitOptions.RemoveEmptyEntries).Select(line => $"{line}\r\n");
        Assert.That(head.ToString(), Is.EqualTo(string.Concat(lines)));
    }

    [TestCase(true, "X: y")]
    [TestCase(true, "Content-Length: 0")]
    [TestCase(true, "Content-Length: 5")]
    [TestCase(true, "Content-Length: 999999999999999")]
    [TestCase(true, "Transfer-Encoding: chunked")]
    [TestCase(true, "Transfer-Encoding: Chunked")]
    [TestCase(true, "Transfer-Encoding: chunked", "Content-Length: 5")]
    [TestCase(true, "Transfer-Encoding: chunked", "Content-Length: x")]
    [TestCase(false, "Content-Length: ")]
    [TestCase(false, "Content-Length: +5")]
    [TestCase(false, "Content-Length: -1")]
    [TestCase(false, "Content-Length: 5, 5")]
    [TestCase(false, "Content-Length: 5", "Content-Length: 5")]
    [TestCase(false, "Content-Length: 5", "Content-Length: 6")]
    [TestCase(false, "Content-Length: 5 5")]
    [TestCase(false, "Content-Length: 5.0")]
    [TestCase(false, "Content-Length: 0x5")]
    [TestCase(false, "Content-Length: abc")]
    [TestCase(false, "Content-Length: \u00b2")]
    [TestCase(false, "Content-Length: 1000000000000000")]
    [TestCase(false, "Content-Length: 100000000000000000000")]
    [TestCase(false, "Transfer-Encoding: ")]
    [TestCase(false, "Transfer-Encoding: gzip")]
    [TestCase(false, "Transfer-Encoding: identity")]
    [TestCase(false, "Transfer-Encoding: gzip, chunked")]
    [TestCase(false, "Transfer-Encoding: gzip", "Transfer-Encoding: chunked")]
    [TestCase(false, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")]
    [TestCase(false, "Transfer-Encoding: chunked, gzip")]
    [TestCase(false, "Transfer-Encoding: xchunked")]
    [TestCase(false, "Transfer-Encoding: gzip", "Content-Length: 5")]
    public void OnlyAnAnswerWhoseEndIsClearPasses(bool isClear, params string[] fields)
    {
        using var response = Response(200, fields);
        Assert.That(Passes(response, Heads.Get()), Is.EqualTo(isClear));
    }

    [TestCase(100, false, false)]
    [TestCase(101, false, false)]
    [TestCase(101, true, true)]
    [TestCase(102, true, false)]
    [TestCase(199, true, false)]
    [TestCase(200, false, true)]
    [TestCase(200, true, true)]
    [TestCase(599, false, true)]
    [TestCase(999, false, true)]
    [TestCase(0, false, false)]
    public void AnInformationalAnswerIsNoFinalOneUnlessAskedFor(int status, bool isUpgrade, bool expected)
    {
        using var response = Response(status);
        var head = isUpgrade ? Heads.Get("/", "Connection: Upgrade", "Upgrade: websocket") : Heads.Get();
        Assert.That(Passes(response, head), Is.EqualTo(expected));
    }

    // What is refused counts as sent: it is not sent again.
    private static bool Passes(HttpResponseMessage response, RequestHead head)
    {
        try
        {
            AnswerFraming.Check(response, head);
            return true;
        }
        catch (HttpRequestException e)
        {
            Assert.That(Resending.FailureOf(e), Is.EqualTo(UpstreamFailure.Invalid));
            return false;
        }
    }

    private static string Describe(AnswerFraming framing)
    {
        if (!framing.HasBody && framing.IsChunked) return "no body, but chunks";
        if (!framing.HasBody) return framing.Length is null ? "no body" : $"no body, said to be of {framing.Length} bytes";
        if (framing.Length is not null) return framing.IsChunked ? "two framings" : $"body of {framing.Length} bytes";
        return framing.IsChunked ? "body in chunks" : "body until the end";
    }

    // As HttpClient gives it: what came, in each line's order, and a content whose length nobody knows.
    private static HttpResponseMessage Response(int status, params string[] fields)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StreamContent(new Endless()) };
        foreach (var parts in fields.Select(field => field.Split(": ", 2)))
        {
            if (!response.Headers.TryAddWithoutValidation(parts[0], parts[1]))
                response.Content.Headers.TryAddWithoutValidation(parts[0], parts[1]);
        }

        return response;
    }

    private sealed class Endless : MemoryStream
    {
        public override bool CanSeek => false;
    }
}
