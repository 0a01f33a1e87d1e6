using Rotato.Tests.Core;

namespace Rotato.Tests.Configuration;

/// <summary>A name that is nearly an option's is told which.</summary>
internal sealed class SpellingTests
{
    [TestCase("", "", 0)]
    [TestCase("--port", "--port", 0)]
    [TestCase("--prot", "--port", 2)]
    [TestCase("--por", "--port", 1)]
    [TestCase("--ports", "--port", 1)]
    [TestCase("--tort", "--port", 1)]
    [TestCase("-port", "--port", 1)]
    [TestCase("", "--rpm", 5)]
    [TestCase("--rpm", "", 5)]
    [TestCase("abc", "xyz", 3)]
    [TestCase("kitten", "sitting", 3)]
    public void TheDistanceIsHowManyLettersDiffer(string from, string to, int distance)
    {
        Assert.That(Spelling.Distance(from, to), Is.EqualTo(distance));
        Assert.That(Spelling.Distance(to, from), Is.EqualTo(distance));
    }

    [TestCase("--prot", "--port")]
    [TestCase("--por", "--port")]
    [TestCase("-port", "--port")]
    [TestCase("--PORT", null)]
    [TestCase("--kost", "--host")]
    [TestCase("--key", "--keys")]
    [TestCase("--apikeys", null)]
    [TestCase("--tokne", "--token")]
    [TestCase("--concurent", "--concurrent")]
    [TestCase("--max-boddy", "--max-body")]
    [TestCase("--allow-orgin", "--allow-origin")]
    [TestCase("--waits", "--wait")]
    [TestCase("--quit", "--quiet")]
    [TestCase("--halp", "--help")]
    [TestCase("--verison", "--version")]
    [TestCase("--listen", null)]
    [TestCase("-k", null)]
    public void TheNearestOptionIsNamedWhereOneOrTwoLettersAreOff(string given, string? near)
    {
        var message = Given.Refused(["k", given, "x"]);
        if (near is null) Assert.That(message, Does.Not.Contain("mean"));
        else Assert.That(message, Does.Contain($"did you mean {near}?").IgnoreCase);
    }

    [Test]
    public void EveryOptionIsItsOwnNearestWithOneLetterMore(
        [ValueSource(typeof(Option), nameof(Option.All))] Option option) =>
        Assert.That(Given.Refused(["k", $"{option.Name}x"]), Does.Contain($"did you mean {option.Name}?").IgnoreCase);
}
