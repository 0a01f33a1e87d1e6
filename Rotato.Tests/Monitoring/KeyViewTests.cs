using System.Text.Json;

namespace Rotato.Tests.Monitoring;

/// <summary>What can be seen of a key: its state is what it can do, not what it has been through.</summary>
internal sealed class KeyViewTests
{
    private readonly WatchedRing _ring = new();

    /// <summary>Other models are served on.</summary>
    [Test]
    public void AKeyWithOneRestingModelIsReadyAndSaysSoInItsLimits()
    {
        _ring.Answer(_ring.Ask("m"), 429, hint: 10);
        Assert.That(Of(1), Is.EqualTo(("ready", (string?)null, 0.0)));
        Assert.That(LimitsOf(1), Is.EqualTo(["/v1/chat/completions m resting rate limit 10"]));
    }

    [Test]
    public void ALimitRestsThenIsOnTrialThenGone()
    {
        Assert.That(LimitsOf(1), Is.Empty);
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        Assert.That(LimitsOf(1), Is.EqualTo(["/v1/chat/completions m resting rate limit 10"]));
        _ring.Clock.Advance(3.98);
        Assert.That(LimitsOf(1), Is.EqualTo(["/v1/chat/completions m resting rate limit 6"]));
        _ring.Clock.Advance(6.1);
        Assert.That(LimitsOf(1), Is.EqualTo(["/v1/chat/completions m trial rate limit 0"]));
        _ring.Ask();
        var trial = _ring.Ask();
        Assert.That(trial.Key!.Number, Is.EqualTo(1));
        _ring.Answer(trial);
        Assert.That(LimitsOf(1), Is.Empty);
    }

    [Test]
    public void EveryModelThatRestsIsListed()
    {
        foreach (var model in new[] { "a", "b", "c" })
        {
            _ring.Answer(_ring.Ask(model), 429, hint: 10);
            _ring.Answer(_ring.Ask(model), 429, hint: 20);
        }

        Assert.That(LimitsOf(1), Has.Length.EqualTo(3));
        Assert.That(LimitsOf(2), Has.Length.EqualTo(3));
    }

    [TestCase(Meaning.KeyInvalid, 401, 600)]
    [TestCase(Meaning.FundsUsedUp, 402, 3600)]
    public void AKeyThatNeedsItsOwnerIsUnusableThenOnTrialThenReady(Meaning meaning, int status, double seconds)
    {
        _ring.Answer(_ring.Ask(), status, meaning: meaning);
        var (state, reason, rest) = Of(1);
        Assert.That((state, rest), Is.EqualTo(("unusable", seconds)));
        Assert.That(reason, Is.Not.Empty.And.Not.Contain("/v1"), "it is about the whole key");
        Assert.That(LimitsOf(1), Is.Empty);

        _ring.Clock.Advance(seconds + 0.1);
        Assert.That((Of(1).State, Of(1).Seconds), Is.EqualTo(("trial", 0.0)));
        var trial = _ring.Ask();
        while (trial.Key!.Number != 1) trial = _ring.Ask();
        _ring.Answer(trial);
        Assert.That(Of(1), Is.EqualTo(("ready", (string?)null, 0.0)));
    }

    /// <summary>It can serve nothing at all, and needs nobody for that to end.</summary>
    [Test]
    public void AKeyThatHasSentItsMinutesShareRests()
    {
        var ring = new WatchedRing(1, requestsAMinute: 2);
        ring.Ask();
        ring.Ask();
        ring.Clock.Advance(20);
        var key = ring.KeyInJson(1);

        Assert.That(key.GetProperty("state").GetString(), Is.EqualTo("resting"));
        Assert.That(key.GetProperty("rest_seconds").GetDouble(), Is.EqualTo(40));
        Assert.That(key.GetProperty("reason").GetString(), Does.Contain("--rpm"));
    }

    [Test]
    public void FewerThanNoneAreNeverLeft()
    {
        var sent = Enumerable.Range(0, 4).Select(_ => _ring.Ask()).ToArray();
        _ring.Answer(sent[0], 200, remaining: 2);
        for (var i = 0; i < 8; i++) _ring.Ask();

        Assert.That(_ring.KeyInJson(1).GetProperty("remaining").GetInt32(), Is.Zero);
    }

    [Test]
    public void WhatIsLeftIsForgottenWithItsWindow()
    {
        _ring.Answer(_ring.Ask(), 200, remaining: 5);
        Assert.That(_ring.KeyInJson(1).GetProperty("remaining").GetInt32(), Is.EqualTo(5));
        _ring.Clock.Advance(61);
        Assert.That(_ring.KeyInJson(1).GetProperty("remaining").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    /// <summary>A request whose client has left counts as failed.</summary>
    [TestCase(200, "ok")]
    [TestCase(304, "ok")]
    [TestCase(101, "ok")]
    [TestCase(429, "limited")]
    [TestCase(400, "failed")]
    [TestCase(499, "failed")]
    [TestCase(502, "failed")]
    public void ARequestCountsOnceAndAsWhatItCameTo(int status, string member)
    {
        var sent = _ring.Ask();
        Assert.That(CountsOf(1), Is.EqualTo((1, 0, 0, 0)), "under way");
        _ring.End(sent, status);
        Assert.That(_ring.KeyInJson(1).GetProperty(member).GetInt32(), Is.EqualTo(1));
        var (requests, ok, limited, failed) = CountsOf(1);
        Assert.That((requests, ok + limited + failed), Is.EqualTo((1, 1)));
    }

    private (string State, string? Reason, double Seconds) Of(int number)
    {
        var key = _ring.KeyInJson(number);
        return (key.GetProperty("state").GetString()!, key.GetProperty("reason").GetString(),
            key.GetProperty("rest_seconds").GetDouble());
    }

    private string[] LimitsOf(int number) => [.. _ring.KeyInJson(number).GetProperty("limits").EnumerateArray()
        .Select(limit => $"{limit.GetProperty("scope")} {limit.GetProperty("state")} {limit.GetProperty("reason")} "
            + $"{limit.GetProperty("rest_seconds")}")];

    private (int Requests, int Ok, int Limited, int Failed) CountsOf(int number)
    {
        var key = _ring.KeyInJson(number);
        return (key.GetProperty("requests").GetInt32(), key.GetProperty("ok").GetInt32(),
            key.GetProperty("limited").GetInt32(), key.GetProperty("failed").GetInt32());
    }
}
