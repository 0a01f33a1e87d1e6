using System.Text;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Monitoring;

/// <summary>Lines for people: what goes where, and that nothing waits for who reads them.</summary>
internal sealed class LogTests
{
    private readonly FakeClock _clock = new();
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    [Test]
    public async Task RequestsGoToStandardOutputAndWarningsToStandardError()
    {
        await WriteAsync(log =>
        {
            log.Say("listening");
            log.Warn("key 1 rests");
            log.Request(LogLineTests.Ended());
        });
        Assert.That(Lines(_output), Has.Length.EqualTo(2).And.Some.EqualTo("listening").And.Some.Contains("gpt-4o"));
        Assert.That(Lines(_errors), Is.EqualTo(["12:00:00 rotato: key 1 rests"]));
    }

    [Test]
    public async Task LinesKeepTheirOrder()
    {
        await WriteAsync(log =>
        {
            for (var i = 0; i < 1000; i++) log.Say($"{i}");
        });
        Assert.That(Lines(_output), Is.EqualTo(Enumerable.Range(0, 1000).Select(i => $"{i}")));
    }

    [Test]
    public async Task QuietLeavesOutRequestsAndNothingElse()
    {
        await WriteAsync(log =>
        {
            log.Say("listening");
            log.Request(LogLineTests.Ended());
            log.Warn("key 1 rests");
        }, isQuiet: true);
        Assert.That(Lines(_output), Is.EqualTo(["listening"]));
        Assert.That(Lines(_errors), Has.Length.EqualTo(1));
    }

    [Test]
    public async Task OnlyATerminalGetsColours([Values] bool hasColour)
    {
        await WriteAsync(log =>
        {
            log.Warn("key 1 rests");
            log.Request(LogLineTests.Ended());
        }, hasColour: hasColour);
        Assert.That($"{_output}".Contains('\e', StringComparison.Ordinal), Is.EqualTo(hasColour));
        Assert.That($"{_errors}".Contains('\e', StringComparison.Ordinal), Is.EqualTo(hasColour));
    }

    [Test]
    public async Task WhatMayHappenVeryOftenIsSaidOnceAMinute()
    {
        await WriteAsync(log =>
        {
            for (var i = 0; i < 150; i++)
            {
                log.WarnNowAndThen("this port speaks plain HTTP");
                _clock.Advance(1);
            }
        });
        Assert.That(Lines(_errors).Select(line => line[..8]), Is.EqualTo(["12:00:00", "12:01:00", "12:02:00"]));
    }

    /// <summary>Time is monotonic: else a day would pass without a word.</summary>
    [Test]
    public async Task SettingTheClockBackSilencesNothing()
    {
        await WriteAsync(log =>
        {
            log.WarnNowAndThen("first");
            _clock.WallShift = TimeSpan.FromDays(-1);
            _clock.Advance(61);
            log.WarnNowAndThen("second");
        });
        Assert.That(Lines(_errors), Has.Length.EqualTo(2));
    }

    /// <summary>A terminal that is held, a slow reader or a full disk loses lines and stops nothing.</summary>
    [Test]
    public async Task NobodyWaitsForWhoDoesNotRead()
    {
        using var isRead = new ManualResetEventSlim();
        var target = new LogTarget(_ => isRead.Wait(), false, _ => { }, false);
        var log = new Log(target, _clock, isQuiet: false);
        log.Start();
        for (var i = 0; i < 30_000; i++) log.Say("line");
        await log.DisposeAsync();
        isRead.Set();
        Assert.Pass("All were taken, and it has ended.");
    }

    [Test]
    public async Task WhatCannotBeWrittenIsLostAndTheRestIsNot()
    {
        var target = new LogTarget(_ => throw new IOException(), false, line => _errors.Append(line), false);
        var log = new Log(target, _clock, isQuiet: false);
        log.Start();
        log.Say("lost");
        log.Warn("kept");
        await log.DisposeAsync();
        Assert.That(Lines(_errors), Has.Length.EqualTo(1));
    }

    private async Task WriteAsync(Action<Log> write, bool isQuiet = false, bool hasColour = false)
    {
        var target = new LogTarget(line => _output.Append(line), hasColour, line => _errors.Append(line), hasColour);
        var log = new Log(target, _clock, isQuiet);
        log.Start();
        write(log);
        await log.DisposeAsync();
    }

    private static string[] Lines(StringBuilder text) => $"{text}".Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
