using System.Text;

namespace Rotato.Tests.RateLimits;

/// <summary>The table of words, and every example of an answer that was seen with them.</summary>
internal sealed class ErrorWordsTests
{
    private static readonly string[] Meanings =
        ["key_invalid", "funds_used_up", "request_impossible", "request_costs_too_much", "no_access", "made_with_another_key"];

    private static ErrorExample[] Examples => ErrorExample.All;

    private static string[][] Rows => [.. Build.Resource("ErrorWords.txt").Split('\n')
        .Where(line => line.Trim() != "" && !line.StartsWith('#')).Select(line => line.TrimEnd().Split(" | "))];

    [Test]
    public void ThereAreExamplesOfEveryMeaningAndNearMisses()
    {
        Assert.That(Examples, Has.Length.GreaterThanOrEqualTo(85));
        Assert.That(Examples.Select(example => example.Meaning).Distinct(), Is.EquivalentTo(Enum.GetValues<Meaning>()));
        Assert.That(Examples.Select(example => example.Name), Is.Unique);
    }

    [TestCaseSource(nameof(Examples))]
    public void AnExampleMeansWhatItMust(ErrorExample example)
    {
        var meaning = Examining.MeaningOf(example.Body);
        // Of some near misses the words are right and the status is not.
        if (example.Meaning != Meaning.None) Assert.That(meaning, Is.EqualTo(example.Meaning));
        Assert.That(example.VerdictOf(meaning), Is.EqualTo(example.Verdict));
    }

    [TestCaseSource(nameof(Examples))]
    public void AnExampleIsJudgedAsTheTableSays(ErrorExample example) => Assert.That(
        Examining.VerdictOn(example.Status, example.Body, example.Fields), Is.EqualTo(example.Verdict));

    [Test]
    public void AnExampleMeansTheSameWhenCompressed([Values("gzip", "x-gzip", "GZIP", "deflate", "br")] string coding)
    {
        foreach (var example in Examples)
        {
            var packed = Examining.Pack(Encoding.UTF8.GetBytes(example.Body), coding);

            var meaning = Examining.MeaningOf(packed, coding);
            Assert.That(meaning, Is.EqualTo(Examining.MeaningOf(example.Body)), example.Name);
            Assert.That(example.VerdictOf(meaning), Is.EqualTo(example.Verdict), example.Name);
        }
    }

    /// <summary>
    /// A cut may lose words, but makes none: what is left means what the whole does, or what the first of its words says
    /// alone, or nothing.
    /// </summary>
    [TestCaseSource(nameof(Examples))]
    public void CutAnywhereAnExampleIsNoErrorAndANearMissStaysOne(ErrorExample example)
    {
        var body = Encoding.UTF8.GetBytes(example.Body);
        for (var length = 0; length <= body.Length; length++)
        {
            var verdict = example.VerdictOf(Examining.MeaningOf(body.AsMemory(0, length)));
            Assert.That(verdict, Is.AnyOf(example.VerdictWithoutWords, example.Verdict), $"{length} bytes");
        }
    }

    [Test]
    public void CutAnywhereACompressedExampleIsNoErrorEither([Values("gzip", "deflate", "br")] string coding)
    {
        foreach (var example in Examples)
        {
            var packed = Examining.Pack(Encoding.UTF8.GetBytes(example.Body), coding);
            for (var length = 0; length < packed.Length; length++)
            {
                var verdict = example.VerdictOf(Examining.MeaningOf(packed.AsMemory(0, length), coding));
                Assert.That(
                    verdict, Is.AnyOf(example.VerdictWithoutWords, example.Verdict), $"{example.Name}, {length} bytes");
            }
        }
    }

    [Test]
    public void WhatOfACompressedErrorHasComeCounts([Values("gzip", "deflate", "br")] string coding)
    {
        // What is behind the words does not get smaller by packing.
        var random = new Random(1);
        var noise = string.Concat(Enumerable.Range(0, 20_000).Select(_ => (char)random.Next('a', 'z')));
        var body = $$$"""{"error":{"message":"Incorrect API key provided: x.","code":"invalid_api_key","noise":"{{{noise}}}"}}""";
        var packed = Examining.Pack(Encoding.UTF8.GetBytes(body), coding);

        Assert.That(Examining.MeaningOf(packed.AsMemory(0, packed.Length * 3 / 4), coding), Is.EqualTo(Meaning.KeyInvalid));
    }

