using System.Text;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Http;

/// <summary>
/// Each vector at once, byte by byte, cut in two at every place, and with the next request behind it.
/// </summary>
internal sealed class HeadReaderTests
{
    private const string NeedsMore = "needs more";

    private static IEnumerable<RequestHeadVector> All => RequestHeadVectors.All;
    private static IEnumerable<RequestHeadVector> Valid => RequestHeadVectors.Valid;

    [TestCaseSource(nameof(All))]
    public async Task ComesToTheSameInEveryWay(RequestHeadVector vector)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await ParseAsync(new Feed(vector.Bytes)), Is.EqualTo(vector.Expected), "at once");
            Assert.That(await ParseAsync(new Feed(vector.Text, 1)), Is.EqualTo(vector.Expected), "byte by byte");
            Assert.That(await ParseAsync(new Feed(vector.Text + RequestHeadVectors.Next)), Is.EqualTo(vector.Expected),
                "with more behind it");
        }
    }

    [TestCaseSource(nameof(All))]
    public async Task ComesToTheSameWhereverItIsCut(RequestHeadVector vector)
    {
        // In a long one every place near the ends and some between.
        var length = vector.Bytes.Length;
        foreach (var cut in Enumerable.Range(1, length - 1)
            .Where(cut => length < 1000 || cut < 50 || cut > length - 50 || cut % 997 == 0))
        {
            Assert.That(await ParseAsync(new Feed(vector.Bytes, cut)), Is.EqualTo(vector.Expected), $"cut at {cut}");
        }
    }

    [TestCaseSource(nameof(Valid))]
    public async Task LeavesTheNextRequestUntouched(RequestHeadVector vector)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 7 })
        {
            var feed = new Feed(vector.Text + RequestHeadVectors.Next + "and on\r\n", piece);
            await ParseAsync(feed);
            Assert.That(await ParseAsync(feed), Is.EqualTo(RequestHeadVectors.NextDescribed));
            Assert.That(await feed.RestAsync(8), Is.EqualTo("and on\r\n"));
        }
    }

    [TestCaseSource(nameof(Valid))]
    public async Task TakesNoByteMoreThanItsHead(RequestHeadVector vector)
    {
        var feed = new Feed(vector.Text + RequestHeadVectors.Next, 1);
        await ParseAsync(feed);
        Assert.That(feed.Given, Is.EqualTo(vector.Bytes.Length));
    }

    [TestCaseSource(nameof(Valid))]
    public async Task EveryPrefixNeedsMore(RequestHeadVector vector)
    {
        for (var length = 1; length < vector.Bytes.Length; length += vector.Bytes.Length < 1000 ? 1 : 997)
        {
            Assert.That(await ParseAsync(new Feed(vector.Bytes[..length])), Is.EqualTo(NeedsMore),
                $"first {length} bytes");
        }
    }

    [Test]
    public void EveryNameStandsForOneVectorAndIsVisible() => Assert.That(All.Select(vector => vector.ToString()),
        Is.Unique.And.All.Matches<string>(name => name.All(c => c is >= ' ' and <= '~')));

    /// <summary>A client that speaks TLS waits for an answer, and would do so until the time-out.</summary>
    [TestCase("\u0016\u0003\u0001")]
    [TestCase("\u0000")]
    public async Task RefusesWhatIsNoTextAtItsFirstByte(string text)
    {
        var feed = new Feed(text, 1);
        Assert.That(await ParseAsync(feed), Is.EqualTo("bad_request"));
        Assert.That(feed.Given, Is.EqualTo(1));
    }

    /// <summary>Lines are judged as they come: what is wrong in the first is not waited for to be complete.</summary>
    [TestCase("get / HTTP/1.1\r\n", "bad_request")]
    [TestCase("GET / HTTP/2.0\r\n", "http_version_not_supported")]
    [TestCase("PRI * HTTP/2.0\r\n", "bad_request")]
    [TestCase("GET a:443 HTTP/1.1\r\n", "bad_request")]
    [TestCase("TRACE / HTTP/1.1\r\n", "bad_request")]
    [TestCase("GET / HTTP/1.1\r\nX y\r\n", "bad_request")]
    public async Task RefusesAsSoonAsItCan(string text, string expected) =>
        Assert.That(await ParseAsync(new Feed(text)), Is.EqualTo(expected));

    [TestCase("", "uri_too_long", 8 << 10)]
    [TestCase("GET / HTTP/1.1\r\n", "headers_too_large", 32 << 10)]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nX: ", "headers_too_large", 32 << 10)]
    public async Task AnEndlessLineIsRefusedAtItsLimit(string start, string expected, int limit)
    {
        var feed = new Feed(start + new string('a', 10 * limit), 1);
        Assert.That(await ParseAsync(feed), Is.EqualTo(expected));
        Assert.That(feed.Given, Is.LessThanOrEqualTo(start.Length + limit + 2));
    }

    [TestCase("GET / HTTP/1.1\r\nHost: a", true)]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive", true)]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nConnection: close", false)]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close", false)]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nconnection: close", false)]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed", true)]
    [TestCase("GET / HTTP/1.0", false)]
    [TestCase("GET / HTTP/1.0\r\nConnection: keep-alive", false)]
    public async Task KnowsWhetherTheConnectionStays(string text, bool expected) =>
        Assert.That((await HeadAsync(text)).KeepsConnection, Is.EqualTo(expected));

    /// <summary>
    /// A key may stand anywhere in what was sent; a refusal's words are fixed, and go to the client and the log.
    /// </summary>
    [TestCaseSource(nameof(All))]
    public async Task ARefusalQuotesNothing(RequestHeadVector vector)
    {
        var secret = Encoding.Latin1.GetString([.. vector.Bytes.Select(b =>
            char.IsAsciiLetterOrDigit((char)b) ? (byte)'Q' : b)]);
        foreach (var text in new[] { vector.Text, secret })
        {
            try
            {
                await HeadReader.ReadAsync(new Feed(text).Input);
            }
            catch (Refusal e)
            {
                Assert.That(e.Message, Does.Not.Contain("QQ").And.Not.Contain("evil").And.All.InRange(' ', '~'));
            }
        }
    }

    private static ValueTask<RequestHead> HeadAsync(string text) =>
        HeadReader.ReadAsync(new Feed(text + "\r\n\r\n").Input);

    private static async Task<string> ParseAsync(Feed feed)
    {
        try
        {
            return RequestHeadVector.Describe(await HeadReader.ReadAsync(feed.Input));
        }
        catch (Refusal e)
        {
            return e.Code.Name;
        }
        catch (EndOfStreamException)
        {
            return NeedsMore;
        }
    }
}
