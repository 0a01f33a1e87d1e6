using System.Net;

namespace Rotato.Tests.RateLimits;

/// <summary>Of the refusals that a request has met, the one that goes to the client; the others are let go.</summary>
internal sealed class HeldAnswersTests
{
    private static readonly Readiness Rests = new(10, 10, false);
    private static readonly Readiness Unusable = new(600, 600, true);

    private readonly HeldAnswers _held = new();
    private readonly List<Held> _all = [];

    [TestCase(5, 200)]
    [TestCase(200, 5)]
    public void OfRateLimitsTheOneWhoseKeyComesBackSoonestIsPassed(double first, double second)
    {
        var one = Add(Verdict.Limited, first);
        var two = Add(Verdict.Limited, second);

        AssertPassed(first < second ? one : two, false, Rests);
    }

    [Test]
    public void OfManyOnlyTheSoonestAndTheLastAreHeldMeanwhile()
    {
        for (var i = 0; i < 100; i++) Add(Verdict.Limited, 100 - i);
        Add(Verdict.Limited, 50);

        Assert.That(_all.Count(held => !held.IsLetGo), Is.EqualTo(2));
    }

    [Test]
    public void ALaterRefusalOfAKeyTakesThePlaceOfItsEarlierOne()
    {
        Add(Verdict.Limited, 5, key: 1);
        var later = Add(Verdict.Limited, 20, key: 1);

        AssertPassed(later, false, Rests);
    }

    [Test]
    public void WhereTheRequestIsAtFaultTheLastOneIsPassed()
    {
        Add(Verdict.Limited, 1);
        var last = Add(Verdict.Limited, 2);

        AssertPassed(last, true, Rests);
    }

    [Test]
    public void ARateLimitSaysMoreThanADoubt()
    {
        Add(Verdict.Doubtful, 0);
        var limited = Add(Verdict.Limited, 9);
        Add(Verdict.Dead, 600);

        AssertPassed(limited, false, Rests);
    }

    [TestCase(nameof(Verdict.Doubtful))]
    [TestCase(nameof(Verdict.NoAccess))]
    [TestCase(nameof(Verdict.TooExpensive))]
    [TestCase(nameof(Verdict.MadeWithAnotherKey))]
    public void WhereNoKeyIsLeftTheFirstThatIsAboutTheRequestIsPassed(string verdict)
    {
        Add(Verdict.Dead, 600);
        var first = Add(Enum.Parse<Verdict>(verdict), 0);
        Add(Verdict.Doubtful, 0);
        Add(Verdict.Unpaid, 3600);

        AssertPassed(first, false, Unusable);
    }

    [Test]
    public void WhereAllKeysAreUnusableTheFirstRefusalThatWasMetIsPassed()
    {
        var first = Add(Verdict.Dead, 600);
        Add(Verdict.Unpaid, 3600);

        AssertPassed(first, false, Unusable);
    }

    [Test]
    public void WhereAnotherKeyOnlyRestsNeitherADoubtNorADeadKeyIsPassed()
    {
        Add(Verdict.Doubtful, 0);
        Add(Verdict.Dead, 600);

        AssertPassed(null, false, Rests);
    }

    [Test]
    public void WhereNoneWasMetThereIsNone()
    {
        AssertPassed(null, false, Rests);
        AssertPassed(null, false, Unusable);
        AssertPassed(null, true, Rests);
    }

    private Held Add(Verdict verdict, double readyAt, int? key = null)
    {
        var held = new Held(key ?? (_all.Count + 1));
        _all.Add(held);
        _held.Add(held.Answer, verdict, readyAt);
        return held;
    }

    private void AssertPassed(Held? expected, bool isRequestAtFault, Readiness left)
    {
        var passed = _held.GiveAway(isRequestAtFault, left);
        _held.Dispose();

        Assert.That(passed, Is.SameAs(expected?.Answer));
        Assert.That(_all.Where(held => !held.IsLetGo), Is.EqualTo(expected is null ? [] : new[] { expected }));
    }

    /// <summary>A refusal, and whether its connection has been given back.</summary>
    private sealed class Held
    {
        private readonly Content _content = new();

        public Held(int key)
        {
            var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests) { Content = _content };
            Answer = new(response, new AnswerBody(Stream.Null)) { Key = key };
        }

        public Answer Answer { get; }
        public bool IsLetGo => _content.IsDisposed;
    }

    private sealed class Content : ByteArrayContent
    {
        public Content()
            : base([])
        {
        }

        public bool IsDisposed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}
