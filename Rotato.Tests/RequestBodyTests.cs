using System.Text;
using static ErrorCode;

namespace Rotato.Tests;

/// <summary>A chunked body as it is sent, and its content or the code of its refusal.</summary>
internal sealed record ChunkedVector(string Name, string Text, string Expected, bool IsRefused)
{
    public const string Head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    public override string ToString() => Name;

    public static IEnumerable<ChunkedVector> Valid =>
    [
        Good("nothing", "0\r\n\r\n", ""),
        Good("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        Good("three chunks", "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"),
        Good("zeros before the size", "00000005\r\nhello\r\n0\r\n\r\n", "hello"),
        Good("eight zeros at the end", "5\r\nhello\r\n00000000\r\n\r\n", "hello"),
        Good("small hex digits", "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", "abcdefghijklmnopqrstuvwxyz"),
        Good("capital hex digits", "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", "abcdefghijklmnopqrstuvwxyz"),
        Good("line ends as data", "4\r\n\r\n\r\n\r\n2\r\n\n\r\r\n0\r\n\r\n", "\r\n\r\n\n\r"),
        Good("the end of a body as data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
        Good("every byte as data", $"100\r\n{EveryByte}\r\n0\r\n\r\n", EveryByte),
        Good("a trailer", "5\r\nhello\r\n0\r\nX: a\r\n\r\n", "hello"),
        Good("trailers that would mean something in a head",
            "5\r\nhello\r\n0\r\nContent-Length: 9\r\nHost: evil\r\nTransfer-Encoding: gzip\r\n\r\n", "hello"),
        Good("trailers behind nothing", "0\r\nX: a\r\nY:\r\n\r\n", ""),
        Good("100 trailers", $"0\r\n{Many("X: a\r\n", 100)}\r\n", ""),
    ];

    public static IEnumerable<ChunkedVector> Invalid =>
    [
        .. new[]
        {
            "", " ", "0x5", "0X5", "x5", "-1", "-0", "+5", "+0", " 5", "5 ", "\t5", "5\t", "5 5", "5_", "5,5", "5.0",
            "5h", "5H", "h", "g5", "\"5\"", "\u00b2",
            "5\u0000", "0\u0000", "\u00005", "5\u007f", "5\u00a0", "\u00a05", "5\u0085", "5\u000b",
            "000000005", "000000000", "100000000", "FFFFFFFFF", "FFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF",
            "FFFFFFFFFFFFFFFB", "10000000000000005",
            // Extensions: the sizes are right, and skipping what is behind them is where other parsers went wrong.
            "5;", "5;a", "5;a=b", "5; a=\"b\"", "5 ;a", "5;\n", "5;a\nb", "5;a\rb", ";", ";a", "5:", "5#", "5\r",
            "5\r5",
        }.Select(size => Bad($"size \"{RequestHeadVectors.Visible(size)}\"",
            $"{size}\r\nhello\r\n0\r\n\r\n")),
        Bad("bare LF behind the size", "5\nhello\r\n0\r\n\r\n"),
        Bad("bare LF behind the last size", "5\r\nhello\r\n0\n\r\n"),
        Bad("bare LF behind the data", "5\r\nhello\n0\r\n\r\n"), Bad("bare LF at the end", "5\r\nhello\r\n0\r\n\n"),
        Bad("two bare LF at the end", "5\r\nhello\r\n0\n\n"), Bad("CR CR LF at the end", "5\r\nhello\r\n0\r\n\r\r\n"),
        Bad("no line end behind the data", "5\r\nhello0\r\n\r\n"),
        Bad("more data than the size", "5\r\nhello!\r\n0\r\n\r\n"),
        Bad("less data than the size", "5\r\nhell\r\n0\r\n\r\n"),
        Bad("two line ends behind the data", "5\r\nhello\r\n\r\n0\r\n\r\n"),
        Bad("bare CR behind the data", "5\r\nhello\r0\r\n\r\n"),
        Bad("blank behind the data", "5\r\nhello \r\n0\r\n\r\n"),
        Bad("trailer without a colon", "0\r\nno colon\r\n\r\n"), Bad("trailer without a name", "0\r\n: a\r\n\r\n"),
        Bad("trailer with a blank before the colon", "0\r\nX : a\r\n\r\n"),
        Bad("folded trailer", "0\r\nX: a\r\n b\r\n\r\n"),
        Bad("trailer with NUL", "0\r\nX: \u0000\r\n\r\n"), Bad("trailer with a bare CR", "0\r\nX: a\rY: b\r\n\r\n"),
        Bad("trailer that ends in a bare LF", "0\r\nX: a\n\r\n"),
        Bad("the next request in place of the end", "0\r\nGET / HTTP/1.1\r\n\r\n"),
        Bad("101 trailers", $"0\r\n{Many("X: a\r\n", 101)}\r\n", HeadersTooLarge),
        Bad("trailer without end", $"0\r\nX: {new string('a', 100_000)}", HeadersTooLarge),
        Bad("size without end", new string('0', 100_000)),
        Bad("a chunk of 4 GiB", "FFFFFFFF\r\nhello\r\n0\r\n\r\n", PayloadTooLarge),
        Bad("a chunk of 2 GiB", "80000000\r\nhello\r\n0\r\n\r\n", PayloadTooLarge),
        Bad("a chunk of 2 GiB after another", "5\r\nhello\r\n7fffffff\r\nhello\r\n0\r\n\r\n", PayloadTooLarge),
    ];

    private static string EveryByte => string.Concat(Enumerable.Range(0, 256).Select(i => (char)i));

    private static string Many(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
    private static ChunkedVector Good(string name, string text, string content) => new(name, text, content, false);
    private static ChunkedVector Bad(string name, string text, ErrorCode code = BadRequest) =>
        new(name, text, code.ToString(), true);
}

/// <summary>Bodies of both framings, whichever way their bytes come.</summary>
[NonParallelizable] // what all bodies hold at once is counted in one place
internal sealed class RequestBodyTests
{
    private const string NeedsMore = "needs more";
    private const long Mebi = 1 << 20, InAll = 512 * Mebi;

    private static IEnumerable<ChunkedVector> All => [.. ChunkedVector.Valid, .. ChunkedVector.Invalid];
    private static IEnumerable<ChunkedVector> Valid => ChunkedVector.Valid;

    [TestCaseSource(nameof(All))]
    public async Task ChunksComeToTheSameInEveryWay(ChunkedVector vector)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 2, 3, 7 })
        {
            var feed = new Feed(ChunkedVector.Head + vector.Text, piece);
            Assert.That(await ReadAsync(feed), Is.EqualTo(vector.Expected), $"in pieces of {piece}");
        }

        Assert.That(await ReadAsync(new Feed(ChunkedVector.Head + vector.Text + RequestHeadVectors.Next)),
            Is.EqualTo(vector.Expected));
    }