    [Test]
    public void EveryRowOfTheTableHasAKnownMeaningAMemberAWordAnApiAndAPublicSource()
    {
        foreach (var row in Rows)
        {
            var line = string.Join(" | ", row);
            Assert.That(row, Has.Length.EqualTo(5), line);
            Assert.That(Meanings, Does.Contain(row[0]), line);
            Assert.That(row[1], Is.AnyOf("code", "message"), line);
            Assert.That(row[2].Trim(), Is.EqualTo(row[2]).And.Not.Empty, line);
            Assert.That(row[3], Is.Not.Empty, line);
            Assert.That(Uri.TryCreate(row[4], UriKind.Absolute, out var source) && source.Scheme == "https", line);
        }
    }

    [Test]
    public void NoWordStandsInTheTableTwiceNorBeginsAnother()
    {
        var codes = Rows.Where(row => row[1] == "code").Select(row => row[2].ToUpperInvariant()).ToArray();
        var messages = Rows.Where(row => row[1] == "message").Select(row => row[2].ToUpperInvariant()).ToArray();

        Assert.That(codes, Is.Unique);
        foreach (var message in messages)
            Assert.That(messages.Count(other => other.StartsWith(message, StringComparison.Ordinal)), Is.EqualTo(1), message);
    }

    [Test]
    public void EveryRowOfTheTableCountsInEveryFormOfAnError()
    {
        foreach (var row in Rows)
        {
            var meaning = Enum.Parse<Meaning>(row[0].Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
            var word = row[2].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            string[] bodies = row[1] == "code"
                ?
                [
                    $$$"""{"error":{"message":"no","code":"{{{word}}}"}}""",
                    $$$"""{"error":{"type":"{{{word}}}","message":"no"}}""",
                    $$$"""{"type":"error","error":{"type":"{{{word}}}"}}""",
                    $$$"""[{"error":{"status":"{{{word}}}"}}]""",
                    $$$"""{"error":{"details":[{"@type":"x","reason":"{{{word}}}"}]}}""",
                    $$$"""{"code":"{{{word}}}","message":"no"}""",
                    $$$"""{"error":{"code":"{{{word.ToUpperInvariant()}}}"}}""",
                ]
                :
                [
                    $$$"""{"error":{"message":"{{{word}}}"}}""",
                    $$$"""{"error":{"message":"{{{word.ToUpperInvariant()}}} and more","code":null}}""",
                    $$$"""{"message":"{{{word}}}"}""",
                    $$$"""{"error":"{{{word}}} and more","code":"x"}""",
                ];
            foreach (var body in bodies) Assert.That(Examining.MeaningOf(body), Is.EqualTo(meaning), body);
        }
    }

    /// <summary>An error may echo the request. Words count only where an API puts its own.</summary>
    [Test]
    public void NoWordOfTheTableCountsAnywhereElse()
    {
        foreach (var row in Rows)
        {
            var word = row[2].Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
            string[] bodies =
            [
                $$$"""{"error":{"message":"Invalid value","param":"{{{word}}}","code":"x"}}""",
                $$$"""{"error":{"message":"Invalid value","{{{word}}}":1,"code":"x"}}""",
                $$$"""{"error":{"message":"Invalid value: {{{word}}}","code":"x"}}""",
                $$$"""{"error":{"message":"'{{{word}}}' is no model","type":"x {{{word}}}","code":"{{{word}}}x"}}""",
                $$$$"""{"error":{"message":"x","input":{"code":"{{{{word}}}}","message":"{{{{word}}}}"}}}""",
                $$$"""{"error":{"message":"x","param":[{"code":"{{{word}}}"},{"message":"{{{word}}}"}]}}""",
                $$$"""{"input":{"error":{"code":"{{{word}}}","message":"{{{word}}}"}},"error":{"code":"x"}}""",
                $$$"""{"messages":[{"error":{"code":"{{{word}}}","message":"{{{word}}}"}}]}""",
                $$$"""{"error":{"message":"x","code":{"code":"{{{word}}}"},"type":["{{{word}}}x"]}}""",
                $$$"""{"detail":[{"type":"x","msg":"{{{word}}}","input":{"code":"{{{word}}}","message":"{{{word}}}"}}]}""",
                $$$"""{"{{{word}}}":{"{{{word}}}":"{{{word}}}"}}""",
                $$$"""["{{{word}}}"]""",
            ];
            foreach (var body in bodies)
            {
                Assert.That(Examining.MeaningOf(body), Is.EqualTo(Meaning.None), body);
                // The end of an echo may be beyond what is looked at.
                for (var length = 0; length < body.Length; length += 3)
                    Assert.That(Examining.MeaningOf(body[..length]), Is.EqualTo(Meaning.None), body[..length]);
            }
        }
    }
}
