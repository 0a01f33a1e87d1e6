using System.Buffers;
using System.Text;

namespace Rotato.Tests.RateLimits;

/// <summary>What the body of a request names: rests belong to its model, so a wrong one would stop others.</summary>
internal sealed class BodyFactsTests
{
    private const string Form = "multipart/form-data; boundary=b";

    [TestCase("""{"model":"gpt-4o","messages":[]}""", "gpt-4o")]
    [TestCase("""{"messages":[{"role":"user","content":"hi"}],"stream":true,"model":"gpt-4o-mini"}""", "gpt-4o-mini", Description = "last")]
    [TestCase("{\n  \"model\" : \"claude-sonnet-4-5\"\n}", "claude-sonnet-4-5")]
    [TestCase("""{"m\u006fdel":"gpt\u002d4o"}""", "gpt-4o", Description = "escaped")]
    [TestCase("""{"model":"meta-llama/Llama-3.3-70B:free"}""", "meta-llama/Llama-3.3-70B:free")]
    [TestCase("""{"metadata":{"model":"inner"},"model":"outer"}""", "outer", Description = "only the top level counts")]
    [TestCase("""{"metadata":{"user_id":"u","a":{"b":[1,{"model":"inner"}]}},"model":"outer"}""", "outer")]
    [TestCase("""{"conversation":{"x":{"y":[]},"id":"c"},"model":"outer"}""", "outer")]
    [TestCase("""{"messages":[{"model":"inner"}]}""", null)]
    [TestCase("""{"messages":["\"model\":\"quoted\""]}""", null)]
    [TestCase("""{"Model":"gpt-4o"}""", null, Description = "JSON's names have a case")]
    [TestCase("""{"model":null}""", null)]
    [TestCase("""{"model":4}""", null)]
    [TestCase("""{"model":["gpt-4o"]}""", null)]
    [TestCase("""{"model":{"name":"gpt-4o"}}""", null)]
    [TestCase("""{"model":""}""", "")]
    [TestCase("{}", null)]
    [TestCase("", null)]
    [TestCase("null", null)]
    [TestCase("[]", null)]
    [TestCase("""["model","gpt-4o"]""", null)]
    [TestCase("""{"model":"gpt-4o""", null, Description = "cut short")]
    [TestCase("""{"messages":[},"model":"gpt-4o"}""", null)]
    [TestCase("model=gpt-4o", null)]
    [TestCase("--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--b--", null)]
    public void TheBodyNamesTheModel(string body, string? model)
    {
        Assert.That(ModelOf(body), Is.EqualTo(model));
        Assert.That(ModelOf(body, all: true), Is.EqualTo(model), "also where all is read");
    }

    [Test]
    public void ForTheModelAloneNoMoreIsReadThanNeeded() =>
        Assert.That(ModelOf("""{"model":"gpt-4o","messages":["""), Is.EqualTo("gpt-4o"));

    [TestCase("\n{\"model\":\"gpt-4o\"}")]
    [TestCase("  {\"model\":\"gpt-4o\"}")]
    [TestCase("\r\n\t {\"model\":\"gpt-4o\"}")]
    public void JsonMayBeginWithBlanks(string body) => Assert.That(ModelOf(body), Is.EqualTo("gpt-4o"));

    [TestCase("gpt 4o", "gpt 4o")]
    [TestCase("gpt\\n4o", "gpt\n4o")]
    [TestCase("g\u00fcnstig", "g\u00fcnstig")]
    [TestCase("\u6a21\u578b", "\u6a21\u578b")]
    [TestCase("\\ud800", null)]
    public void AnyTextIsAName(string name, string? model) =>
        Assert.That(ModelOf($$"""{"model":"{{name}}"}"""), Is.EqualTo(model));

    [TestCase("name=\"model\"\r\n\r\nwhisper-1\r\n--b--", "whisper-1")]
    [TestCase("name=\"model\"\r\nContent-Type: text/plain\r\n\r\nwhisper-1\r\n--b--", "whisper-1")]
    [TestCase("name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\0\u00ff\r\n--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--b--", "whisper-1")]
    [TestCase("name=\"language\"\r\n\r\nen\r\n--b--", null)]
    [TestCase("name=\"model\"\r\n\r\ncut", null)]
    [TestCase("name=\"model\"", null)]
    public void APartOfAFormNamesTheModel(string rest, string? model)
    {
        var body = $"--b\r\nContent-Disposition: form-data; {rest}";

        Assert.That(ModelOf(body, Form), Is.EqualTo(model));
        Assert.That(ModelOf(body, Form.ToUpperInvariant()), Is.EqualTo(model));
    }

