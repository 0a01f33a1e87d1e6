namespace Rotato.Tests.Guards;

/// <summary>Where a request's body ends, or why nobody can say (RFC 9112 section 6.3).</summary>
internal sealed class RequestFramingTests
{
    private const string Refused = "bad_request";

    [TestCase("X: y", 0)]
    [TestCase("Content-Length: 0", 0)]
    [TestCase("Content-Length: 5", 5)]
    [TestCase("content-length: 0005", 5)]
    [TestCase("Content-Length: 999999999999999", 999_999_999_999_999)]
    [TestCase("Transfer-Encoding: chunked", null)]
    [TestCase("transfer-encoding: CHUNKED", null)]
    public void ABodyEndsWhereItsLengthOrItsChunksSay(string field, long? expected) =>
        Assert.That(RequestFraming.LengthOf(Heads.Fields(field), isHttp11: true), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("+5")]
    [TestCase("-5")]
    [TestCase("5 ")]
    [TestCase("5, 5", TestName = "TwoEqualLengthsAreNoLength")]
    [TestCase("5, 6")]
    [TestCase("5.0")]
    [TestCase("0x5")]
    [TestCase("5a")]
    [TestCase("5\0", TestName = "ALengthWithANulIsNoLength")]
    [TestCase("\u00b2")]
    [TestCase("\u0665")]
    [TestCase("99999999999999999999a", TestName = "AnEndlessLengthWithALetterIsNoLength")]
    public void ALengthIsOfDigitsAlone(string value) => Assert.That(
        RefusalOf($"Content-Length: {value}"), Is.EqualTo(Refused));

    [TestCase("1000000000000000")]
    [TestCase("0000000000000005")]
    [TestCase("9223372036854775808")]
    [TestCase("18446744073709551621")]
    public void ALengthOfMoreThan15DigitsIsTooMuch(string value) => Assert.That(
        RefusalOf($"Content-Length: {value}"), Is.EqualTo("payload_too_large"));

    [TestCase("5", "chunked")]
    [TestCase("0", "chunked")]
    [TestCase("", "chunked")]
    [TestCase("x", "chunked")]
    [TestCase("5", "gzip")]
    [TestCase("5", "identity")]
    [TestCase("5", "")]
    public void ALengthAndACodingContradictEachOther(string length, string coding) => Assert.That(
        RefusalOf($"Content-Length: {length}", $"Transfer-Encoding: {coding}"), Is.EqualTo(Refused));

    [TestCase("chunked")]
    [TestCase("gzip")]
    [TestCase("")]
    public void Http10HasNoCoding(string coding) => Assert.That(
        Heads.RefusalOf(() => RequestFraming.LengthOf(Heads.Fields($"Transfer-Encoding: {coding}"), isHttp11: false)),
        Is.EqualTo(Refused));

    [TestCase("chunked, chunked")]
    [TestCase("chunked, gzip")]
    [TestCase("Chunked,identity")]
    [TestCase("chunked,")]
    public void NothingComesBehindChunked(string coding) => Assert.That(
        RefusalOf($"Transfer-Encoding: {coding}"), Is.EqualTo(Refused));

    [TestCase("gzip")]
    [TestCase("gzip, chunked")]
    [TestCase("identity")]
    [TestCase("identity, chunked")]
    [TestCase("xchunked")]
    [TestCase("chunkedx")]
    [TestCase("chunked;q=1")]
    [TestCase("\"chunked\"")]
    [TestCase(",chunked")]
    [TestCase("chunked\u00a0")]
    [TestCase("")]
    public void NoOtherCodingIsTaken(string coding) => Assert.That(
        RefusalOf($"Transfer-Encoding: {coding}"), Is.EqualTo("not_implemented"));

    [TestCase("0", 0)]
    [TestCase("00000000", 0)]
    [TestCase("5", 5)]
    [TestCase("0000000A", 10)]
    [TestCase("aBc", 0xABC)]
    [TestCase("7fffffff", 0x7FFFFFFF)]
    [TestCase("FFFFFFFF", 0xFFFFFFFF)]
    public void TheSizeOfAChunkIsHexadecimal(string digits, long expected) =>
        Assert.That(RequestFraming.ChunkSize(digits), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase(" ")]
    [TestCase(" 5")]
    [TestCase("5 ")]
    [TestCase("+5")]
    [TestCase("-5")]
    [TestCase("0x5")]
    [TestCase("5h")]
    [TestCase("5;")]
    [TestCase("5\0", TestName = "ASizeWithANulIsNoNumber")]
    [TestCase("\u00b2")]
    [TestCase("000000005")]
    [TestCase("100000000")]
    [TestCase("FFFFFFFFFFFFFFFF", TestName = "ASizeThatWouldComeOutNegativeIsNoNumber")]
    [TestCase("10000000000000005", TestName = "ASizeThatWouldWrapAroundIsNoNumber")]
    public void TheSizeOfAChunkIsOfAtMostEightDigitsAlone(string digits) =>
        Assert.That(Heads.RefusalOf(() => RequestFraming.ChunkSize(digits)), Is.EqualTo(Refused));

    private static string? RefusalOf(params string[] fields) =>
        Heads.RefusalOf(() => RequestFraming.LengthOf(Heads.Fields(fields), isHttp11: true));
}
