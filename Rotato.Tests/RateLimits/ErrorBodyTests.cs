using System.Text;

namespace Rotato.Tests.RateLimits;

/// <summary>What is read from the body of an error, whatever its form and however little of it there is.</summary>
internal sealed class ErrorBodyTests
{
    [TestCase("""{"error":{"message":"m","type":"t","param":null,"code":"c"}}""", "m", "t c")]
    [TestCase("""{"error":{"message":"m","type":"t","code":429}}""", "m", "t 429")]
    [TestCase("""{"type":"error","error":{"type":"t","message":"m"},"request_id":"r"}""", "m", "error t")]
    [TestCase("""[{"error":{"code":400,"message":"m","status":"S","details":[{"reason":"R"}]}}]""", "m", "400 S R")]
    [TestCase("""{"code":"c","error":"m"}""", "m", "c")]
    [TestCase("""{"code":"c","message":"m","request_id":"r"}""", "m", "c")]
    [TestCase("""{"object":"error","message":"m","type":"t","param":null,"code":"3505"}""", "m", "t 3505")]
    [TestCase("""{"error":{"code":402,"message":"m","metadata":{"reason":"R","limit_source":"x"}}}""", "m", "402 R")]
    [TestCase("""{"error":{"error":{"message":"m","code":402},"code":402}}""", "m", "402 402")]
    [TestCase("""{"errors":[{"message":"m","code":"c"}]}""", "m", "c")]
    [TestCase("""{"error":{"message":"one","details":[{"message":"two"}]}}""", "one", "")]
    [TestCase("""{"error":{"message":null,"code":null}}""", null, "")]
    [TestCase("""{"error":{"message":{"a":1},"code":["c"]}}""", null, "")]
    [TestCase("""{"error":null}""", null, "")]
    [TestCase("{}", null, "")]
    [TestCase("[]", null, "")]
    [TestCase("null", null, "")]
    [TestCase("429", null, "")]
    [TestCase("\"429\"", null, "")]
    [TestCase("", null, "")]
    [TestCase("<html><body>429</body></html>", null, "")]
    [TestCase("\0\u001f\ufffd", null, "")]
    public void TheMembersThatCarryAnApisOwnWordsAreRead(string body, string? message, string codes)
    {
        var error = Read(body);

        Assert.That(error.Message, Is.EqualTo(message));
        Assert.That(string.Join(' ', error.Codes), Is.EqualTo(codes));
    }

    [TestCase("""{"error":{"code":429}}""", 429)]
    [TestCase("""{"error":{"code":"429"}}""", 429)]
    [TestCase("""{"error":{"type":"x","code":402}}""", 402)]
    [TestCase("""{"error":{"code":1113,"status":429}}""", 429)]
    [TestCase("""{"error":{"code":200}}""", null)]
    [TestCase("""{"error":{"code":399}}""", null)]
    [TestCase("""{"error":{"code":600}}""", null)]
    [TestCase("""{"error":{"code":-429}}""", null)]
    [TestCase("""{"error":{"code":4.29e2}}""", null)]
    [TestCase("""{"error":{"code":99999999999999999999}}""", null)]
    [TestCase("""{"error":{"code":"rate_limit_exceeded"}}""", null)]
    public void AStatusIsACodeThatIsOneOfAnError(string body, int? status) =>
        Assert.That(Read(body).StatusCode, Is.EqualTo(status));

    [TestCase("""{"error":{}}""", true)]
    [TestCase("""{"error":"text"}""", true)]
    [TestCase("""{"id":"x","user_id":"u","error":{"code":429}}""", true)]
    [TestCase("""{"id":"x","error":{"code":1},"choices":[]}""", false)]
    [TestCase("""{"choices":[{"error":{"code":429}}]}""", false)]
    [TestCase("""{"output":[],"error":null}""", false)]
    [TestCase("""{"error":null,"status":"completed"}""", false)]
    [TestCase("""{"data":[{"error":{}}]}""", false)]
    [TestCase("""{"message":"\"error\""}""", false)]
    [TestCase("""[{"error":{}}]""", false)]
    [TestCase("""{"error":{"code":429}""", false, Description = "cut")]
    [TestCase("", false)]
    public void AnErrorThatIsHiddenInA200IsNothingButAnError(string body, bool isHidden) =>
        Assert.That(HiddenError.IsIn(Encoding.UTF8.GetBytes(body)), Is.EqualTo(isHidden));

