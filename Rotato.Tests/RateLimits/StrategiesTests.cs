using System.Text;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.RateLimits;

internal sealed class StrategiesTests
{
    private static readonly Scope Scope = new("/v1/chat/completions", "m");

    private static readonly Api Api = RingUnderTest.NewApi(0);

    private readonly KeyState[] _keys =
        [.. Enumerable.Range(1, 4).Select(number => new KeyState(number, null, Api, new(null, null)))];

    private static IEnumerable<string> Conversations => Enumerable.Range(0, 1000).Select(number => $"conversation-{number}");

    [Test]
    public void RoundRobinGoesOneAfterTheOther() =>
        Assert.That(Sequence("round-robin", 9, _ => _keys), Is.EqualTo([1, 2, 3, 4, 1, 2, 3, 4, 1]));

    [Test]
    public void RoundRobinPassesOverWhatRests() =>
        Assert.That(Sequence("round-robin", 6, i => i < 3 ? Only(1, 3) : Only(2, 4)), Is.EqualTo([1, 3, 1, 2, 4, 2]));

    [Test]
    public void StickyGivesAConversationTheSameKeyEachTime()
    {
        foreach (var conversation in Conversations.Take(50))
            Assert.That(Sequence("sticky", 20, _ => _keys, conversation).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void StickySpreadsConversationsEvenly()
    {
        var shares = Conversations.CountBy(conversation => Sequence("sticky", 1, _ => _keys, conversation)[0])
            .Select(pair => pair.Value);

        Assert.That(shares, Has.Exactly(4).InRange(190, 310));
    }

    [Test]
    public void StickyGoesToTheNextOfTheConversationsOrderWhileItsKeyRestsAndComesBack()
    {
        var seconds = new HashSet<(int, int)>();
        foreach (var conversation in Conversations.Take(200))
        {
            var first = Sequence("sticky", 1, _ => _keys, conversation)[0];
            var others = Array.FindAll(_keys, key => key.Number != first);
            var sequence = Sequence("sticky", 6, i => i is 2 or 3 ? others : _keys, conversation);
            Assert.That(sequence[2], Is.EqualTo(sequence[3]).And.Not.EqualTo(first));
            Assert.That(sequence.Where((_, i) => i is not (2 or 3)), Is.All.EqualTo(first));
            seconds.Add((first, sequence[2]));
        }

        Assert.That(seconds, Has.Count.EqualTo(12), "the load of a key that rests is spread over all others");
    }

    [Test]
    public void WithStickyAKeyThatComesOrGoesMovesOnlyItsOwnConversations()
    {
        foreach (var conversation in Conversations)
        {
            var all = Sequence("sticky", 1, _ => _keys, conversation)[0];
            var without = Sequence("sticky", 1, _ => Only(1, 2, 4), conversation)[0];
            if (all != 3) Assert.That(without, Is.EqualTo(all));
        }
    }

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
    public void HeadroomForgetsWhatWasLeftWhenItsWindowIsOver()
    {
        for (var number = 1; number <= 4; number++) Left(number, number == 1 ? 0 : 5);
        Assert.That(Sequence("headroom", 1, _ => _keys, now: 59)[0], Is.Not.EqualTo(1));

        Assert.That(Sequence("headroom", 4, _ => _keys, now: 61), Does.Contain(1));
    }

    [Test]
    public void HeadroomGoesOneAfterTheOtherWhereNoneHasMore() =>
        Assert.That(Sequence("headroom", 5, _ => _keys), Is.EqualTo([1, 2, 3, 4, 1]));

    [Test]
    public void HeadroomCountsDownWhatIsOnItsWay()
    {
        Left(1, 3);
        Left(2, 2);
        var used = Sequence("headroom", 4, _ => Only(1, 2));

        Assert.That(used.Count(number => number == 1), Is.InRange(2, 3), "no herd to one key");
        Assert.That(used[0], Is.EqualTo(1));
    }

    [TestCase("random")]
    [TestCase("Round-Robin")]
    [TestCase("sk-this-might-be-a-key")]
    public void AnyOtherNameIsRefusedWithTheNamesThatThereAre(string name)
    {
        var refusal = Assert.Throws<UsageException>(() => _ = RingUnderTest.Options($"--strategy {name}").Strategy);

        Assert.That(refusal!.Message, Does.Contain("round-robin").And.Contain("sticky").And.Contain("headroom"));
        Assert.That(refusal.Message, Does.Not.Contain(name));
    }

    [TestCase("--strategy=")]
    [TestCase("--strategy")]
    public void NoNameIsRefusedToo(string argument) => Assert.Throws<UsageException>(() =>
        _ = new Settings([argument], _ => null, _ => "").Options.Strategy);

    [Test]
    public void WithoutTheOptionItIsRoundRobin() =>
        Assert.That(RingUnderTest.Options("").Strategy, Is.SameAs(Strategies.ByName["round-robin"]));

    // What names a conversation, the strongest first. Each is sent with another beginning of the body every time.
    [TestCase("session_id: SESSION\r\n", "")]
    [TestCase("x-session-id: SESSION\r\n", "")]
    [TestCase("X-Claude-Code-Session-Id: SESSION\r\n", "\"metadata\":{\"user_id\":\"BODY\"},")]
    [TestCase("", "\"prompt_cache_key\":\"SESSION\",")]
    [TestCase("", "\"conversation\":\"SESSION\",")]
    [TestCase("", "\"conversation\":{\"id\":\"SESSION\"},")]
    [TestCase("", "\"metadata\":{\"user_id\":\"SESSION\"},")]
    public async Task WithStickyWhatNamesAConversationDecides(string fields, string members)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, "--strategy sticky", keys: 5);
        var keys = new HashSet<string?>();
        for (var session = 0; session < 20; session++)
        {
            var used = new HashSet<string?>();
            for (var turn = 0; turn < 3; turn++)
            {
                var body = $$"""{"turn-{{turn}}":{{session}},{{members}}"model":"m","turn":"{{turn}}"}"""
                    .Replace("SESSION", $"session-{session}", StringComparison.Ordinal)
                    .Replace("BODY", $"{turn}", StringComparison.Ordinal);
                var sent = fields.Replace("SESSION", $"session-{session}", StringComparison.Ordinal);
                used.Add((await rotato.AskAsync(Post(body, "/v1/x", sent)))["x-rotato-key"]);
            }

            Assert.That(used, Has.Count.EqualTo(1), $"session {session}");
            keys.UnionWith(used);
        }

        Assert.That(keys, Has.Count.GreaterThan(2), "and not all have the same key");
    }

