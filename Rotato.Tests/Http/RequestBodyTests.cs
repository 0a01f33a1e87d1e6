using System.Buffers;
using System.Globalization;
using System.Text;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Http;

/// <summary>Bodies of both framings, whichever way their bytes come.</summary>
[NonParallelizable] // what all bodies hold at once is counted in one place
internal sealed class RequestBodyTests
{
    private const string NeedsMore = HeldBody.NeedsMore;
    private const long Mebi = 1 << 20;
    private const long InAll = 512 * Mebi;

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
            wire.Append(CultureInfo.InvariantCulture, $"{size:x}\r\n{text.AsSpan(i, size)}\r\n");
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
        var head = await HeadReader.ReadAsync(input);
        var ahead = input.BeginReceive();
        using var body = new RequestBody(100);
        var reading = body.ReadAsync(head, input);
        Assert.That(reading.IsCompleted, Is.False);

        arrived.SetResult(Encoding.Latin1.GetBytes("helloGET / HTTP/1.0\r\n\r\n", room.Span));
        await ahead;
        await reading;
        Assert.That(Encoding.Latin1.GetString(body.Content.ToArray()), Is.EqualTo("hello"));
        Assert.That(RequestHeadVector.Describe(await HeadReader.ReadAsync(input)), Is.EqualTo("GET / HTTP/1.0 | 0"));
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
        Assert.That(outcome, served ? Does.Match("^x*$") : Is.EqualTo("payload_too_large"));
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
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.That(await ReadAsync(feed, 1000), Is.EqualTo("payload_too_large"));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(Mebi));
    }

    /// <summary>Copying the body again at every chunk would come to five gigabytes here.</summary>
    [Test]
    public async Task ManyTinyChunksCostLittle()
    {
        var feed = new Feed($"{ChunkedVector.Head}{string.Concat(Enumerable.Repeat("1\r\nx\r\n", 100_000))}0\r\n\r\n");
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Assert.That(await ReadAsync(feed), Has.Length.EqualTo(100_000));
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(100 * Mebi));
    }

    [Test]
    public async Task TrailersDoNotChangeTheHead()
    {
        var feed = new Feed($"{ChunkedVector.Head}0\r\nHost: evil\r\nX: a\r\nAuthorization: b\r\n\r\n");
        var head = await HeadReader.ReadAsync(feed.Input);
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
                Assert.That(await HeldBody.HoldAsync(Each, Each - 1, bodies, text), Is.EqualTo(NeedsMore));
            Assert.That(await HeldBody.HoldAsync(Each, Each - 1, bodies, text), Is.EqualTo(NeedsMore));
            Assert.That(await HeldBody.HoldAsync(Each, Each, bodies, text), Is.EqualTo("too_busy"));
            Assert.That(await HeldBody.HoldAsync(1, 1, bodies, text), Is.EqualTo("too_busy"));
            var bodiless = await HeldBody.HoldAsync(Each, 0, bodies, "GET / HTTP/1.0\r\n\r\n");
            Assert.That(bodiless, Is.Empty, "nothing to hold");

            bodies.Skip(1).ToList().ForEach(body => body.Dispose());
            var others = new List<RequestBody>();
            for (var i = 1; i < InAll / Each; i++)
                Assert.That(await HeldBody.HoldAsync(Each, Each - 1, others, text), Is.EqualTo(NeedsMore));
            Assert.That(await HeldBody.HoldAsync(Each, Each, others, text), Is.EqualTo("too_busy"));
            others.ForEach(body => body.Dispose());
            bodies[0].Dispose();
        }
    }

    /// <summary>Else a few clients that announce much and send nothing would keep out all others.</summary>
    [TestCase("Content-Length: {0}\r\n\r\n")]
    [TestCase("Transfer-Encoding: chunked\r\n\r\n{0:x}\r\n")]
    public async Task WhatIsOnlyAnnouncedIsNotHeld(string fields)
    {
        var (bodies, before) = (new List<RequestBody>(), GC.GetTotalAllocatedBytes(precise: true));
        for (var i = 0; i < 100; i++)
        {
            var outcome = await HeldBody.HoldAsync(64 * Mebi, 1, bodies, "POST / HTTP/1.1\r\nHost: a\r\n" + fields);
            Assert.That(outcome, Is.EqualTo(NeedsMore));
        }

        bodies.ForEach(body => body.Dispose());
        Assert.That(GC.GetTotalAllocatedBytes(precise: true) - before, Is.LessThan(30 * Mebi), "a piece each");
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

    /// <summary>However large the pieces are that a body lies in.</summary>
    [TestCase((1 << 20) + 1)]
    [TestCase(3 << 20)]
    [TestCase((33 << 20) + 1)]
    public async Task ABodyCountsByWhatHasComeAtMostTwice(int come)
    {
        var bodies = new List<RequestBody>();
        while (await HeldBody.HoldAsync(512 * Mebi, come, bodies) == NeedsMore) { }
        bodies.ForEach(body => body.Dispose());

        var count = bodies.Count - 1;
        Assert.That(count, Is.GreaterThanOrEqualTo(InAll / 2 / come).And.LessThanOrEqualTo(InAll / come));
    }

    /// <summary>34 MiB that 1,100 clients send, who then fall silent, leave room for all others.</summary>
    [Test]
    public async Task ManySmallBodiesThatNeverEndKeepNobodyOut()
    {
        var bodies = new List<RequestBody>();
        for (var i = 0; i < 1100; i++)
            Assert.That(await HeldBody.HoldAsync(64 * Mebi, 32 << 10, bodies), Is.EqualTo(NeedsMore));

        Assert.That(await HeldBody.HoldAsync(400 * Mebi, 400 * Mebi - 1, bodies), Is.EqualTo(NeedsMore));
        bodies.ForEach(body => body.Dispose());
    }

    [TestCase(1000L, true)]
    [TestCase(1001L, false)]
    [TestCase(999_999_999_999_999L, false)]
    [TestCase(0L, true)]
    [TestCase(null, true)]
    public void WhatIsAnnouncedIsRefusedBeforeAnythingOfItIsAskedFor(long? length, bool passes)
    {
        using var body = new RequestBody(1000);
        void Check() => body.CheckAnnounced(length);
        if (passes) Assert.That(Check, Throws.Nothing);
        else Assert.That(Check, Throws.TypeOf<Refusal>().With.Property("Code").EqualTo(ErrorCode.PayloadTooLarge));
    }

    /// <summary>So many bytes come every so many seconds, as many times as it says.</summary>
    [TestCase("1045 every 1, 300 times", null, TestName = "ABodyOfALittleMoreThan1KiBASecondIsServed")]
    [TestCase("1000 every 1, 300 times", 60, TestName = "ABodyOfALittleLessIsRefusedAfterAMinute")]
    [TestCase("61440 every 59, 10 times", null, TestName = "ABodyThatComesInAPieceAMinuteIsServed")]
    [TestCase("1 every 50, 10 times", 100, TestName = "ABodyOfAByteNowAndThenIsRefused")]
    [TestCase("61440 every 1, 1 times; 1 every 50, 10 times", 101, TestName = "AFastBeginBuysNoSlowEnd")]
    [TestCase("9999999 every 1, 1 times; 1 every 50, 10 times", 101, TestName = "ALargeBeginBuysNoSlowEnd")]
    [TestCase("1 every 50, 1 times; 70000 every 9, 10 times", null, TestName = "ASlowBeginThatIsMadeGoodIsServed")]
    [TestCase("1 every 1, 59 times", null, TestName = "ASmallBodyThatIsThereWithinAMinuteIsServed")]
    [TestCase("1 every 1, 61 times", 60, TestName = "ASmallBodyThatTakesLongerThanAMinuteIsRefused")]
    public async Task ABodyComesAtALeastRate(string script, int? refusedAt)
    {
        var steps = script.Split("; ").SelectMany(Steps).ToArray();
        var total = steps.Sum(step => step.Bytes);
        foreach (var framing in new[] { "a length", "one chunk", "chunks", "chunks in two receives" })
        {
            var clock = new FakeClock();
            var wire = new Queue<(int Seconds, byte[] Bytes)>();
            if (framing == "one chunk") wire.Enqueue((0, Encoding.ASCII.GetBytes($"{total:x}\r\n")));
            foreach (var (bytes, seconds) in steps)
            {
                var isOfChunks = framing.StartsWith("chunks", StringComparison.Ordinal);
                var piece = new string('x', bytes);
                if (isOfChunks) piece = $"{bytes:x}\r\n{piece}\r\n";
                var data = Encoding.ASCII.GetBytes(piece);
                var isCut = framing.EndsWith("receives", StringComparison.Ordinal);
                var cut = isCut ? piece.IndexOf('x', StringComparison.Ordinal) + 1 : data.Length;
                wire.Enqueue((seconds, data[..cut]));
                if (cut < data.Length) wire.Enqueue((0, data[cut..]));
            }

            if (framing == "one chunk") wire.Enqueue((0, "\r\n"u8.ToArray()));
            if (framing != "a length") wire.Enqueue((0, "0\r\n\r\n"u8.ToArray()));
            var head = await HeadReader.ReadAsync(new Feed(framing != "a length" ? ChunkedVector.Head
                : $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {total}\r\n\r\n").Input);
            using var body = new RequestBody(64 * Mebi);

            var outcome = await HeldBody.OutcomeAsync(body, head, Timed(wire, clock));

            Assert.That(outcome == "request_timeout", Is.EqualTo(refusedAt is not null), framing);
            if (refusedAt is null) Assert.That(outcome, Has.Length.EqualTo(total));
            else Assert.That(clock.Elapsed.TotalSeconds, Is.EqualTo(refusedAt), framing);
        }
    }

    /// <summary>
    /// Sockets complete on the thread that polls them: a client that sends without a pause would have it to itself.
    /// </summary>
    [TestCase("8388608 bytes in one piece")]
    [TestCase("100000 chunks of 1 byte")]
    [TestCase("128 chunks of 65536 bytes")]
    [TestCase("1 chunk of 8388608 bytes")]
    [TestCase("1000 chunks with long extensions")]
    public void ABodyThatIsThereAtOnceGivesTheThreadBackNowAndThen(string what)
    {
        var (count, size) = what switch
        {
            "100000 chunks of 1 byte" => (100_000, 1),
            "128 chunks of 65536 bytes" => (128, 65_536),
            "1000 chunks with long extensions" => (1000, 1),
            _ => (1, 8 << 20),
        };
        var extension = what.EndsWith("extensions", StringComparison.Ordinal) ? $";a={new string('b', 8000)}" : "";
        var isChunked = what.Contains("chunk", StringComparison.Ordinal);
        var chunk = $"{size:x}{extension}\r\n{new string('x', size)}\r\n";
        var text = isChunked ? $"{ChunkedVector.Head}{string.Concat(Enumerable.Repeat(chunk, count))}0\r\n\r\n"
            : $"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n{new string('x', size)}";
        var feed = new Feed(text, 8 << 10);
        using var body = new RequestBody(64 * Mebi);

        var turns = Turns.Run(
            async () => await body.ReadAsync(await HeadReader.ReadAsync(feed.Input), feed.Input), () => feed.Given);

        Assert.That(body.Length, Is.EqualTo((long)count * size));
        Assert.That(turns, Has.All.LessThanOrEqualTo(320 << 10));
    }

    // "1024 every 1, 300 times"
    private static IEnumerable<(int Bytes, int Seconds)> Steps(string text)
    {
        var numbers = text.Split(' ', ',').Where(word => word.All(char.IsAsciiDigit) && word != "")
            .Select(word => int.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return Enumerable.Repeat((numbers[0], numbers[1]), numbers[2]);
    }

    // A client whose pieces come so many seconds after each other.
    private static Input Timed(Queue<(int Seconds, byte[] Bytes)> wire, FakeClock clock)
    {
        var left = ReadOnlyMemory<byte>.Empty;
        var rate = new MinimumRate(clock);
        return new Input(room =>
        {
            if (left.IsEmpty)
            {
                if (!wire.TryDequeue(out var next)) throw new EndOfStreamException();
                clock.Advance(next.Seconds);
                left = next.Bytes;
            }

            var count = Math.Min(left.Length, room.Length);
            left[..count].CopyTo(room);
            left = left[count..];
            rate.Add(count);
            return ValueTask.FromResult(count);
        });
    }

    private static async Task<string> ReadAsync(Feed feed, long max = 1 << 20)
    {
        var head = await HeadReader.ReadAsync(feed.Input);
        using var body = new RequestBody(max);
        return await HeldBody.OutcomeAsync(body, head, feed.Input);
    }
}
