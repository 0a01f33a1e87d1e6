namespace Rotato.Tests.Guards;

/// <summary>What a browser is told about pages of another origin.</summary>
internal sealed class CrossOriginTests
{
    private const string Origin = "http://localhost:3000";

    [TestCase("OPTIONS /v1", $"Origin: {Origin}|Access-Control-Request-Method: POST", true)]
    [TestCase("OPTIONS /_rotato/status", $"Origin: {Origin}|Access-Control-Request-Method: GET", true)]
    [TestCase("OPTIONS /v1", $"Origin: {Origin}", false)]
    [TestCase("OPTIONS /v1", "Access-Control-Request-Method: POST", false)]
    [TestCase("GET /v1", $"Origin: {Origin}|Access-Control-Request-Method: POST", false)]
    [TestCase("POST /v1", $"Origin: {Origin}|Access-Control-Request-Method: POST", false)]
    public async Task APreflightAsksWithAnOriginForAMethod(string line, string fields, bool expected) =>
        Assert.That(CrossOrigin.IsPreflight(await ReadHeads.OfAsync(line, fields)), Is.EqualTo(expected));

    [Test]
    public async Task APreflightIsGrantedWhatItAsksForAndNoMore()
    {
        var head = await ReadHeads.OfAsync("OPTIONS /v1", $"Origin: {Origin}|Access-Control-Request-Method: PATCH"
            + "|Access-Control-Request-Headers: authorization,x-stainless-os");

        var fields = CrossOrigin.PreflightFields(head).ToDictionary(field => field.Name, field => field.Value);

        Assert.That(fields["Access-Control-Allow-Origin"], Is.EqualTo(Origin), "this one, and not every origin");
        Assert.That(fields["Vary"], Is.EqualTo("Origin"));
        Assert.That(fields["Access-Control-Allow-Methods"], Is.EqualTo("PATCH"));
        Assert.That(fields["Access-Control-Allow-Headers"], Is.EqualTo("authorization,x-stainless-os"));
        Assert.That(fields, Does.ContainKey("Access-Control-Max-Age"));
        Assert.That(fields.Keys, Does.Not.Contain("Access-Control-Allow-Private-Network"), "it has not been asked for");
        Assert.That(fields.Keys, Does.Not.Contain("Access-Control-Allow-Credentials"), "no cookie passes");
    }

    [TestCase("true", true)]
    [TestCase("false", false)]
    [TestCase("x", false)]
    public async Task ThePrivateNetworkIsGrantedWhereItIsAskedFor(string asked, bool isGranted)
    {
        var head = await ReadHeads.OfAsync("OPTIONS /v1", $"Origin: {Origin}|Access-Control-Request-Method: POST"
            + $"|Access-Control-Request-Private-Network: {asked}");

        Assert.That(CrossOrigin.PreflightFields(head).Contains(("Access-Control-Allow-Private-Network", "true")),
            Is.EqualTo(isGranted));
    }

    [Test]
    public async Task AnAnswerTellsThePageItsOriginAndWhatItMayRead()
    {
        var head = await ReadHeads.OfAsync("POST /v1", $"Origin: {Origin}");

        var fields = CrossOrigin.AnswerFields(head, _ => null).ToDictionary(field => field.Name, field => field.Value);

        Assert.That(fields["Access-Control-Allow-Origin"], Is.EqualTo(Origin));
        Assert.That(fields["Vary"], Is.EqualTo("Origin"));
        Assert.That(fields["Access-Control-Expose-Headers"].Split(", "),
            Is.SupersetOf(["x-rotato-key", "x-rotato-tries", "retry-after", "x-request-id"]));
    }

    [Test]
    public async Task WhatTheUpstreamHasSaidStands()
    {
        var head = await ReadHeads.OfAsync("POST /v1", $"Origin: {Origin}");

        var besideOrigin = CrossOrigin.AnswerFields(head, name => name == "Access-Control-Allow-Origin" ? "*" : null);
        var besideNames = CrossOrigin.AnswerFields(head, name => name == "Access-Control-Expose-Headers" ? "x" : null);

        Assert.That(besideOrigin.Select(field => field.Name), Is.EqualTo(["Access-Control-Expose-Headers"]));
        Assert.That(besideNames.Select(field => field.Name), Is.EqualTo(["Access-Control-Allow-Origin", "Vary"]));
    }

    [Test]
    public async Task AProgramIsToldNothing() =>
        Assert.That(CrossOrigin.AnswerFields(await ReadHeads.OfAsync("POST /v1"), _ => null), Is.Empty);
}
