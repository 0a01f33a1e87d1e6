using Rotato.Tests.Infra;

namespace Rotato.Tests.Monitoring;

/// <summary>Ten minutes of history and the last hundred requests, kept by the server.</summary>
internal sealed class JournalTests
{
    private const int Steps = 120;

    private readonly FakeClock _clock = new();
    private readonly Journal _journal;

    public JournalTests() => _journal = new(_clock);

    [Test]
    public void TheHistoryIsTenMinutesInStepsOfFiveSeconds()
    {
        var (requests, limited, failed) = _journal.History();
        Assert.That(Journal.SecondsPerStep * Steps, Is.EqualTo(600));
        Assert.That((requests.Length, limited.Length, failed.Length), Is.EqualTo((Steps, Steps, Steps)));
        Assert.That(requests.Sum() + limited.Sum() + failed.Sum(), Is.Zero);
    }

    [TestCase(200, 1, 0, 0)]
    [TestCase(304, 1, 0, 0)]
    [TestCase(429, 1, 1, 0)]
    [TestCase(400, 1, 0, 1)]
    [TestCase(499, 1, 0, 1)]
    [TestCase(503, 1, 0, 1)]
    public void ARequestStandsInTheRunningStepAsWhatItCameTo(int status, int requests, int limited, int failed)
    {
        _journal.RecordTry(status);
        var history = _journal.History();
        Assert.That((history.Requests[^1], history.Limited[^1], history.Failed[^1]),
            Is.EqualTo(((long)requests, (long)limited, (long)failed)));
        Assert.That(history.Requests.Sum(), Is.EqualTo(1));
    }

    [TestCase(0, 0)]
    [TestCase(4.9, 0)]
    [TestCase(5, 1)]
    [TestCase(9.9, 1)]
    [TestCase(10, 2)]
    [TestCase(300, 60)]
    [TestCase(595, 119)]
    public void ItMovesTowardsTheBeginningAsTimeGoesBy(double seconds, int steps)
    {
        _journal.RecordTry(200);
        _clock.Advance(seconds);
        Assert.That(_journal.History().Requests[^(steps + 1)], Is.EqualTo(1));
        Assert.That(_journal.History().Requests.Sum(), Is.EqualTo(1));
    }

    [TestCase(600)]
    [TestCase(601)]
    [TestCase(1195)]
    [TestCase(100_000)]
    public void AfterTenMinutesItIsForgotten(double seconds)
    {
        for (var i = 0; i < Steps; i++)
        {
            _journal.RecordTry(429);
            _journal.RecordTry(500);
            if (i < Steps - 1) _clock.Advance(5);
        }

        Assert.That(_journal.History().Requests, Is.All.EqualTo(2));
        _clock.Advance(seconds);
        var (requests, limited, failed) = _journal.History();
        Assert.That(requests.Sum() + limited.Sum() + failed.Sum(), Is.Zero);
        _journal.RecordTry(200);
        Assert.That(_journal.History().Requests[^1], Is.EqualTo(1));
    }

    [Test]
    public void SettingTheClockOnTheWallChangesNothing()
    {
        _journal.RecordTry(200);
        _clock.WallShift = TimeSpan.FromDays(1);
        Assert.That(_journal.History().Requests[^1], Is.EqualTo(1));
    }

    [Test]
    public void TheLastHundredRequestsAreThereTheNewestFirst()
    {
        for (var i = 1; i <= 250; i++) _journal.RecordEnd(LogLineTests.Ended() with { Tries = i });
        Assert.That(_journal.Recent().Select(each => each.Tries), Is.EqualTo(Enumerable.Range(151, 100).Reverse()));
    }

    [Test]
    public void AnswersAreCountedByWhatClientsGot()
    {
        foreach (var status in new[] { 200, 429, 200, 499 })
            _journal.RecordEnd(LogLineTests.Ended() with { Status = status });
        Assert.That(_journal.Answers(), Is.EqualTo([(200, 2L), (429, 1L), (499, 1L)]));
    }

    [Test]
    public void OnlyAnswersThatBeganHaveATime()
    {
        _journal.RecordEnd(LogLineTests.Ended());
        _journal.RecordEnd(LogLineTests.Ended() with { SecondsToHead = null });
        Assert.That(_journal.SecondsToHead().Count, Is.EqualTo(1));
    }

    [Test]
    public void ManyMayWriteAndReadAtOnce()
    {
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 500; i++)
            {
                _journal.RecordTry(200);
                _journal.RecordEnd(LogLineTests.Ended());
                if (i % 50 == 0) Assert.That(_journal.Recent(), Is.Not.Empty);
            }
        });
        Assert.That(_journal.History().Requests.Sum(), Is.EqualTo(4000));
        Assert.That(_journal.Answers(), Is.EqualTo([(200, 4000L)]));
    }
}
