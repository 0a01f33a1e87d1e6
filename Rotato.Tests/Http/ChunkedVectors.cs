using static Rotato.Guards.ErrorCode;

namespace Rotato.Tests.Http;

/// <summary>A chunked body as it is sent, and its content or the code of its refusal.</summary>
internal sealed record ChunkedVector(string Name, string Text, string Expected, bool IsRefused)
{
    public const string Head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

    public override string ToString() => Name;

    public static IEnumerable<ChunkedVector> Valid =>
    [
        Good("nothing", "0\r\n\r\n", ""),
        Good("one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello"),
        Good("three chunks", "5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n", "hello world"),
        Good("zeros before the size", "00000005\r\nhello\r\n0\r\n\r\n", "hello"),
        Good("eight zeros at the end", "5\r\nhello\r\n00000000\r\n\r\n", "hello"),
        Good("small hex digits", "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", "abcdefghijklmnopqrstuvwxyz"),
        Good("capital hex digits", "1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", "abcdefghijklmnopqrstuvwxyz"),
        Good("line ends as data", "4\r\n\r\n\r\n\r\n2\r\n\n\r\r\n0\r\n\r\n", "\r\n\r\n\n\r"),
        Good("the end of a body as data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
        Good("every byte as data", $"100\r\n{EveryByte}\r\n0\r\n\r\n", EveryByte),
        Good("a trailer", "5\r\nhello\r\n0\r\nX: a\r\n\r\n", "hello"),
        Good("trailers that would mean something in a head",
            "5\r\nhello\r\n0\r\nContent-Length: 9\r\nHost: evil\r\nTransfer-Encoding: gzip\r\n\r\n", "hello"),
        Good("trailers behind nothing", "0\r\nX: a\r\nY:\r\n\r\n", ""),
        // chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), RFC 9112 section 7.1.1
        .. new[]
        {
            ";a", ";a=b", ";a=\"b\"", " ;a", "\t;\ta\t=\tb", "  ;  a  =  b", "; a=\"b\"", ";a;b", ";a ;b", ";a=b;c=d",
            ";a=b ; c", ";a=\"b\" ;c=\"d\"", ";a=\"b\";c", ";a=\"\"", ";a=\"b;c=d\"", ";a=\"\\\"\"", ";a=\"\\\\\"",
            ";a=\"\\b\tc d\"", ";a=\"\u00e9\\\u00ff\"", ";a=\"0\";b=0", ";!#$%&'*+-.^_`|~09azAZ=!#$%&'*+-.^_`|~09azAZ",
            ";a;a;a", ";0", ";5=5",
        }.Select(extension => Good($"extension {RequestHeadVectors.Visible(extension)}",
            $"5{extension}\r\nhello\r\n1{extension}\r\n!\r\n0{extension}\r\n\r\n", "hello!")),
        Good("a line of 8 KiB before a chunk", $"5;{new string('a', 8190)}\r\nhello\r\n0\r\n\r\n", "hello"),
        Good("100 trailers", $"0\r\n{Many("X: a\r\n", 100)}\r\n", ""),
    ];

    public static IEnumerable<ChunkedVector> Invalid =>
    [
        .. new[]
        {
            "", " ", "0x5", "0X5", "x5", "-1", "-0", "+5", "+0", " 5", "\t5", "5\t", "5 5", "5_", "5,5", "5.0",
            "5h", "5H", "h", "g5", "\"5\"", "\u00b2",
            "5\u0000", "0\u0000", "\u00005", "5\u007f", "5\u00a0", "\u00a05", "5\u0085", "5\u000b",
            "000000005", "000000000", "100000000", "FFFFFFFFF", "FFFFFFFFFFFFFFF", "FFFFFFFFFFFFFFFF",
            "FFFFFFFFFFFFFFFB", "10000000000000005",
            "5:", "5#", "5\r", "5\r5", "5,a", "5=a", "5\"a\"",
            // Extensions that are none: the sizes are right, and reading past what is behind them is where other
            // parsers went wrong.
            ";", ";a", " ;a", "g;a", "0x5;a", "-5;a", "5 5;a", "000000005;a", "FFFFFFFFFFFFFFFF;a",
            "5;", "5; ", "5;;", "5;;a", "5;a;", "5;a;;b", "5;=", "5;=b", "5;a=", "5;a= ", "5;a=;b", "5;a==b", "5;a b",
            "5;a=b c", "5;a=b=c", "5;a,b", "5;a=b,c=d", "5;a:b", "5;(=b", "5;a=(", "5;a=b(", "5;\"a\"", "5;\"a\"=b",
            "5;\u00e9", "5;a=\u00e9", "5;a\u00a0=b", "5;\n", "5;a\nb", "5;a\rb", "5;a=\nb", "5;\u0000", "5;a=\u0000",
            "5;a=\"", "5;a=\"b", "5;a=\"b\\", "5;a=\"b\\\"", "5;a=\"b\"c", "5;a=b\"c\"", "5;a=\"b\"\"c\"",
            "5;a=\"b\" c", "5;a=\"b\nc\"", "5;a=\"b\rc\"", "5;a=\"b\r\nc\"", "5;a=\"b\\\nc\"", "5;a=\"\u0000\"",
            "5;a=\"\u007f\"", "5;a=\"\\\u0000\"",
            // Blanks may stand around what separates, and nowhere else.
            "5;a ", "5;a\t", "5;a=b ", "5;a=\"b\" ", "5 ", "5 ;a;b\t",
        }.Select(size => Bad($"size \"{RequestHeadVectors.Visible(size)}\"",
            $"{size}\r\nhello\r\n0\r\n\r\n")),
        Bad("bare LF behind the size", "5\nhello\r\n0\r\n\r\n"),
        Bad("bare LF behind the last size", "5\r\nhello\r\n0\n\r\n"),
        Bad("bare LF behind the data", "5\r\nhello\n0\r\n\r\n"), Bad("bare LF at the end", "5\r\nhello\r\n0\r\n\n"),
        Bad("two bare LF at the end", "5\r\nhello\r\n0\n\n"), Bad("CR CR LF at the end", "5\r\nhello\r\n0\r\n\r\r\n"),
        Bad("no line end behind the data", "5\r\nhello0\r\n\r\n"),
        Bad("more data than the size", "5\r\nhello!\r\n0\r\n\r\n"),
        Bad("less data than the size", "5\r\nhell\r\n0\r\n\r\n"),
        Bad("two line ends behind the data", "5\r\nhello\r\n\r\n0\r\n\r\n"),
        Bad("bare CR behind the data", "5\r\nhello\r0\r\n\r\n"),
        Bad("blank behind the data", "5\r\nhello \r\n0\r\n\r\n"),
        Bad("trailer without a colon", "0\r\nno colon\r\n\r\n"), Bad("trailer without a name", "0\r\n: a\r\n\r\n"),
        Bad("trailer with a blank before the colon", "0\r\nX : a\r\n\r\n"),
        Bad("folded trailer", "0\r\nX: a\r\n b\r\n\r\n"),
        Bad("trailer with NUL", "0\r\nX: \u0000\r\n\r\n"), Bad("trailer with a bare CR", "0\r\nX: a\rY: b\r\n\r\n"),
        Bad("trailer that ends in a bare LF", "0\r\nX: a\n\r\n"),
        Bad("the next request in place of the end", "0\r\nGET / HTTP/1.1\r\n\r\n"),
        Bad("101 trailers", $"0\r\n{Many("X: a\r\n", 101)}\r\n", HeadersTooLarge),
        Bad("trailer without end", $"0\r\nX: {new string('a', 100_000)}", HeadersTooLarge),
        Bad("a line of 8 KiB and one byte before a chunk", $"5;{new string('a', 8191)}\r\nhello\r\n0\r\n\r\n"),
        Bad("extension without end", $"5;a=\"{new string('a', 100_000)}"),
        Bad("size without end", new string('0', 100_000)),
        Bad("a chunk of 4 GiB", "FFFFFFFF\r\nhello\r\n0\r\n\r\n", PayloadTooLarge),
        Bad("a chunk of 2 GiB", "80000000\r\nhello\r\n0\r\n\r\n", PayloadTooLarge),
        Bad("a chunk of 2 GiB after another", "5\r\nhello\r\n7fffffff\r\nhello\r\n0\r\n\r\n", PayloadTooLarge),
    ];

    private static string EveryByte => string.Concat(Enumerable.Range(0, 256).Select(i => (char)i));

    private static string Many(string text, int times) => string.Concat(Enumerable.Repeat(text, times));
    private static ChunkedVector Good(string name, string text, string content) => new(name, text, content, false);
    private static ChunkedVector Bad(string name, string text, ErrorCode? code = null) =>
        new(name, text, (code ?? BadRequest).Name, true);
}
