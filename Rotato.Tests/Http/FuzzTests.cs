using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Http;

/// <summary>
/// Vectors that were changed at random, from a seed that is printed. Each input is accepted, refused or needs more, to
/// the same end whether it comes at once or in small pieces; nothing else is ever thrown. What is accepted ends where
/// an independent reading of the framing says, and the bytes behind it are still there.
/// </summary>
internal sealed partial class FuzzTests
{
    private const int MaxBody = 4096, LongestSeed = 1000;
    private const string NeedsMore = "needs more", Delimiters = "\"(),/:;<=>?@[\\]{}";

    // What parsers are known to stumble over.
    private static readonly string[] Pieces =
    [
        "\r\n", "\r", "\n", "\r\n\r\n", "\n\n", "\u0000", "\t", " ", ":", ": ", ",", ";", "\"", "+", "-", "_", "0x",
        "0", "5", "a", "F", "ffffffff", "7fffffff", "00000000", "FFFFFFFFFFFFFFFF", "999999999999999",
        "99999999999999999999", "/", "//", "?", "#", "@", "*", "%", "\\", "..", "\u007f", "\u0080", "\u00a0", "\u00ff",
        "GET", "POST", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "Host: a\r\n", "Content-Length: 5\r\n",
        "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "chunked", "identity", "X: a\r\n", " folded\r\n",
        "5\r\nhello\r\n", "0\r\n", "0\r\n\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "http://a/", "HTTP://", ";a", ";a=b", "=\"b\"", " ; ", "\\\"",
        "Content-Type: a\r\n", "Host: b\r\n", "chunked;a", "\r\n\r\n\r\n",
    ];

    private static readonly string[] Good =
    [
        .. RequestHeadVectors.Valid.Select(vector => vector.Text),
        .. RequestHeadVectors.Valid.Select(vector => vector.Text + "hello" + RequestHeadVectors.Next),
        .. ChunkedVector.Valid.Select(vector => ChunkedVector.Head + vector.Text),
        .. ChunkedVector.Valid.Select(vector => ChunkedVector.Head + vector.Text + RequestHeadVectors.Next),
    ];

    private static readonly string[] Bad =
    [
        .. RequestHeadVectors.Invalid.Select(vector => vector.Text),
        .. ChunkedVector.Invalid.Select(vector => ChunkedVector.Head + vector.Text),
    ];

    private enum Way
    {
        AtOnce,
        InPieces,
    }

    [Test]
    public Task AShortRun() => RunAsync(20_000, 20260101);

    [Test]
    [Explicit("Takes minutes.")]
    public Task ALongRun() => RunAsync(1_500_000, Environment.TickCount);

    /// <summary>What a run has found goes here, as it was printed.</summary>
    [TestCase("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\u0000\r\nhello\r\n0\r\n\r\n")]
    public Task HoldsForWhatWasFound(string text) => CheckAsync(text, new Random(1));

