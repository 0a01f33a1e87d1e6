using System.Net;
using System.Text;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Http;

/// <summary>Answers on their way to a client that takes everything at once.</summary>
internal sealed class OutputTests
{
    private readonly MemoryStream _sent = new();
    private readonly Output _output;

    public OutputTests() => _output = new(SendAsync, new Deadline(new FakeClock()));

    [TestCase(8 << 20, int.MaxValue, true)]
    [TestCase(8 << 20, int.MaxValue, false)]
    [TestCase(1 << 20, 1000, true)]
    [TestCase(50_000, 1, true)]
    [TestCase(50_000, 1, false)]
    public void AnAnswerThatComesWithoutAPauseGivesTheThreadBackNowAndThen(int size, int piece, bool isChunked)
    {
        var body = new AnswerBody(new Pieces(new byte[size], piece));
        var framing = new AnswerFraming(true, isChunked ? null : size, isChunked);

        var turns = Turns.Run(() => _output.WriteAsync(body, framing), () => _sent.Length);

        Assert.That(_sent.Length, Is.GreaterThanOrEqualTo(size));
        Assert.That(turns, Has.All.LessThanOrEqualTo(128 << 10));
    }

    [TestCase(true, 4, "head\r\n\r\n4\r\nbody\r\n0\r\n\r\n")]
    [TestCase(true, 2, "head\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n")]
    [TestCase(false, 4, "head\r\n\r\nbody")]
    [TestCase(false, 1, "head\r\n\r\nbody")]
    public async Task ABodyIsFramedAsItWasDecided(bool isChunked, int piece, string expected)
    {
        _output.Head.Append("head\r\n\r\n");
        await _output.WriteAsync(new(new Pieces("body"u8.ToArray(), piece)), new(true, isChunked ? null : 4, isChunked));
        Assert.That(Encoding.Latin1.GetString(_sent.ToArray()), Is.EqualTo(expected));
    }

    [Test]
    public async Task NothingFollowsAHeadWithoutABody()
    {
        _output.Head.Append("head\r\n\r\n");
        await _output.WriteAsync(new(new Pieces("body"u8.ToArray(), 4)), new(false, 4, false));
        Assert.That(Encoding.Latin1.GetString(_sent.ToArray()), Is.EqualTo("head\r\n\r\n"));
    }

    [Test]
    public async Task OneAnswerLeavesNothingToTheNext()
    {
        foreach (var size in new[] { 1_000_000, 10, 0 })
        {
            _sent.SetLength(0);
            _output.Head.Append((int)HttpStatusCode.OK).Append("\r\n\r\n");
            await _output.WriteAsync(new(new MemoryStream(new byte[size])), new(true, size, false));
            Assert.That(_sent.Length, Is.EqualTo(size + 7));
        }
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        _sent.Write(bytes.Span);
        return ValueTask.CompletedTask;
    }

    /// <summary>An upstream's bytes, in pieces of at most that size, all there already.</summary>
    private sealed class Pieces(byte[] bytes, int piece) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(piece, buffer.Length)], cancellationToken);
    }
}