    [TestCaseSource(nameof(All))]
    public async Task ChunksComeToTheSameWhereverTheyAreCut(ChunkedVector vector)
    {
        var bytes = Encoding.Latin1.GetBytes(ChunkedVector.Head + vector.Text);
        for (var cut = ChunkedVector.Head.Length; cut < bytes.Length; cut += bytes.Length < 1000 ? 1 : 97)
            Assert.That(await ReadAsync(new Feed(bytes, cut)), Is.EqualTo(vector.Expected), $"cut at {cut}");
    }

    [TestCaseSource(nameof(Valid))]
    public async Task ChunksLeaveTheNextRequestUntouched(ChunkedVector vector)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 7 })
        {
            var feed = new Feed(ChunkedVector.Head + vector.Text + RequestHeadVectors.Next + "1234567"
                + RequestHeadVectors.Next, piece);
            Assert.That(await ReadAsync(feed), Is.EqualTo(vector.Expected));
            Assert.That(await ReadAsync(feed), Is.EqualTo("1234567"));
            Assert.That(await feed.RestAsync(RequestHeadVectors.Next.Length), Is.EqualTo(RequestHeadVectors.Next));
        }
    }

    [TestCaseSource(nameof(Valid))]
    public async Task ChunksTakeNoByteMoreThanTheirFrame(ChunkedVector vector)
    {
        var feed = new Feed(ChunkedVector.Head + vector.Text + RequestHeadVectors.Next, 1);
        await ReadAsync(feed);
        Assert.That(feed.Given, Is.EqualTo(ChunkedVector.Head.Length + vector.Text.Length));
    }

    [TestCaseSource(nameof(Valid))]
    public async Task ChunksThatAreNotAllThereNeedMore(ChunkedVector vector)
    {
        for (var length = 0; length < vector.Text.Length; length++)
        {
            Assert.That(await ReadAsync(new Feed(ChunkedVector.Head + vector.Text[..length])), Is.EqualTo(NeedsMore),
                $"first {length} bytes");
        }
    }

    [TestCase("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "")]
    [TestCase("GET / HTTP/1.0\r\n\r\n", "")]
    [TestCase("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "")]
    [TestCase("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "hello")]
    [TestCase("POST / HTTP/1.0\r\nContent-Length: 7\r\n\r\n", "\r\n\r\n0\r\n")]
    [TestCase("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", "hello")]
    public async Task ALengthIsReadExactly(string head, string content)
    {
        foreach (var piece in new[] { int.MaxValue, 1, 2, 3, 7 })
        {
            var feed = new Feed(head + content + RequestHeadVectors.Next + "1234567", piece);
            Assert.That(await ReadAsync(feed), Is.EqualTo(content));
            Assert.That(await ReadAsync(feed), Is.EqualTo("1234567"));
            Assert.That(feed.Given, Is.EqualTo(head.Length + content.Length + RequestHeadVectors.Next.Length + 7));
        }

        for (var length = 0; length < content.Length; length++)
        {
            Assert.That(await ReadAsync(new Feed(head + content[..length])), Is.EqualTo(NeedsMore),
                $"first {length} bytes");
        }
    }

    /// <summary>
    /// What is not there yet is received straight into the body: nothing of what follows is even asked for.
    /// </summary>
    [Test]
    public async Task ALongBodyIsReceivedWithoutWhatFollows()
    {
        var text = $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n{new string('x', 100_000)}";
        var feed = new Feed(text + RequestHeadVectors.Next);
        Assert.That(await ReadAsync(feed), Has.Length.EqualTo(100_000));
        Assert.That(feed.Given, Is.EqualTo(text.Length));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task EveryByteArrivesInWhateverPieces(bool chunked)
    {
        var random = new Random(1);
        var content = new byte[300_000];
        random.NextBytes(content);
        var text = Encoding.Latin1.GetString(content);
        var wire = new StringBuilder(chunked ? ChunkedVector.Head
            : $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {content.Length}\r\n\r\n");
        if (!chunked) wire.Append(text);
        for (var (i, size) = (0, 0); chunked && i < content.Length; i += size)
        {
            size = Math.Min(random.Next(1, 20_000), content.Length - i);
            wire.Append(System.Globalization.CultureInfo.InvariantCulture, $"{size:x}\r\n{text.AsSpan(i, size)}\r\n");
        }

        var bytes = Encoding.Latin1.GetBytes(wire.Append(chunked ? "0\r\n\r\n" : "").ToString());
        foreach (var most in new[] { 10, 5000, 100_000 })
        {
            Assert.That(await ReadAsync(new Feed(bytes, _ => random.Next(1, most))) == text,
                $"in pieces of up to {most}");
        }
    }

    /// <summary>
    /// The connection receives ahead while an answer is under way; a body must not receive beside that.
    /// </summary>
    [Test]
    public async Task ABodyWaitsForAReceiveUnderWay()
    {
        var (calls, room) = (0, Memory<byte>.Empty);
        var arrived = new TaskCompletionSource<int>();
        var input = new Input(to =>
        {
            room = to;
            if (++calls == 2) return new(arrived.Task);
            if (calls > 2) throw new EndOfStreamException();
            return ValueTask.FromResult(Encoding.Latin1.GetBytes("POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n",
                to.Span));
        });
        var head = await RequestHead.ReadAsync(input);
        var ahead = input.FillAsync();
        using var body = new RequestBody(100);
        var reading = body.ReadAsync(head, input);
        Assert.That(reading.IsCompleted, Is.False);

        arrived.SetResult(Encoding.Latin1.GetBytes("helloGET / HTTP/1.0\r\n\r\n", room.Span));
        await ahead;
        await reading;
        Assert.That(Encoding.Latin1.GetString(body.Content.Span), Is.EqualTo("hello"));
        Assert.That(RequestHeadVector.Describe(await RequestHead.ReadAsync(input)), Is.EqualTo("GET / HTTP/1.0 | 0"));
        Assert.That(calls, Is.EqualTo(2));
    }

    [TestCase("Content-Length: 1000\r\n\r\n{0}", 1000, true)]
    [TestCase("Content-Length: 1000\r\n\r\n{0}", 999, false)]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n3e8\r\n{0}\r\n0\r\n\r\n", 1000, true)]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n3e8\r\n{0}\r\n0\r\n\r\n", 999, false)]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n3e8\r\n{0}\r\n1\r\nx\r\n0\r\n\r\n", 1001, true)]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n3e8\r\n{0}\r\n1\r\nx\r\n0\r\n\r\n", 1000, false)]
    [TestCase("Content-Length: 1\r\n\r\nx", 0, false)]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0, true)]
    public async Task TheLargestBodyIsServedAndOneByteMoreRefused(string template, int max, bool served)
    {
        var text = "POST / HTTP/1.1\r\nHost: a\r\n"
            + template.Replace("{0}", new string('x', 1000), StringComparison.Ordinal);
        var outcome = await ReadAsync(new Feed(text), max);
        Assert.That(outcome, served ? Does.Match("^x*$") : Is.EqualTo(nameof(PayloadTooLarge)));
    }

    [TestCase("Content-Length: 1001\r\n\r\n")]
    [TestCase("Content-Length: 10000000000\r\n\r\n")]
    [TestCase("Content-Length: 999999999999999\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n3e9\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n7fffffff\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\nffffffff\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n3e8\r\n")]
    public async Task TooMuchIsRefusedBeforeItComesAndTakesNoMemory(string fields)
    {
        var feed = new Feed($"POST / HTTP/1.1\r\nHost: a\r\n{fields}");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(await ReadAsync(feed, 1000), Is.EqualTo(nameof(PayloadTooLarge)));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(Mebi));
    }

    /// <summary>Copying the body again at every chunk would come to five gigabytes here.</summary>
    [Test]
    public async Task ManyTinyChunksCostLittle()
    {
        var feed = new Feed($"{ChunkedVector.Head}{string.Concat(Enumerable.Repeat("1\r\nx\r\n", 100_000))}0\r\n\r\n");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(await ReadAsync(feed), Has.Length.EqualTo(100_000));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100 * Mebi));
    }

    [Test]
    public async Task TrailersDoNotChangeTheHead()
    {
        var feed = new Feed($"{ChunkedVector.Head}0\r\nHost: evil\r\nX: a\r\nAuthorization: b\r\n\r\n");
        var head = await RequestHead.ReadAsync(feed.Input);
        var before = RequestHeadVector.Describe(head);
        using var body = new RequestBody(1000);
        await body.ReadAsync(head, feed.Input);
        Assert.That(RequestHeadVector.Describe(head), Is.EqualTo(before));
    }

    /// <summary>512 MiB in all.</summary>
    [TestCase("Content-Length: {0}\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n{0:x}\r\n")]
    public async Task WhatAllBodiesHoldIsBoundedAndGivenBack(string fields)
    {
        const long Each = 64 * Mebi;
        var text = $"POST / HTTP/1.1\r\nHost: a\r\n{fields}";
        for (var round = 0; round < 2; round++)
        {
            var bodies = new List<RequestBody>();
            for (var i = 1; i < InAll / Each; i++)
                Assert.That(await HoldAsync(text, Each, Each - 1, bodies), Is.EqualTo(NeedsMore));
            Assert.That(await HoldAsync(text, Each, Each - 1, bodies), Is.EqualTo(NeedsMore));
            Assert.That(await HoldAsync(text, Each, Each, bodies), Is.EqualTo(nameof(TooBusy)));
            Assert.That(await HoldAsync(text, 1, 1, bodies), Is.EqualTo(nameof(TooBusy)));
            Assert.That(await HoldAsync("GET / HTTP/1.0\r\n\r\n", Each, 0, bodies), Is.Empty, "nothing to hold");

            bodies.Skip(1).ToList().ForEach(body => body.Dispose());
            var others = new List<RequestBody>();
            for (var i = 1; i < InAll / Each; i++)
                Assert.That(await HoldAsync(text, Each, Each - 1, others), Is.EqualTo(NeedsMore));
            Assert.That(await HoldAsync(text, Each, Each, others), Is.EqualTo(nameof(TooBusy)));
            others.ForEach(body => body.Dispose());
            bodies[0].Dispose();
        }
    }

    /// <summary>Else a few clients that announce much and send nothing would keep out all others.</summary>
    [TestCase("Content-Length: {0}\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n{0:x}\r\n")]
    public async Task WhatIsOnlyAnnouncedIsNotHeld(string fields)
    {
        var (bodies, before) = (new List<RequestBody>(), GC.GetAllocatedBytesForCurrentThread());
        for (var i = 0; i < 100; i++)
            Assert.That(await HoldAsync("POST / HTTP/1.1\r\nHost: a\r\n" + fields, 64 * Mebi, 1, bodies), Is.EqualTo(NeedsMore));
        bodies.ForEach(body => body.Dispose());
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(30 * Mebi), "a piece each");
    }

    /// <summary>A body that grows by chunks counts with what it takes, and gives that back whole.</summary>
    [Test]
    public async Task ABodyThatGrewGivesAllBack()
    {
        for (var round = 0; round < 20; round++)
        {
            var small = string.Concat(Enumerable.Repeat("1\r\nx\r\n", 5));
            var feed = new Feed($"{ChunkedVector.Head}{small}{60 * Mebi:x}\r\n");
            Assert.That(await ReadAsync(feed, 64 * Mebi), Is.EqualTo(NeedsMore));
        }
    }

    // A body of so many bytes is announced, of which some come: no byte is written anywhere for them.
    private static async Task<string> HoldAsync(string text, long announced, long sent, List<RequestBody> bodies)
    {
        var head = Encoding.Latin1.GetBytes(string.Format(System.Globalization.CultureInfo.InvariantCulture, text, announced));
        var (left, begun) = (sent, false);
        var input = new Input(room =>
        {
            if (!begun)
            {
                begun = true;
                head.CopyTo(room);
                return ValueTask.FromResult(head.Length);
            }

            var count = Math.Min(left, room.Length);
            left -= count;
            return count > 0 ? ValueTask.FromResult((int)count) : throw new EndOfStreamException();
        });
        bodies.Add(new RequestBody(announced));
        return await OutcomeAsync(bodies[^1], await RequestHead.ReadAsync(input), input);
    }

    private static async Task<string> ReadAsync(Feed feed, long max = 1 << 20)
    {
        var head = await RequestHead.ReadAsync(feed.Input);
        using var body = new RequestBody(max);
        return await OutcomeAsync(body, head, feed.Input);
    }

    private static async Task<string> OutcomeAsync(RequestBody body, RequestHead head, Input input)
    {
        try
        {
            await body.ReadAsync(head, input);
            return Encoding.Latin1.GetString(body.Content.Span);
        }
        catch (Refusal e)
        {
            return e.Code.ToString();
        }
        catch (EndOfStreamException)
        {
            return NeedsMore;
        }
    }
}
