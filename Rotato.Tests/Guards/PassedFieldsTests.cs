namespace Rotato.Tests.Guards;

/// <summary>Which fields pass, in both directions.</summary>
internal sealed class PassedFieldsTests
{
    // Of one connection (RFC 9110 section 7.6.1), or written anew for the next hop.
    [TestCase("Connection")]
    [TestCase("Keep-Alive")]
    [TestCase("Proxy-Authenticate")]
    [TestCase("Proxy-Authorization")]
    [TestCase("Proxy-Connection")]
    [TestCase("TE")]
    [TestCase("Trailer")]
    [TestCase("Transfer-Encoding")]
    [TestCase("Upgrade")]
    [TestCase("Content-Length")]
    [TestCase("Host")]
    [TestCase("Expect")]
    // Of other programs on this machine, or binding a client to one key or a name to one transport.
    [TestCase("Cookie")]
    [TestCase("Set-Cookie")]
    [TestCase("Alt-Svc")]
    [TestCase("Strict-Transport-Security")]
    // Of Rotato itself.
    [TestCase("x-rotato-key")]
    [TestCase("x-rotato-tries")]
    [TestCase("x-rotato-cache")]
    [TestCase("x-rotato-anything")]
    [TestCase("x-rotato-")]
    public void EndsHere(string name)
    {
        foreach (var spelled in new[] { name, name.ToUpperInvariant(), name.ToLowerInvariant() })
            Assert.That(PassedFields.Pass(spelled, []), Is.False, spelled);
    }

    [TestCase("Accept")]
    [TestCase("Accept-Encoding")]
    [TestCase("Content-Type")]
    [TestCase("Content-Encoding")]
    [TestCase("User-Agent")]
    [TestCase("OpenAI-Organization")]
    [TestCase("anthropic-version")]
    [TestCase("Idempotency-Key")]
    [TestCase("Retry-After")]
    [TestCase("x-request-id")]
    [TestCase("x-rotat")]
    [TestCase("rotato-key")]
    [TestCase("Cookie2")]
    [TestCase("Tex")]
    [TestCase("X")]
    public void Passes(string name)
    {
        foreach (var spelled in new[] { name, name.ToUpperInvariant(), name.ToLowerInvariant() })
            Assert.That(PassedFields.Pass(spelled, []), Is.True, spelled);
    }

    [TestCase("X-Hop", false)]
    [TestCase("x-hop", false)]
    [TestCase("X-HOP", false)]
    [TestCase("X-Hope", true)]
    [TestCase("X-End", true)]
    [TestCase("TE", false)]
    public void WhatTheConnectionFieldListsEndsHereToo(string name, bool passes) =>
        Assert.That(PassedFields.Pass(name, ["keep-alive", "x-Hop"]), Is.EqualTo(passes));

    // Two identical lines of these are as good as one; of any other they are a list, which is no host and no length.
    [TestCase("Content-Type", true)]
    [TestCase("content-type", true)]
    [TestCase("User-Agent", true)]
    [TestCase("Origin", true)]
    [TestCase("Referer", true)]
    [TestCase("Idempotency-Key", true)]
    [TestCase("anthropic-version", true)]
    [TestCase("OpenAI-Organization", true)]
    [TestCase("OpenAI-Project", true)]
    [TestCase("Host", false)]
    [TestCase("Content-Length", false)]
    [TestCase("Transfer-Encoding", false)]
    [TestCase("Accept", false)]
    [TestCase("anthropic-beta", false)]
    [TestCase("Connection", false)]
    public void HoldsOneValue(string name, bool expected) =>
        Assert.That(PassedFields.IsSingleValued(name), Is.EqualTo(expected));

    [TestCase("", true)]
    [TestCase("a b\tc", true)]
    [TestCase("\u0080\u00e9", true)]
    [TestCase("a\u0001b", false)]
    [TestCase("a\u001bb", false)]
    [TestCase("a\u007fb", false)]
    [TestCase("a\rb", false)]
    [TestCase("a\nb", false)]
    [TestCase("a\r\nX: y", false)]
    [TestCase("\n", false)]
    [TestCase("a\0b", false, TestName = "AValueWithANulIsNotWritten")]
    public void AValueOfTheUpstreamsIsOneLine(string value, bool expected) =>
        Assert.That(PassedFields.IsOneLine(value), Is.EqualTo(expected));
}
