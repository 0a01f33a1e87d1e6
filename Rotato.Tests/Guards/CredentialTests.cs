namespace Rotato.Tests.Guards;

/// <summary>What a client sends as its API key is taken out of its request, wherever it is.</summary>
internal sealed class CredentialTests
{
    private const string Mine = "the-secret-of-the-client";

    [TestCase($"Authorization: Bearer {Mine}", "Authorization")]
    [TestCase($"authorization: bearer {Mine}", "Authorization")]
    [TestCase($"Authorization: {Mine}", "Authorization")]
    [TestCase($"x-api-key: {Mine}", "x-api-key")]
    [TestCase($"X-API-KEY: {Mine}", "x-api-key")]
    [TestCase($"x-goog-api-key: {Mine}", "x-goog-api-key")]
    [TestCase($"api-key: {Mine}", "api-key")]
    [TestCase($"Sec-WebSocket-Protocol: openai-insecure-api-key.{Mine}", "Sec-WebSocket-Protocol")]
    public async Task AFieldForKeysIsTakenOut(string line, string field)
    {
        var head = await ReadHeads.OfAsync("GET /v1?a=b", $"{line}|X-Other: 1");

        Assert.That(head.Credentials, Is.EqualTo([new Credential(field, Mine)]));
        Assert.That(head.Fields.Keys, Is.EquivalentTo(["Host", "X-Other"]));
        Assert.That(head.Target, Is.EqualTo("/v1?a=b"));
    }

    [TestCase($"/v1?key={Mine}", "/v1", "x-goog-api-key")]
    [TestCase($"/v1?alt=sse&key={Mine}", "/v1?alt=sse", "x-goog-api-key")]
    [TestCase($"/v1?key={Mine}&alt=sse", "/v1?alt=sse", "x-goog-api-key")]
    [TestCase($"/v1?a=%41&key={Mine}&b=?&&c", "/v1?a=%41&b=?&&c", "x-goog-api-key")]
    [TestCase($"/v1?k%65y={Mine}", "/v1", "x-goog-api-key")]
    [TestCase($"/v1?api-version=1&api-key={Mine}", "/v1?api-version=1", "api-key")]
    [TestCase($"/v1?%61pi-key={Mine}", "/v1", "api-key")]
    public async Task AKeyInTheQueryIsTakenOutAndAllElseStays(string target, string expected, string field)
    {
        var head = await ReadHeads.OfAsync($"GET {target}");

        Assert.That(head.Credentials.Select(sent => sent.Field), Is.EqualTo([field]));
        Assert.That(head.Target, Is.EqualTo(expected));
    }

    [Test]
    public async Task AllOfThemAreTakenOut()
    {
        var head = await ReadHeads.OfAsync($"GET /?key={Mine}1&a=b&key={Mine}2&api-key={Mine}3",
            $"Authorization: Bearer {Mine}4|x-api-key: {Mine}5|api-key: {Mine}6|x-goog-api-key: {Mine}7"
            + $"|Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.{Mine}8|Sec-WebSocket-Protocol: v1");

        Assert.That(head.Credentials.Select(sent => sent.Text),
            Is.EquivalentTo(Enumerable.Range(1, 8).Select(i => $"{Mine}{i}")));
        Assert.That(head.Target, Is.EqualTo("/?a=b"));
        Assert.That(head.Fields.Select(field => $"{field.Key}: {field.Value}"),
            Is.EquivalentTo(["Host: localhost", "Sec-WebSocket-Protocol: realtime, v1"]));
    }

    /// <summary>A list of them in one field is one text, and none of it stays behind.</summary>
    [Test]
    public async Task AFieldThatComesTwiceIsTakenOutWhole()
    {
        var head = await ReadHeads.OfAsync("GET /", $"x-api-key: {Mine}|x-api-key: {Mine}2");

        Assert.That(head.Fields.Keys, Is.EqualTo(["Host"]));
    }

    [TestCase("/v1?keys=1&monkey=2")]
    [TestCase("/v1?key&keyring")]
    [TestCase("/v1/key=1")]
    [TestCase("/?")]
    [TestCase("/%6bey=1?a")]
    public async Task WhatOnlyLooksLikeAKeyStays(string target)
    {
        var head = await ReadHeads.OfAsync($"GET {target}",
            "X-Api-Keys: 1|Sec-WebSocket-Protocol: openai-insecure-api-keys");

        Assert.That(head.Credentials, Is.Empty);
        Assert.That(head.Target, Is.EqualTo(target));
        Assert.That(head.Fields.Keys, Is.EquivalentTo(["Host", "X-Api-Keys", "Sec-WebSocket-Protocol"]));
    }

    [Test]
    public async Task AWebSocketOfABrowserGetsBackTheProtocolThatItOffered()
    {
        var with = await ReadHeads.OfAsync("GET /", $"Sec-WebSocket-Protocol: openai-insecure-api-key.{Mine}");
        var without = await ReadHeads.OfAsync("GET /", $"x-api-key: {Mine}");

        Assert.That(with.OfferedProtocolKey, Is.EqualTo(Mine));
        Assert.That(without.OfferedProtocolKey, Is.Null);
    }

    [TestCase("Authorization", "Bearer ")]
    [TestCase("x-api-key", "")]
    [TestCase("x-goog-api-key", "")]
    [TestCase("api-key", "")]
    [TestCase("Sec-WebSocket-Protocol", "openai-insecure-api-key.")]
    public void EachFieldHasWhatStandsBeforeItsKey(string field, string prefix) =>
        Assert.That(Credential.Prefix(field), Is.EqualTo(prefix));
}