    [Test]
    public async Task WithStickyTheBeginningOfTheBodyTellsAConversationThatHasNoName()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, "--strategy sticky", keys: 5);
        var keys = new HashSet<string?>();
        for (var session = 0; session < 20; session++)
        {
            var text = new StringBuilder($$"""{"messages":[{"content":"{{session}} {{new string('x', 1100)}}"}""");
            var used = new HashSet<string?>();
            for (var turn = 0; turn < 3; turn++)
            {
                text.Append(",{\"content\":\"more\"}");
                used.Add((await rotato.AskAsync(Post($"{text}]}}", "/v1/x")))["x-rotato-key"]);
            }

            Assert.That(used, Has.Count.EqualTo(1));
            keys.UnionWith(used);
        }

        Assert.That(keys, Has.Count.GreaterThan(2));
    }

    private KeyState[] Only(params int[] numbers) => Array.FindAll(_keys, key => numbers.Contains(key.Number));

    // What follows is all that these tests know of the product besides the names.
    private static List<int> Sequence(
        string name, int count, Func<int, KeyState[]> ready, string conversation = "", double now = 0)
    {
        var strategy = Strategies.ByName[name];
        var request = new KeyRequest(Api, Scope, 0) { Conversation = conversation };
        var numbers = new List<int>();
        for (var i = 0; i < count; i++)
        {
            var key = ready(i).MaxBy(each => strategy(each, request, now))!;
            key.RecordSend(Scope, now, i + 1);
            numbers.Add(key.Number);
        }

        return numbers;
    }

    private void Left(int number, int count) =>
        _keys[number - 1].Scopes.FindOrAdd(Scope).RecordRemaining(new(200) { Remaining = count, RemainingFor = 60 }, 0);
}
