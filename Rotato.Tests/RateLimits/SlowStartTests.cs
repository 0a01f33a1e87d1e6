namespace Rotato.Tests.RateLimits;

internal sealed class SlowStartTests
{
    private readonly SlowStart _slowStart = new();

    [Test]
    public void AtFirstAnyNumberMayBeUnderWay()
    {
        Send(100_000);

        Assert.That(_slowStart.HasRoom);
    }

    [Test]
    public void AfterARefusalTwoMayBe()
    {
        Send(1);
        _slowStart.RecordRefused();
        Send(1);
        Assert.That(_slowStart.HasRoom);
        Send(1);

        Assert.That(_slowStart.HasRoom, Is.False);
    }

    [Test]
    public void ForEveryFourThatAreServedItIsOneMore()
    {
        Send(1);
        _slowStart.RecordRefused();
        for (var served = 0; served < 40; served++)
        {
            Send(1);
            _slowStart.RecordServed();
        }

        Assert.That(RoomLeft(), Is.EqualTo(12));
    }

    [Test]
    public void AnAnswerThatSaysNothingGivesItsPlaceBackAndNoMore()
    {
        Send(1);
        _slowStart.RecordRefused();
        Send(2);
        _slowStart.RecordUnknown();

        Assert.That(RoomLeft(), Is.EqualTo(1));
    }

    [Test]
    public void ForgettingKeepsCountOfThoseUnderWay()
    {
        Send(3);
        _slowStart.RecordRefused();
        Assert.That(_slowStart.HasRoom, Is.False);
        _slowStart.Forget();
        Assert.That(_slowStart.HasRoom);
        // The two are still there when the next refusal comes.
        Send(1);
        _slowStart.RecordRefused();

        Assert.That(_slowStart.HasRoom, Is.False);
    }

    private void Send(int count)
    {
        for (; count > 0; count--) _slowStart.RecordSend();
    }

    private int RoomLeft()
    {
        var left = 0;
        for (; _slowStart.HasRoom; left++) _slowStart.RecordSend();
        return left;
    }
}
