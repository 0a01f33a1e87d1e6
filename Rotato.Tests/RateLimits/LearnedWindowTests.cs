namespace Rotato.Tests.RateLimits;

/// <summary>What refusals teach, and what they must not.</summary>
internal sealed class LearnedWindowTests
{
    private readonly LearnedWindow _window = new();

    [Test]
    public void AtFirstNoWindowIsUsedUp()
    {
        Send(0, 100_000);

        Assert.That(_window.UsedUpUntil, Is.Null);
    }

    [Test]
    public void ThreeRefusalsInARowThatAgreeTeachIt()
    {
        Send(10, 23);
        Refuse(10, 2, end: 14);
        Assert.That(_window.UsedUpUntil, Is.Null, "one or two may be chance");
        Refuse(10, 1, end: 14);
        _window.BeginNext(14, mayGrow: false);
        Send(14, 18);
        Assert.That(_window.UsedUpUntil, Is.Null, "19 are in it");
        Send(14, 1);

        Assert.That(_window.UsedUpUntil, Is.Not.Null);
        Assert.That(_window.UsedUpUntil, Is.EqualTo(18).Within(1e-9));
    }

    [Test]
    public void WhatIsServedInBetweenShowsThatTheyDoNotAgree()
    {
        for (var now = 0.0; now < 100; now += 0.3)
        {
            Send(now, 6);
            Refuse(now, 2, end: now + 1);
            _window.RecordServed(now + 0.1);
        }

        _window.BeginNext(100, mayGrow: true);
        Send(100, 10_000);
        Assert.That(_window.UsedUpUntil, Is.Null);
    }

    [Test]
    public void SuccessesOfWhatWasSentEarlierSayNothing()
    {
        Send(0, 30);
        for (var i = 0; i < 3; i++)
        {
            Refuse(0, 1, end: 4);
            _window.RecordServed(0);
        }

        _window.BeginNext(4, mayGrow: false);
        Send(4, 26);
        Assert.That(_window.UsedUpUntil, Is.Not.Null);
    }

    [TestCase(3, false, false)]
    [TestCase(4, false, true)]
    [TestCase(1, true, true)]
    public void ASmallWindowIsBelievedOnlyWhereARefusalSaysItsEnd(int size, bool isHinted, bool isBelieved)
    {
        Send(0, size + 3);
        for (var i = 0; i < 3; i++) _window.RecordRefused(0, 4, isHinted);
        _window.BeginNext(4, mayGrow: false);
        Send(4, size - 1);

        Assert.That(_window.UsedUpUntil is not null, Is.EqualTo(isBelieved));
    }

    [TestCase(119, true)]
    [TestCase(121, false)]
    public void ALongRestIsNoWindow(double seconds, bool isBelieved)
    {
        Send(0, 23);
        Refuse(0, 3, end: seconds);
        _window.BeginNext(seconds, mayGrow: false);
        Send(seconds, 30);

        Assert.That(_window.UsedUpUntil is not null, Is.EqualTo(isBelieved));
    }

    [Test]
    public void TimeInWhichNothingWasSentIsNoPartOfIt()
    {
        Send(0, 1);
        Send(50, 23);
        Refuse(50, 3, end: 54);
        _window.BeginNext(54, mayGrow: false);
        Send(54, 19);

        Assert.That(_window.UsedUpUntil, Is.EqualTo(58).Within(1e-9));
    }

    [Test]
    public void WithoutARefusalEachWindowTakesMore()
    {
        Learn(20, 4);
        var sizes = new List<int>();
        for (var window = 1; window <= 30; window++)
        {
            _window.BeginNext(window * 4, mayGrow: true);
            var sent = 1;
            for (; _window.UsedUpUntil is null; sent++) _window.RecordSend(window * 4);
            sizes.Add(sent);
        }

        Assert.That(sizes, Is.Ordered);
        Assert.That(sizes[0], Is.InRange(21, 23));
        Assert.That(sizes[^1], Is.GreaterThan(60), "in two minutes");
    }

    [Test]
    public void ARefusalCorrectsIt()
    {
        Learn(20, 4);
        _window.BeginNext(4, mayGrow: false);
        Send(4, 10);
        // 11 are sent, and the last one is refused.
        Refuse(4, 1, end: 8);
        _window.BeginNext(8, mayGrow: false);
        Send(8, 9);

        Assert.That(_window.UsedUpUntil, Is.Not.Null, "it takes ten");
    }

    [Test]
    public void APardonedRefusalDoesNotCount()
    {
        Send(0, 23);
        Refuse(0, 2, end: 4);
        _window.Pardon();
        Refuse(0, 2, end: 4);
        _window.BeginNext(4, mayGrow: false);
        Send(4, 100);

        Assert.That(_window.UsedUpUntil, Is.Null);
    }

    [Test]
    public void WhatIsForgottenIsNotForeseen()
    {
        Learn(20, 4);
        _window.Forget(100);
        Send(100, 1000);

        Assert.That(_window.UsedUpUntil, Is.Null);
    }

    private void Learn(int size, double seconds)
    {
        Send(0, size + 3);
        Refuse(0, 3, seconds);
    }

    private void Send(double now, int times)
    {
        for (; times > 0; times--) _window.RecordSend(now);
    }

    private void Refuse(double sentAt, int times, double end)
    {
        for (; times > 0; times--) _window.RecordRefused(sentAt, end, isHinted: true);
    }
}