    [TestCase("""{"error":{"message":"x","param":{"code":"invalid_api_key","x":"y"}}}""")]
    [TestCase("""{"error":{"message":"x","input":[{"type":"insufficient_quota","message":"m"},{"a":"b"}]}}""")]
    [TestCase("""{"input":{"error":{"code":"insufficient_quota"}},"error":{"code":"x"}}""")]
    [TestCase("""{"detail":[{"input":{"messages":[{"code":"invalid_api_key"}]}}]}""")]
    public void AnEchoThatIsCutIsAnEchoAllTheSame(string body)
    {
        for (var length = 0; length <= body.Length; length++)
        {
            var codes = Read(body[..length]).Codes;
            Assert.That(codes, Has.None.EqualTo("invalid_api_key").And.None.EqualTo("insufficient_quota"), body[..length]);
        }
    }

    [Test]
    public void WhatIsBehindTheCutIsMissingAndNothingElse()
    {
        var error = Read("""{"error":{"message":"m","type":"t","code":"c","details":[{"reason":"R"},{"x":""");

        Assert.That((error.Message, string.Join(' ', error.Codes)), Is.EqualTo(("m", "t c R")));
    }

    [TestCase("identity")]
    [TestCase("Identity")]
    public void IdentityIsNoCoding(string coding) => Assert.That(
        ErrorBody.Read(Encoding.UTF8.GetBytes("""{"error":{"code":"c"}}"""), coding).Codes, Is.EqualTo(["c"]));

    [TestCase("nonsense")]
    [TestCase("zstd")]
    [TestCase("gzip, gzip")]
    [TestCase("")]
    public void OfAnUnknownCodingNothingFollows(string coding)
    {
        var packed = Examining.Pack(Encoding.UTF8.GetBytes("""{"error":{"code":"c"}}"""), "gzip");

        Assert.That(ErrorBody.Read(packed, coding).Codes, Is.Empty);
    }

    [Test]
    public void ABodyThatIsNotCompressedAsItSaysIsNoError([Values("gzip", "deflate", "br")] string coding) =>
        Assert.That(ErrorBody.Read(Encoding.UTF8.GetBytes("""{"error":{"code":"c"}}"""), coding).Codes, Is.Empty);

    [Test]
    public void ABombIsUnpackedNoFurtherThanItIsLookedAt([Values("gzip", "deflate", "br")] string coding)
    {
        var packed = Examining.Pack(new byte[64 << 20], coding);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var error = ErrorBody.Read(packed, coding);

        Assert.That(error.Codes, Is.Empty);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(packed.Length + (1 << 20)));
    }

    [Test]
    public void NeitherDepthNorGarbageMakesItThrow()
    {
        Assert.That(Read(string.Concat(Enumerable.Repeat("""{"error":""", 5000))).Codes, Is.Empty);
        Assert.That(Read(new string('[', 30_000)).Codes, Is.Empty);
        Assert.That(Read("""{"error":{"code":"\ud800"}}""").Codes, Is.Empty);
        var random = new Random(1);
        string[] pieces = ["{", "}", "[", "]", "\"error\"", ":", ",", "\"code\"", "\"c\"", "1", "null", "\"details\"",
            "\"message\"", "\\", "\u00ff", " ", "\"x\":{", "\"param\":{"];
        for (var i = 0; i < 5000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => pieces[random.Next(pieces.Length)]));
            Assert.That(() => Read(text), Throws.Nothing, text);
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            foreach (var coding in new[] { null, "gzip", "deflate", "br" })
                Assert.That(() => ErrorBody.Read(bytes, coding), Throws.Nothing, Convert.ToHexString(bytes));
        }
    }

    private static ErrorBody Read(string body) => ErrorBody.Read(Encoding.UTF8.GetBytes(body), null);
}
