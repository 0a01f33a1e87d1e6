using System.Text;

namespace Rotato.Tests;

/// <summary>Which model a request names: rests belong to it, so a wrong one would stop the wrong requests.</summary>
internal sealed class ModelTests
{
    private const string Chat = "/v1/chat/completions";

    [TestCase("""{"model":"gpt-4o","messages":[]}""", "gpt-4o")]
    [TestCase("""{"messages":[{"role":"user","content":"hi"}],"stream":true,"model":"gpt-4o-mini"}""", "gpt-4o-mini", Description = "last")]
    [TestCase("{\n  \"model\" : \"claude-sonnet-4-5\"\n}", "claude-sonnet-4-5")]
    [TestCase("""{"m\u006fdel":"gpt\u002d4o"}""", "gpt-4o", Description = "escaped")]
    [TestCase("""{"model":"meta-llama/Llama-3.3-70B:free"}""", "meta-llama/Llama-3.3-70B:free")]
    [TestCase("""{"metadata":{"model":"inner"},"model":"outer"}""", "outer", Description = "only the top level counts")]
    [TestCase("""{"messages":[{"model":"inner"}]}""", "")]
    [TestCase("""{"messages":["\"model\":\"quoted\""]}""", "")]
    [TestCase("""{"Model":"gpt-4o"}""", "", Description = "JSON's names have a case")]
    [TestCase("""{"model":null}""", "")]
    [TestCase("""{"model":4}""", "")]
    [TestCase("""{"model":["gpt-4o"]}""", "")]
    [TestCase("""{"model":{"name":"gpt-4o"}}""", "")]
    [TestCase("""{"model":""}""", "")]
    [TestCase("{}", "")]
    [TestCase("", "")]
    [TestCase("null", "")]
    [TestCase("[]", "")]
    [TestCase("""["model","gpt-4o"]""", "")]
    [TestCase("""{"model":"gpt-4o""", "", Description = "cut short")]
    [TestCase("""{"model":"gpt-4o","messages":[""", "gpt-4o", Description = "read no further than needed")]
    [TestCase("""{"messages":[},"model":"gpt-4o"}""", "")]
    [TestCase("model=gpt-4o", "")]
    [TestCase("--boundary\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n--boundary--", "")]
    public void TheBodyNamesIt(string body, string model) => Assert.That(Of(Chat, body), Is.EqualTo(model));

    [TestCase("\n{\"model\":\"gpt-4o\"}")]
    [TestCase("  {\"model\":\"gpt-4o\"}")]
    public void JsonMayBeginWithBlanks(string body) => Assert.That(Of(Chat, body), Is.EqualTo("gpt-4o"));

    [TestCase("/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro")]
    [TestCase("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", "gemini-2.5-flash")]
    [TestCase("/v1/models/gpt-4o", "gpt-4o")]
    [TestCase("/v1/models/gpt-4o/", "gpt-4o")]
    [TestCase("/v1/models/gpt-4o/permissions", "gpt-4o")]
    [TestCase("/v1/projects/p/publishers/google/models/gemini-2.5-pro:predict", "gemini-2.5-pro")]
    [TestCase("/v1/models", "")]
    [TestCase("/v1/models/", "")]
    [TestCase("/v1/files?path=/models/trick", "")]
    public void ThePathNamesIt(string target, string model) => Assert.That(Of(target, ""), Is.EqualTo(model));

    [Test]
    public void ThePathGoesBeforeTheBody() => Assert.That(Of("/v1beta/models/one:generateContent", """{"model":"two"}"""), Is.EqualTo("one"));

    [TestCase("gpt 4o", "gpt 4o")]
    [TestCase("gpt\\n4o", "gpt\n4o")]
    [TestCase("g\u00fcnstig", "g\u00fcnstig")]
    [TestCase("\u6a21\u578b", "\u6a21\u578b")]
    [TestCase("\\ud800", "")]
    public void AnyTextIsAName(string name, string model) => Assert.That(Of(Chat, $$"""{"model":"{{name}}"}"""), Is.EqualTo(model));

    [TestCase(128, 128)]
    [TestCase(129, 128)]
    [TestCase(1_000_000, 128)]
    public void OfAnEndlessNameThereIsABeginning(int length, int read) =>
        Assert.That(new KeyRing(RingUnderTest.Options(1, ""), TimeProvider.System, _ => { }).Arrive(new('x', length)).Model, Has.Length.EqualTo(read));

    [Test]
    public void NeitherDepthNorGarbageMakesItThrow()
    {
        Assert.That(Of(Chat, $$"""{"a":{{new string('[', 100_000)}}"""), Is.Empty);
        Assert.That(Of(Chat, string.Concat(Enumerable.Repeat("""{"a":""", 10_000))), Is.Empty);
        Assert.That(Of(Chat, """{"a":1}{"model":"x"}"""), Is.Empty);
        var random = new Random(1);
        var bytes = new byte[64];
        for (var i = 0; i < 2000; i++)
        {
            random.NextBytes(bytes);
            bytes[0] = (byte)'{';
            bytes[1] = (byte)'"';
            Assert.That(() => Of(Chat, bytes), Throws.Nothing);
        }
    }

    private static string Of(string target, string body) => Of(target, Encoding.UTF8.GetBytes(body));

    // All that these tests know of the product.
    private static string Of(string target, byte[] body) => Model.Of(new("POST", target, true, [], 0, []), body);
}