    [Test]
    public void AnEndlessNameIsNone()
    {
        var name = new string('x', 1_000_000);

        Assert.That(ModelOf($$"""{"model":"{{name}}"}"""), Is.Null);
        Assert.That(ModelOf($"--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\n{name}\r\n--b--", Form), Is.Null);
    }

    // In the order of what says most, wherever each stands.
    [TestCase("""{"prompt_cache_key":"p"}""", "p")]
    [TestCase("""{"conversation":"c"}""", "c")]
    [TestCase("""{"conversation":{"id":"c"}}""", "c")]
    [TestCase("""{"metadata":{"user_id":"u"}}""", "u")]
    [TestCase("""{"metadata":{"x":{"user_id":"inner"},"user_id":"u","y":1}}""", "u")]
    [TestCase("""{"prompt_cache_key":"p","conversation":"c","metadata":{"user_id":"u"}}""", "p")]
    [TestCase("""{"metadata":{"user_id":"u"},"conversation":"c","prompt_cache_key":"p"}""", "p")]
    [TestCase("""{"conversation":"c","prompt_cache_key":"p"}""", "p")]
    [TestCase("""{"conversation":"c","metadata":{"user_id":"u"}}""", "c")]
    [TestCase("""{"metadata":{"user_id":"u"},"conversation":{"id":"c"}}""", "c")]
    [TestCase("""{"metadata":{"user_id":"u"},"prompt_cache_key":null}""", "u")]
    [TestCase("""{"conversation":"c","prompt_cache_key":7}""", "c")]
    [TestCase("""{"metadata":"u","conversation":[{"id":"c"}],"model":"m"}""", null)]
    [TestCase("""{"metadata":null,"conversation":null}""", null)]
    [TestCase("""{"messages":[{"prompt_cache_key":"p"}]}""", null)]
    public void TheBodyNamesTheConversation(string body, string? conversation) =>
        Assert.That(Of(body, all: true).Conversation, Is.EqualTo(conversation));

    [Test]
    public void TheBodyNamesTheResponseThatItContinues()
    {
        Assert.That(Of("""{"model":"m","previous_response_id":"resp_1"}""", all: true).PreviousResponse, Is.EqualTo("resp_1"));
        Assert.That(Of("""{"model":"m","previous_response_id":null}""", all: true).PreviousResponse, Is.Null);
        Assert.That(Of("""{"input":[{"previous_response_id":"resp_1"}]}""", all: true).PreviousResponse, Is.Null);
    }

    [Test]
    public void ABodyInPiecesIsReadAsOne()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"messages":[{"content":"hi"}],"model":"gpt-4o-mini","metadata":{"user_id":"someone"}}""");
        for (var at = 0; at <= bytes.Length; at++)
        {
            var facts = BodyFacts.Of(Sequence(bytes[..at], bytes[at..]), "application/json", all: true);
            Assert.That((facts.Model, facts.Conversation), Is.EqualTo(("gpt-4o-mini", "someone")), $"cut at {at}");
        }
    }

    [Test]
    public void NeitherDepthNorGarbageMakesItThrow()
    {
        Assert.That(ModelOf($$"""{"a":{{new string('[', 100_000)}}"""), Is.Null);
        Assert.That(ModelOf(string.Concat(Enumerable.Repeat("""{"a":""", 10_000))), Is.Null);
        Assert.That(ModelOf("""{"a":1}{"model":"x"}"""), Is.Null);
        var random = new Random(1);
        var bytes = new byte[64];
        for (var i = 0; i < 2000; i++)
        {
            random.NextBytes(bytes);
            bytes[0] = (byte)'{';
            bytes[1] = (byte)'"';
            Assert.That(() => BodyFacts.Of(new(bytes), null, all: i % 2 == 0), Throws.Nothing);
        }
    }

    private static string? ModelOf(string body, string? type = null, bool all = false) => Of(body, type, all).Model;

    private static BodyFacts Of(string body, string? type = null, bool all = false) =>
        BodyFacts.Of(new(Encoding.UTF8.GetBytes(body)), type, all);

    private static ReadOnlySequence<byte> Sequence(byte[] first, byte[] second)
    {
        var begin = new Segment(first, 0);
        var end = new Segment(second, first.Length);
        begin.Append(end);
        return new(begin, 0, end, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long index)
        {
            Memory = bytes;
            RunningIndex = index;
        }

        public void Append(Segment next) => Next = next;
    }
}
