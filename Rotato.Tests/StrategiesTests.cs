namespace Rotato.Tests;

internal sealed class StrategiesTests
{
    private readonly ApiKey[] _keys = [.. Enumerable.Range(1, 4).Select(number => new ApiKey(number, $"secret-{number}"))];

    [Test]
    public void RoundRobinGoesOneAfterTheOther() =>
        Assert.That(Sequence("round-robin", 9, _ => _keys), Is.EqualTo([1, 2, 3, 4, 1, 2, 3, 4, 1]));

    [Test]
    public void RoundRobinPassesOverWhatRests() =>
        Assert.That(Sequence("round-robin", 6, i => i < 3 ? Only(1, 3) : Only(2, 4)), Is.EqualTo([1, 3, 1, 2, 4, 2]));

    [Test]
    public void StickyStaysUntilTheKeyIsLimitedAndDoesNotComeBackAtOnce() =>
        Assert.That(Sequence("sticky", 6, i => i is 3 ? Only(2, 3, 4) : _keys), Is.EqualTo([1, 1, 1, 2, 2, 2]));

    [Test]
    public void StickyLeavesForTheKeyWhoseCacheIsWarmest() =>
        Assert.That(Sequence("sticky", 6, i => i is 1 ? Only(2, 3, 4) : i is 2 ? Only(3) : i is 4 ? Only(1, 2, 4) : _keys),
            Is.EqualTo([1, 2, 3, 3, 2, 2]));

    [Test]
    public void StickyBeginsAgainAtTheFirst() =>
        Assert.That(Sequence("sticky", 4, i => i < 2 ? Only(4) : Only(1, 2)), Is.EqualTo([4, 4, 1, 1]));

    [Test]
    public void HeadroomTakesTheKeyWithMostLeft()
    {
        Left(1, 5);
        Left(2, 50);
        Left(3, 20);
        Left(4, 0);

        Assert.That(Sequence("headroom", 3, _ => _keys), Is.EqualTo([2, 2, 2]));
        Assert.That(Sequence("headroom", 1, _ => Only(1, 3, 4)), Is.EqualTo([3]));
        Assert.That(Sequence("headroom", 1, _ => Only(4)), Is.EqualTo([4]));
    }

    [Test]
    public void HeadroomCountsAKeyThatHasNotSaidAsFull()
    {
        Left(1, 1_000_000);
        Left(2, 3);

        Assert.That(Sequence("headroom", 1, _ => _keys), Is.EqualTo([3]));
    }

    [Test]
    public void HeadroomGoesOneAfterTheOtherWhereNoneHasMore() =>
        Assert.That(Sequence("headroom", 5, _ => _keys), Is.EqualTo([1, 2, 3, 4, 1]));

    [Test]
    public void HeadroomCountsDownWhatIsOnItsWay()
    {
        Left(1, 3);
        Left(2, 2);
        var used = new List<int>();
        for (var i = 0; i < 4; i++)
        {
            var key = Only(1, 2).MaxBy(IStrategy.ByName("headroom").Rank)!;
            key.Take("", i, i + 1);
            used.Add(key.Number);
        }

        Assert.That(used.Count(number => number == 1), Is.InRange(2, 3), "no herd to one key while its answers are not back");
        Assert.That(used[0], Is.EqualTo(1));
    }

    [TestCase("")]
    [TestCase("random")]
    [TestCase("Round-Robin")]
    [TestCase("sk-this-might-be-a-key")]
    public void AnyOtherNameIsRefusedWithTheNamesThatThereAre(string name)
    {
        var refusal = Assert.Throws<UsageException>(() => IStrategy.ByName(name));

        Assert.That(refusal!.Message, Does.Contain("round-robin").And.Contain("sticky").And.Contain("headroom"));
        if (name != "") Assert.That(refusal.Message, Does.Not.Contain(name));
    }

    private ApiKey[] Only(params int[] numbers) => Array.FindAll(_keys, key => numbers.Contains(key.Number));

    // What follows is all that these tests know of the product besides the names.
    private static List<int> Sequence(string name, int count, Func<int, ApiKey[]> ready)
    {
        var (strategy, numbers) = (IStrategy.ByName(name), new List<int>());
        for (var i = 0; i < count; i++)
        {
            var key = ready(i).MaxBy(strategy.Rank)!;
            key.Take("", i, i + 1);
            numbers.Add(key.Number);
        }

        return numbers;
    }

    private void Left(int number, int count) =>
        _keys[number - 1].Report(new("", default), default, 200, new(Refused: false, Remaining: count));
}