    private static async Task RunAsync(int count, int seed)
    {
        await TestContext.Out.WriteLineAsync($"{count} inputs from seed {seed}");
        var (random, outcomes) = (new Random(seed), new SortedDictionary<string, int>());
        for (var i = 0; i < count; i++)
        {
            var outcome = await CheckAsync(Mutate(random), random);
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        foreach (var (outcome, times) in outcomes) await TestContext.Out.WriteLineAsync($"{times,9} {outcome}");
        // A run in which hardly anything gets through, or nothing is refused, tests little.
        Assert.That(outcomes["accepted"], Is.GreaterThan(count / 10));
        Assert.That(outcomes["bad_request"], Is.GreaterThan(count / 10));
        Assert.That(outcomes[NeedsMore], Is.GreaterThan(count / 20));
    }

    private static async Task<string> CheckAsync(string text, Random random)
    {
        var pieces = random.Next(1, 8);
        var atOnce = new Feed(text);
        var inPieces = new Feed(text, pieces);
        var expected = await OutcomeAsync(atOnce, text, Way.AtOnce);
        var outcome = await OutcomeAsync(inPieces, text, Way.InPieces);
        if (outcome != expected && !AreTwoFaults(outcome, expected))
        {
            Fail($"at once {expected}, in pieces of {pieces} {outcome}", text);
        }

        if (!expected.StartsWith("accepted", StringComparison.Ordinal)) return expected;

        var end = FrameEnd(text);
        if (end < 0) Fail("accepted, but has no end by the grammar", text);
        foreach (var feed in new[] { atOnce, inPieces })
        {
            var rest = await feed.RestAsync(text.Length - end);
            if (rest != text[end..]) Fail($"did not leave what is behind byte {end} as it was", text);
        }

        return "accepted";
    }

    // Where a line is too long, or one too many, and malformed as well, the pieces decide which is seen first.
    private static bool AreTwoFaults(string left, string right) => (left, right) is
        ("bad_request", "headers_too_large" or "uri_too_long") or ("headers_too_large" or "uri_too_long", "bad_request");

    private static async Task<string> OutcomeAsync(Feed feed, string text, Way way)
    {
        try
        {
            await feed.Input.WaitForRequestAsync();
            var head = await HeadReader.ReadAsync(feed.Input);
            AssertSound(head, text);
            using var body = new RequestBody(MaxBody);
            await body.ReadAsync(head, feed.Input);
            return $"accepted {RequestHeadVector.Describe(head)} {Convert.ToHexString(body.Content.ToArray())}";
        }
        catch (Refusal e)
        {
            return e.Code.Name;
        }
        catch (EndOfStreamException)
        {
            return NeedsMore;
        }
        catch (Exception e) when (e is not (AssertionException or ResultStateException))
        {
            return Fail($"{way}: {e.GetType().Name}: {e.Message}", text);
        }
    }

    // What everything behind the parser relies on.
    private static void AssertSound(RequestHead head, string text)
    {
        var target = head.Target.StartsWith('/') && !head.Target.Any(c => c is <= ' ' or > '~' or '#');
        if (!target) Fail("a target that may name another host", text);
        var method = head.Method.Length > 0 && head.Method.All(char.IsAsciiLetterUpper);
        if (!method) Fail("a method that a client would rewrite", text);

        foreach (var (name, value) in head.Fields)
        {
            if (name == "" || name.Any(c => c is <= ' ' or > '~' || Delimiters.Contains(c, StringComparison.Ordinal)))
                Fail("a name that is no token", text);
            if (value.Any(c => c is (< ' ' and not '\t') or '\u007f')) Fail("a value with a control character", text);
        }

        if (head.BodyLength is < 0 || (head.BodyLength is null && !head.IsHttp11)) Fail("a framing that cannot be", text);
    }

    /// <summary>
    /// Where the first request ends: RFC 9112 read once more, in the plainest way; -1 where it does not end.
    /// </summary>
    private static int FrameEnd(string text)
    {
        // One empty line before the request is none of it.
        var start = text.StartsWith("\r\n", StringComparison.Ordinal) ? 2 : 0;
        var end = text.IndexOf("\r\n\r\n", start, StringComparison.Ordinal) + 4;
        if (end < 4) return -1;
        var fields = text[start..end].Split("\r\n").Skip(1).Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2)
            .ToLookup(parts => parts[0], parts => parts[1].Trim(' ', '\t'), StringComparer.OrdinalIgnoreCase);
        var (lengths, codings) = (fields["Content-Length"].ToList(), fields["Transfer-Encoding"].ToList());
        if (lengths.Count + codings.Count > 1) return -1;
        if (codings.Count == 0) return end + int.Parse(lengths.FirstOrDefault("0"), CultureInfo.InvariantCulture);
        if (!codings[0].Equals("chunked", StringComparison.OrdinalIgnoreCase)) return -1;

        while (true)
        {
            var line = text[end..text.IndexOf("\r\n", end, StringComparison.Ordinal)];
            if (Chunk().Match(line) is not { Success: true } match) return -1;
            var size = int.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            end += line.Length + 2;
            if (size == 0) break;
            if (text[(end + size)..(end + size + 2)] != "\r\n") return -1;
            end += size + 2;
        }

        if (text.AsSpan(end).StartsWith("\r\n")) return end + 2;
        var last = text.IndexOf("\r\n\r\n", end, StringComparison.Ordinal);
        return last < 0 ? -1 : last + 4;
    }

    // chunk-size [ chunk-ext ], from the grammar of RFC 9112 section 7.1.1 and RFC 9110 section 5.6.
    [GeneratedRegex("""
        ^([0-9A-Fa-f]{1,8})
        ( [ \t]* ; [ \t]* [-!\#$%&'*+.^_`|~0-9A-Za-z]+
          ( [ \t]* = [ \t]* ( [-!\#$%&'*+.^_`|~0-9A-Za-z]+
            | "( [\t \x21\x23-\x5B\x5D-\x7E\x80-\xFF] | \\[\t \x21-\x7E\x80-\xFF] )*" ) )? )*\z
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant)]
    private static partial Regex Chunk();

    private static string Mutate(Random random)
    {
        var text = new StringBuilder(Any(random));
        // A long one is shortened in its middle, where it is all the same.
        if (text.Length > LongestSeed) text.Remove(LongestSeed / 2, text.Length - LongestSeed);
        for (var changes = random.Next(0, 5); changes > 0 && text.Length > 0; changes--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(1, 20), text.Length - at);
            switch (random.Next(9))
            {
                case 0: text[at] = (char)random.Next(256); break;
                case 1: text[at] = (char)(text[at] ^ (1 << random.Next(8))); break;
                case 2: text.Remove(at, 1); break;
                case 3: text.Remove(at, length); break;
                case 4: text.Insert(random.Next(text.Length), text.ToString(at, length)); break;
                case 5: text.Length = at; break;
                case 6: Splice(text, at, Any(random), random); break;
                default: text.Insert(at, Pieces[random.Next(Pieces.Length)]); break;
            }
        }

        return text.ToString();
    }

    // The beginning of one and the end of another.
    private static void Splice(StringBuilder text, int at, string other, Random random)
    {
        text.Length = at;
        text.Append(other.AsSpan(Math.Max(random.Next(other.Length), other.Length - LongestSeed)));
    }

    // There are many times more bad ones, and most changes to them only spoil them further.
    private static string Any(Random random) =>
        random.Next(4) > 0 ? Good[random.Next(Good.Length)] : Bad[random.Next(Bad.Length)];

    private static string Fail(string what, string text)
    {
        Assert.Fail($"{what}: {RequestHeadVectors.Visible(text)}");
        return "";
    }
}
