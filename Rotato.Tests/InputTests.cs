namespace Rotato.Tests;

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
        _ = _input.FillAsync();
        _receives[0].SetResult(6);

        await _input.MoreAsync(seen: 0);
        Assert.That(_receives, Has.Count.EqualTo(1));
        Assert.That(await _input.LineAsync(100, ErrorCode.BadRequest), Is.EqualTo("line"));
        Assert.That(_receives, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task WhoWantsMoreGetsTheReceiveThatIsUnderWay()
    {
        _ = _input.FillAsync();
        var line = _input.LineAsync(100, ErrorCode.BadRequest).AsTask();
        Assert.That(line.IsCompleted, Is.False);
        _receives[0].SetResult(6);

        Assert.That(await line, Is.EqualTo("line"));
        Assert.That(_receives, Has.Count.EqualTo(1));
    }

    [Test]
    public void WhoHasSeenAllWaitsForAnother()
    {
        _ = _input.FillAsync();
        _receives[0].SetResult(4);
        var line = _input.LineAsync(100, ErrorCode.BadRequest).AsTask();
        Assert.That(_receives, Has.Count.EqualTo(2));
        Assert.That(line.IsCompleted, Is.False);
        _ = _input.FillAsync();
        Assert.That(_receives, Has.Count.EqualTo(2), "one at a time");
    }

    [Test]
    public async Task WhatIsTakenWhileMoreIsReceivedIsTakenOnce()
    {
        _ = _input.FillAsync();
        _receives[0].SetResult(6);
        Assert.That(await _input.ReadAsync(new byte[2], 2), Is.EqualTo(2));
        _ = _input.FillAsync();
        Assert.That(_receives, Has.Count.EqualTo(2), "also behind what nobody has taken, for only so a client's end is seen");
        Assert.That(await _input.ReadAsync(new byte[9], 1), Is.EqualTo(4));
        var reading = _input.ReadAsync(new byte[20], 7).AsTask();
        Assert.That(_receives, Has.Count.EqualTo(2));
        _receives[1].SetResult(6);
        Assert.That(reading.IsCompleted, Is.False);
        _receives[2].SetResult(1);
        Assert.That(await reading, Is.EqualTo(7));
    }
}
