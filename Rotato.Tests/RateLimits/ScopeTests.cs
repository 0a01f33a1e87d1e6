using System.Buffers;
using System.Text;

namespace Rotato.Tests.RateLimits;

/// <summary>What a limit counts: the endpoint without the model, and the model.</summary>
internal sealed class ScopeTests
{
    private const string Chat = "/v1/chat/completions";

    [TestCase(Chat, """{"model":"gpt-4o"}""", Chat, "gpt-4o")]
    [TestCase(Chat, "{}", "/v1/chat", "")]
    [TestCase(Chat, """{"model":""}""", "/v1/chat", "")]
    [TestCase("/v1/messages", """{"model":"claude"}""", "/v1/messages", "claude")]
    [TestCase("/v1/messages/count_tokens", """{"model":"claude"}""", "/v1/messages/count_tokens", "claude")]
    [TestCase("/v1/messages?beta=true", """{"model":"claude"}""", "/v1/messages", "claude")]
    public void TheBodyNamesTheModel(string target, string body, string endpoint, string model) =>
        Assert.That(Of(target, body), Is.EqualTo(new Scope(endpoint, model)));

    [TestCase("/v1beta/models/gemini-2.5-pro:generateContent", "/v1beta/models/*:generateContent", "gemini-2.5-pro")]
    [TestCase("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "/v1beta/models/*:streamGenerateContent",
        "gemini-2.5-flash")]
    [TestCase("/v1/models/gpt-4o", "/v1/models/*", "gpt-4o")]
    [TestCase("/v1/models/gpt-4o/", "/v1/models/*/", "gpt-4o")]
    [TestCase("/v1/models/gpt-4o/permissions", "/v1/models/*/permissions", "gpt-4o")]
    [TestCase("/v1/projects/p/publishers/google/models/gemini-2.5-pro:predict",
        "/v1/projects/p/publishers/google/models/*:predict", "gemini-2.5-pro")]
    [TestCase("/openai/deployments/mine/chat/completions?api-version=1", "/openai/deployments/*/chat/completions", "mine")]
    [TestCase("/v1/realtime?model=gpt-4o-realtime", "/v1/realtime", "gpt-4o-realtime")]
    [TestCase("/v1/realtime?intent=x&model=gpt-4o-realtime", "/v1/realtime", "gpt-4o-realtime")]
    [TestCase("/v1/models", "/v1/models", "")]
    [TestCase("/v1/models/", "/v1/models/*", "")]
    [TestCase("/v1/files?path=/models/trick", "/v1/files", "")]
    public void PathAndQueryNameIt(string target, string endpoint, string model) =>
        Assert.That(Of(target, ""), Is.EqualTo(new Scope(endpoint, model)));

    [Test]
    public void ThePathGoesBeforeTheBody() => Assert.That(
        Of("/v1beta/models/one:generateContent", """{"model":"two"}""").Model, Is.EqualTo("one"));

    [Test]
    public void TheBodyGoesBeforeTheQuery() =>
        Assert.That(Of("/v1/x?model=one", """{"model":"two"}""").Model, Is.EqualTo("two"));

    [TestCase("/v1/files/file-abc/content", "/v1/files")]
    [TestCase("/v1/batches/batch_1/cancel", "/v1/batches")]
    [TestCase("/v1/files", "/v1/files")]
    [TestCase("/v1", "/v1")]
    [TestCase("/", "/")]
    [TestCase("//x/y", "//x")]
    public void WithoutAModelTheFirstTwoSegmentsAreTheScope(string target, string endpoint) =>
        Assert.That(Of(target, ""), Is.EqualTo(new Scope(endpoint, "")));

    [TestCase(128, 128)]
    [TestCase(129, 128)]
    [TestCase(1000, 128)]
    public void OfAnEndlessNameThereIsABeginning(int length, int read)
    {
        var name = new string('x', length);

        Assert.That(Scope.Of(Chat, name).Model, Has.Length.EqualTo(read));
        Assert.That(Scope.Of($"/v1/models/{name}", null).Model, Has.Length.EqualTo(read));
        Assert.That(Scope.Of($"/{name}{name}", "m").Endpoint, Has.Length.LessThanOrEqualTo(128));
    }

    [Test]
    public void PeopleReadItAsEndpointAndModel()
    {
        Assert.That(new Scope(Chat, "gpt-4o").ToString(), Is.EqualTo("/v1/chat/completions gpt-4o"));
        Assert.That(new Scope("/v1/files", "").ToString(), Is.EqualTo("/v1/files"));
    }

    [Test]
    public void TheLongestUnusedOfMoreThan256GoesFirst()
    {
        var table = new ScopeTable();
        for (var i = 0; i < 256; i++) table.FindOrAdd(new(Chat, $"model-{i}")).RecordSend(i);
        table.FindOrAdd(new(Chat, "model-0")).RecordSend(1000);
        table.FindOrAdd(new(Chat, "another")).RecordSend(1001);

        Assert.That(table.All.Count(), Is.EqualTo(256));
        Assert.That(table.Find(new(Chat, "model-0")), Is.Not.Null);
        Assert.That(table.Find(new(Chat, "model-1")), Is.Null);
        Assert.That(table.Find(new(Chat, "another")), Is.Not.Null);
    }

    [Test]
    public void WhatIsLeftIsForgottenWhenItsWindowIsOver()
    {
        var state = new ScopeState();
        Assert.That(state.Remaining(0), Is.Null);
        state.RecordRemaining(new(200) { Remaining = 3, RemainingFor = 10 }, 0);
        state.RecordSend(1);
        Assert.That(state.Remaining(9.9), Is.EqualTo(2));
        Assert.That(state.Remaining(10), Is.Null);
        state.RecordRemaining(new(200) { Remaining = 0 }, 20);
        Assert.That((state.Remaining(79), state.Remaining(80)), Is.EqualTo(((int?)0, (int?)null)), "as most windows");
    }

    private static Scope Of(string target, string body)
    {
        var bytes = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(body));
        return Scope.Of(target, BodyFacts.Of(bytes, null, all: false).Model);
    }
}
