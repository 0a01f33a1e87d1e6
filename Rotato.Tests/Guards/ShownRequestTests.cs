namespace Rotato.Tests.Guards;

/// <summary>What may be shown of a request, on the console and on the status page.</summary>
internal sealed class ShownRequestTests
{
    [Test]
    public void MethodPathAndModelAreShownAndNothingElse()
    {
        var head = Heads.Get("/v1/chat?secret=1&key=secret", "Authorization: Bearer secret", "X: secret");
        var shown = ShownRequest.Of(head, "gpt-5");

        Assert.That(shown, Is.EqualTo(new ShownRequest("GET", "/v1/chat", "gpt-5")));
        Assert.That($"{shown}", Does.Not.Contain("secret"));
    }

    [TestCase(256, 256)]
    [TestCase(257, 256)]
    [TestCase(8000, 256)]
    public void ALongPathIsCut(int length, int expected) =>
        Assert.That(ShownRequest.Of(Heads.Get("/" + new string('a', length - 1)), "").Path, Has.Length.EqualTo(expected));

    [TestCase(64, 64)]
    [TestCase(65, 64)]
    [TestCase(100_000, 64)]
    public void ALongModelIsCut(int length, int expected) =>
        Assert.That(ShownRequest.Of(Heads.Get(), new string('m', length)).Model, Has.Length.EqualTo(expected));

    /// <summary>A model may hold any character; a terminal would obey some.</summary>
    [Test]
    public void EveryCharacterThatIsNotVisibleAsciiBecomesAQuestionMark()
    {
        for (var code = 0; code < 0x3000; code++)
        {
            var expected = code is >= ' ' and <= '~' ? $"a{(char)code}b" : "a?b";
            Assert.That(ShownRequest.Visible($"a{(char)code}b"), Is.EqualTo(expected), $"character {code}");
            Assert.That(ShownRequest.Of(Heads.Get(), $"a{(char)code}b").Model, Is.EqualTo(expected));
        }
    }

    [TestCase("", "")]
    [TestCase("gpt-5 mini", "gpt-5 mini")]
    [TestCase("\u001b[2J\u001b]0;title\u0007", "?[2J?]0;title?")]
    [TestCase("a\r\nb\tc", "a??b?c")]
    [TestCase("\ud83d\ude00", "??")]
    public void NothingMovesTheCursor(string text, string expected) =>
        Assert.That(ShownRequest.Visible(text), Is.EqualTo(expected));
}
