namespace Rotato.Tests.Core;

/// <summary>What a user gives the program at its start, without a process for each.</summary>
internal static class Given
{
    /// <summary>In every value that no message may repeat.</summary>
    public const string Canary = "sk-C4naryQ9xZ3wV7";

    /// <param name="args">The command line.</param>
    /// <param name="keys">ROTATO_KEYS.</param>
    /// <param name="token">ROTATO_TOKEN.</param>
    /// <param name="file">What is in the file of --keys.</param>
    public static Settings Settings(
        string[] args, string? keys = null, string? token = null, string file = "of-file") =>
        new(args, name => name == "ROTATO_KEYS" ? keys : name == "ROTATO_TOKEN" ? token : null,
            path => path == "-" ? "of-input" : file);

    /// <summary>Looks at all that a start looks at before it listens.</summary>
    public static void CheckAll(this Settings settings)
    {
        settings.Options.CheckAll();
        settings.ReadKeys();
    }

    /// <summary>The message that a start ends with; it is one line, and holds nothing of a value.</summary>
    public static string Refused(string[] args, string? keys = null, string? token = null, string file = "of-file")
    {
        var e = Assert.Throws<UsageException>(() => Settings(args, keys, token, file).CheckAll(),
            $"{string.Join(' ', args)} | {keys} | {token} | {file}")!;
        AssertHarmless(e.Message);
        return e.Message;
    }

    /// <summary>One line, and no five characters of the canary.</summary>
    public static void AssertHarmless(string line)
    {
        Assert.That(line, Is.Not.Empty.And.Not.Contain("\n").And.Not.Contain("\r"));
        for (var i = 0; i + 5 <= Canary.Length; i++)
            Assert.That(line, Does.Not.Contain(Canary[i..(i + 5)]).IgnoreCase);
    }

    /// <summary>The words with the canary in place of its name.</summary>
    public static string WithCanary(string text) => text.Replace("CANARY", Canary, StringComparison.Ordinal);

    /// <summary>The secrets, separated by blanks.</summary>
    public static string Texts(this KeyList list) => string.Join(' ', list.Keys.Select(each => TextOf(each.Key)));

    /// <summary>Each secret and where it goes: "K -> https://host/path", one a line.</summary>
    public static string Targets(this KeyList list) => string.Join('\n',
        list.Keys.Select(each => $"{TextOf(each.Key)} -> {each.BaseUrl.AbsoluteUri.TrimEnd('/')}"));

    // As it goes to an upstream.
    private static string TextOf(ApiKey key)
    {
        using var request = new HttpRequestMessage();
        key.PutInto(request, "x-api-key");
        return request.Headers.NonValidated["x-api-key"].ToString();
    }
}
