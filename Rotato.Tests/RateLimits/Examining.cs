using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Rotato.Tests.Infra;

namespace Rotato.Tests.RateLimits;

/// <summary>Answers of APIs, and what the product reads from them.</summary>
internal static class Examining
{
    /// <summary>The table of words as it is built in.</summary>
    public static readonly ErrorWords Words = new(Build.Resource("ErrorWords.txt"));

    /// <summary>A Monday.</summary>
    public static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    public static Evidence Read(int status, string body, params (string Name, string Value)[] fields) =>
        ReadAt(Now, status, body, fields);

    public static Evidence ReadAt(
        DateTimeOffset wallClock, int status, string body, params (string Name, string Value)[] fields)
    {
        var clock = new FakeClock();
        clock.WallShift = wallClock - clock.WallClock;
        var answer = AnswerOf(status, new MemoryStream(Encoding.UTF8.GetBytes(body)), fields);
        return new Judge(Words, clock).ExamineAsync(answer, default).AsTask().GetAwaiter().GetResult();
    }

    public static Answer AnswerOf(int status, Stream body, params (string Name, string Value)[] fields)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent([]) };
        foreach (var (name, value) in fields)
        {
            if (response.Headers.TryAddWithoutValidation(name, value)) continue;
            response.Content.Headers.TryAddWithoutValidation(name, value);
        }

        return new(response, new AnswerBody(body));
    }

    public static Verdict VerdictOn(int status, string body, params (string Name, string Value)[] fields) =>
        Judgement.Of(Read(status, body, fields));

    /// <summary>What the words of an error mean.</summary>
    public static Meaning MeaningOf(string body) => MeaningOf(Encoding.UTF8.GetBytes(body));

    public static Meaning MeaningOf(ReadOnlyMemory<byte> body, string? coding = null) =>
        Words.MeaningOf(ErrorBody.Read(body, coding));

    public static byte[] Pack(byte[] text, string coding)
    {
        using var packed = new MemoryStream();
        using (Stream packing = coding switch
        {
            "gzip" or "x-gzip" or "GZIP" => new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true),
            _ => throw new ArgumentOutOfRangeException(nameof(coding)),
        })
        {
            packing.Write(text);
        }

        return packed.ToArray();
    }
}

/// <summary>
/// One answer as an API gives it, from ErrorExamples.jsonl: where it was seen, and what its words must mean. Those whose
/// name begins with "near" are near misses, whose words must mean nothing.
/// </summary>
internal sealed record ErrorExample(string Name, int Status, (string Name, string Value)[] Fields, string Body, Meaning Meaning)
{
    public static readonly ErrorExample[] All = [.. ReadAll()];

    /// <summary>What is to follow. A near miss is judged as if it had no words.</summary>
    public Verdict Verdict => Meaning switch
    {
        Meaning.KeyInvalid => Verdict.Dead,
        Meaning.FundsUsedUp => Verdict.Unpaid,
        Meaning.RequestImpossible => Verdict.Impossible,
        Meaning.RequestCostsTooMuch => Verdict.TooExpensive,
        Meaning.NoAccess => Verdict.NoAccess,
        Meaning.MadeWithAnotherKey => Verdict.MadeWithAnotherKey,
        _ => VerdictWithoutWords,
    };

    public Verdict VerdictWithoutWords => Judgement.Of(new Evidence(Status));

    /// <summary>What follows if its words mean that.</summary>
    public Verdict VerdictOf(Meaning meaning) => Judgement.Of(new Evidence(Status) { Meaning = meaning });

    public override string ToString() => Name;

    private static IEnumerable<ErrorExample> ReadAll()
    {
        using var reader = new StreamReader(
            typeof(ErrorExample).Assembly.GetManifestResourceStream("ErrorExamples.jsonl")!);
        while (reader.ReadLine() is { } line)
        {
            if (line == "") continue;
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            var meaning = root.GetProperty("meaning").GetString()!.Replace("_", "", StringComparison.Ordinal);
            yield return new(
                root.GetProperty("name").GetString()!,
                root.GetProperty("status").GetInt32(),
                [.. root.GetProperty("headers").EnumerateObject().Select(field => (field.Name, field.Value.GetString()!))],
                root.GetProperty("body").GetString()!,
                Enum.Parse<Meaning>(meaning, ignoreCase: true));
        }
    }
}
