namespace Rotato.Tests.RateLimits;

internal sealed class BackOffTests
{
    // A random number that makes no jitter.
    private readonly BackOff _backOff = new(new Middle());

    [Test]
    public void ItDoublesFromOneSecondToAMinute()
    {
        var rests = new List<double>();
        for (var i = 0; i < 9; i++)
        {
            _backOff.RecordWave(isStrike: true);
            rests.Add(_backOff.RestAfter(null));
        }

        Assert.That(rests, Is.EqualTo([1, 2, 4, 8, 16, 32, 60, 60, 60]));
    }

    [Test]
    public void TheJitterIsAFifthAtMostEitherWay()
    {
        var backOff = new BackOff(new Random(1));
        backOff.RecordWave(isStrike: true);
        var rests = Enumerable.Range(0, 1000).Select(_ => backOff.RestAfter(null)).ToArray();

        Assert.That(rests, Is.All.InRange(0.8, 1.2));
        Assert.That((rests.Min(), rests.Max()), Is.EqualTo((0.8, 1.2)).Within(0.01));
    }

    [Test]
    public void AWaveThatIsNoStrikeMakesTheRestNoLonger()
    {
        _backOff.RecordWave(isStrike: true);
        _backOff.RecordWave(isStrike: false);
        _backOff.RecordWave(isStrike: false);

        Assert.That(_backOff.RestAfter(null), Is.EqualTo(1));
    }

    [Test]
    public void ASuccessClearsTheStrikes()
    {
        for (var i = 0; i < 5; i++) _backOff.RecordWave(isStrike: true);
        Assert.That(_backOff.WasRefused);
        _backOff.RecordServed();
        Assert.That(_backOff.WasRefused, Is.False);
        _backOff.RecordWave(isStrike: true);

        Assert.That(_backOff.RestAfter(null), Is.EqualTo(1));
    }

    [Test]
    public void AStrikeMayBeTakenBackAndNeverMoreThanThereAre()
    {
        _backOff.TakeStrikeBack();
        for (var i = 0; i < 3; i++) _backOff.RecordWave(isStrike: true);
        _backOff.TakeStrikeBack();

        Assert.That(_backOff.RestAfter(null), Is.EqualTo(2));
    }

    [TestCase(0.001)]
    [TestCase(30)]
    [TestCase(86_400)]
    public void AHintCountsAsItIs(double hint)
    {
        _backOff.RecordWave(isStrike: true);

        Assert.That(_backOff.RestAfter(hint), Is.EqualTo(hint));
    }

    [Test]
    public void AHintThatLeadsToTheNextRefusalAgainAndAgainIsDoubted()
    {
        for (var i = 0; i < 10; i++) _backOff.RecordWave(isStrike: false);

        Assert.That(_backOff.RestAfter(0.001), Is.EqualTo(1));
        Assert.That(_backOff.RestAfter(30), Is.EqualTo(30));
    }

    private sealed class Middle : Random
    {
        public override double NextDouble() => 0.5;
    }
}
