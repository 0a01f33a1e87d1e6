using System.Text;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Http;

/// <summary>Bytes that a receive brings while nobody, or somebody, waits for them.</summary>
internal sealed class InputTests
{
    private readonly List<TaskCompletionSource<int>> _receives = [];
    private readonly Input _input;

    public InputTests() => _input = new(room =>
    {
        "line\r\n"u8.CopyTo(room.Span);
        _receives.Add(new());
        return new(_receives[^1].Task);
    });

    /// <summary>
    /// A client that has sent its whole request says no more: a receive for bytes behind those that nobody has looked at yet would never end.
    /// </summary>
    [Test]
    public async Task NoReceiveBeginsBehindBytesThatNobodyHasSeen()
    {
        _ = _input.BeginReceive();
        _receives[0].SetResult(6);

        await _input.MoreThanAsync(0);
        Assert.That(_receives, Has.Count.EqualTo(1));
        Assert.That(await _input.LineAsync(100, ErrorCode.BadRequest), Is.EqualTo("line"));
        Assert.That(_receives, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WhoWantsMoreGetsTheReceiveThatIsUnderWay()
    {
        _ = _input.BeginReceive();
        var line = _input.LineAsync(100, ErrorCode.BadRequest).AsTask();
        Assert.That(line.IsCompleted, Is.False);
        _receives[0].SetResult(6);

        Assert.That(await line, Is.EqualTo("line"));
        Assert.That(_receives, Has.Count.EqualTo(1));
    }

    [Test]
    public void WhoHasSeenAllWaitsForAnother()
    {
        _ = _input.BeginReceive();
        _receives[0].SetResult(4);
        var line = _input.LineAsync(100, ErrorCode.BadRequest).AsTask();
        Assert.That(_receives, Has.Count.EqualTo(2));
        Assert.That(line.IsCompleted, Is.False);
        _ = _input.BeginReceive();
        Assert.That(_receives, Has.Count.EqualTo(2), "one at a time");
    }

    [Test]
    public async Task WhatIsTakenWhileMoreIsReceivedIsTakenOnce()
    {
        _ = _input.BeginReceive();
        _receives[0].SetResult(6);
        Assert.That(await _input.ReadAsync(new byte[2]), Is.EqualTo(2));
        _ = _input.BeginReceive();
        Assert.That(_receives, Has.Count.EqualTo(2), "also behind what nobody has taken, for only so a client's end is seen");
        Assert.That(await _input.ReadAsync(new byte[9]), Is.EqualTo(4));
        var reading = _input.ReadAsync(new byte[20]).AsTask();
        Assert.That(_receives, Has.Count.EqualTo(2));
        Assert.That(reading.IsCompleted, Is.False);
        _receives[1].SetResult(6);
        Assert.That(await reading, Is.EqualTo(6));
        Assert.That(_receives, Has.Count.EqualTo(2));
    }

    /// <summary>Only so is a client's end seen that comes behind bytes which nobody waits for.</summary>
    [Test]
    public void WhoWatchesReceivesOnUntilSomebodyReads()
    {
        _input.Watch();
        _receives[0].SetResult(2);
        _receives[1].SetResult(2);
        Assert.That(_receives, Has.Count.EqualTo(3));
        _input.StopWatching();
        _receives[2].SetResult(2);
        Assert.That(_receives, Has.Count.EqualTo(3));
    }

    [Test]
    public void WhoWatchesKeepsOnlyWhatThereIsRoomFor()
    {
        var received = 0;
        var input = new Input(room =>
        {
            received += room.Length;
            return new(room.Length);
        });
        input.Watch();
        Assert.That(received, Is.LessThanOrEqualTo(1 << 14));
    }

    [Test]
    public void TheClientsEndEndsTheWatch()
    {
        _input.Watch();
        _receives[0].SetException(new OperationCanceledException());
        Assert.That(_receives, Has.Count.EqualTo(1));
    }

    /// <summary>A long body is not copied twice.</summary>
    [Test]
    public async Task WhatHasNotComeIsReceivedStraightIntoTheRoom()
    {
        var room = new byte[6];
        var reading = _input.ReadAsync(room).AsTask();
        Assert.That(Encoding.ASCII.GetString(room), Is.EqualTo("line\r\n"));
        Assert.That(reading.IsCompleted, Is.False);
        _receives[0].SetResult(6);

        Assert.That(await reading, Is.EqualTo(6));
        Assert.That(_input.IsEmpty);
    }

    [Test]
    public async Task KnowsWhetherSomethingIsThereThatNobodyHasTaken()
    {
        Assert.That(_input.IsEmpty);
        _ = _input.BeginReceive();
        _receives[0].SetResult(6);
        await _input.MoreThanAsync(0);
        Assert.That(_input.IsEmpty, Is.False);
        await _input.LineAsync();
        Assert.That(_input.IsEmpty);
    }

    /// <summary>Some clients end a body with a line of their own; it is no part of the next request.</summary>
    [TestCase("\r\nGET", "GET")]
    [TestCase("GET", "GET")]
    [TestCase("\r\n\r\nGET", "\r\nGET")]
    [TestCase("\nGET", "\nGET")]
    [TestCase("\rGET", "\rGET")]
    [TestCase(" \r\nGET", " \r\nGET")]
    public async Task OneEmptyLineBeforeARequestIsTaken(string sent, string left)
    {
        foreach (var piece in new[] { int.MaxValue, 1 })
        {
            var input = new Feed(sent, piece).Input;
            await input.WaitForRequestAsync();

            var room = new byte[left.Length];
            for (var count = 0; count < left.Length;) count += await input.ReadAsync(room.AsMemory(count));
            Assert.That(Encoding.Latin1.GetString(room), Is.EqualTo(left), $"in pieces of {piece}");
        }
    }

    /// <summary>A line end and nothing more is no begin of a request: its deadline has not begun.</summary>
    [TestCase("\r")]
    [TestCase("\r\n")]
    public void AnEmptyLineAloneIsNoRequest(string sent) => Assert.That(
        async () => await new Feed(sent, 1).Input.WaitForRequestAsync(), Throws.TypeOf<EndOfStreamException>());

    /// <summary>A client that speaks TLS, or to a proxy, is set up wrongly: whoever runs Rotato hears of it.</summary>
    [TestCase("\u0016\u0003\u0001\u0002\u0000", true, "TLS")]
    [TestCase("\u0016\u0003", true, "TLS")]
    [TestCase("\u0016\u0001\u0001", false, "plain HTTP")]
    [TestCase("GET\n", false, "plain HTTP")]
    public void TlsIsCalledByItsName(string sent, bool isMisdirected, string word)
    {
        var refusal = Assert.ThrowsAsync<Refusal>(async () => await new Feed(sent).Input.LineAsync());
        Assert.That(refusal!.IsMisdirected, Is.EqualTo(isMisdirected));
        Assert.That(refusal.Message, Does.Contain(word));
        Assert.That(refusal.Code, Is.EqualTo(ErrorCode.BadRequest));
    }
}
