namespace Rotato.Tests.Core;

/// <summary>Where keys are taken from, and which API each of them goes to.</summary>
internal sealed class SettingsTests
{
    [Test]
    public void TheEnvironmentCountsOnlyWhereNothingElseGivesAKey()
    {
        Assert.That(KeysOf(["k"], keys: "env"), Is.EqualTo("k"));
        Assert.That(KeysOf(["--keys", "file"], keys: "env", file: "f"), Is.EqualTo("f"));
        Assert.That(KeysOf(["--keys", "file"], keys: "env", file: "#\n"), Is.EqualTo("env"));
        Assert.That(KeysOf([], keys: "env"), Is.EqualTo("env"));
        Assert.That(KeysOf([""], keys: "env"), Is.EqualTo("env"), "\"$KEY\" of a shell that does not know it is empty");
    }

    [Test]
    public void ArgumentsAndAFileAreTakenTogether() => Assert.That(
        KeysOf(["k", "--keys", "file", "l"], file: "m\nn").Split(' '), Is.EquivalentTo((string[])["k", "l", "m", "n"]));

    [Test]
    public void NoKeyAtAllIsToldWithTheWaysToGiveOne() => Assert.That(
        Given.Refused([]), Does.Contain("--keys").And.Contain("ROTATO_KEYS").And.Contain("argument"));

    [TestCase("")]
    [TestCase(" ,\n, ")]
    [TestCase("# nothing but a comment\n")]
    [TestCase("export NAME=\"\"")]
    public void TextWithoutAKeyIsNoKey(string text)
    {
        Given.Refused([], keys: text);
        Given.Refused(["--keys", "file"], file: text);
        Given.Refused([text]);
    }

    [TestCase("k|l|k", "", "k l")]
    [TestCase("k|--keys|file", "k\nm", "k m")]
    [TestCase("--keys|file", "m\nm\nm", "m")]
    [TestCase("--keys|file", "m, 'm' NAME=m", "m")]
    public void AKeyThatIsThereTwiceCountsOnce(string args, string file, string expected)
    {
        var list = Given.Settings(args.Split('|'), file: file).ReadKeys();
        Assert.That(list.Texts(), Is.EqualTo(expected));
        Assert.That(list.HasDuplicates);
    }

    [TestCase("k|K", "k K")]
    [TestCase("https://a.example|k|https://b.example|k", "k k")]
    public void KeysThatOnlyLookAlikeAreTwo(string args, string expected)
    {
        var list = Given.Settings(args.Split('|')).ReadKeys();
        Assert.That(list.Texts(), Is.EqualTo(expected));
        Assert.That(list.HasDuplicates, Is.False);
    }

    [TestCase("k", true)]
    [TestCase("https://a.example|k", true)]
    [TestCase("--keys|file", false)]
    [TestCase("--quiet", false)]
    public void ItIsKnownWhetherOthersCanSeeKeys(string args, bool expected) =>
        Assert.That(Given.Settings(args.Split('|')).HasKeysOnCommandLine, Is.EqualTo(expected));

    [TestCase("--keys|file", true)]
    [TestCase("--keys|-", false)]
    [TestCase("k", false)]
    public void OnlyAFileCanChange(string args, bool expected) =>
        Assert.That(Given.Settings(args.Split('|')).HasKeyFile, Is.EqualTo(expected));

    [TestCase("sk-proj-abc", "https://api.openai.com")]
    [TestCase("anything", "https://api.openai.com")]
    [TestCase("sk-abc", "https://api.openai.com")]
    [TestCase("sk-ant-api03-abc", "https://api.anthropic.com")]
    [TestCase("AIzaSyAbc", "https://generativelanguage.googleapis.com")]
    [TestCase("gsk_abc", "https://api.groq.com/openai/v1")]
    [TestCase("xai-abc", "https://api.x.ai/v1")]
    [TestCase("csk-abc", "https://api.cerebras.ai/v1")]
    [TestCase("pplx-abc", "https://api.perplexity.ai")]
    [TestCase("sk-or-v1-abc", "https://openrouter.ai/api/v1")]
    public void ThePrefixOfAKeyTellsItsApi(string key, string expected)
    {
        Assert.That(TargetsOf([key]), Is.EqualTo($"{key} -> {expected}"));
        Assert.That(TargetsOf([], keys: key), Is.EqualTo($"{key} -> {expected}"));
        Assert.That(TargetsOf([key, "--upstream", "https://example.com"]), Is.EqualTo($"{key} -> https://example.com"));
        Assert.That(TargetsOf(["https://example.com/v1", key]), Is.EqualTo($"{key} -> https://example.com/v1"));
    }

    [Test]
    public void KeysOfSeveralApisAreServedSideBySide() => Assert.That(
        TargetsOf(["sk-ant-1", "sk-ant-2", "AIza3", "sk-4"]), Is.EqualTo("""
            sk-ant-1 -> https://api.anthropic.com
            sk-ant-2 -> https://api.anthropic.com
            AIza3 -> https://generativelanguage.googleapis.com
            sk-4 -> https://api.openai.com
            """.ReplaceLineEndings("\n")));

    /// <summary>The URL counts for the keys after it, until the next one; --upstream for those before.</summary>
    [TestCase("", "k0 -> https://api.openai.com")]
    [TestCase("--upstream|https://up.example/base", "k0 -> https://up.example/base")]
    public void AUrlIsThatOfTheKeysAfterIt(string option, string first)
    {
        var words = new[] { "k0", "https://api.mistral.ai/v1", "k1", "k2", "https://api.groq.com/openai/v1", "gsk_3" };
        var only = option == "" ? [] : option.Split('|');
        var expected = $"{first}\n" + """
            k1 -> https://api.mistral.ai/v1
            k2 -> https://api.mistral.ai/v1
            gsk_3 -> https://api.groq.com/openai/v1
            """.ReplaceLineEndings("\n");
        Assert.That(TargetsOf([.. only, .. words]), Is.EqualTo(expected));
        Assert.That(TargetsOf(["--keys", "file", .. only], file: string.Join('\n', words)), Is.EqualTo(expected));
        Assert.That(TargetsOf(only, keys: string.Join(",", words)), Is.EqualTo(expected));
    }

    /// <summary>It would show the key to somebody else.</summary>
    [TestCase("https://api.openai.com/v1|sk-ant-CANARY", "api.openai.com")]
    [TestCase("https://api.anthropic.com|AIzaCANARY", "api.anthropic.com")]
    [TestCase("--upstream|https://api.groq.com/openai/v1|sk-or-CANARY", "api.groq.com")]
    [TestCase("--upstream|https://team.openai.azure.com/openai/v1|gsk_CANARY", "team.openai.azure.com")]
    [TestCase("--upstream|https://API.OPENAI.COM|sk-ant-CANARY", "api.openai.com")]
    public void AKeyOfOneKnownApiDoesNotGoToAnother(string args, string host)
    {
        var message = Given.Refused([.. Given.WithCanary(args).Split('|')]);
        Assert.That(message, Does.StartWith("key 1 of the arguments").And.Contain(host).And.Contain("URL"));
    }

    [TestCase("https://gateway.example/v1|sk-ant-1")]
    [TestCase("http://localhost:4000|AIza1")]
    [TestCase("https://api.openai.com|sk-1")]
    [TestCase("https://api.groq.com/openai/v1|sk-1")]
    [TestCase("https://eu.api.openai.com/v1|sk-proj-1")]
    [TestCase("--upstream|https://gateway.example|sk-ant-1|AIza2|gsk_3|xai-4|sk-or-5")]
    public void AKeyMayGoToItsOwnApiAndToAnUnknownOne(string args) =>
        Assert.That(() => Given.Settings(args.Split('|')).CheckAll(), Throws.Nothing);

    /// <summary>To pass it over would send keys to another API than was meant.</summary>
    [TestCase("k|https://api.mistral.ai/v1", "")]
    [TestCase("https://api.mistral.ai/v1", "")]
    [TestCase("https://api.mistral.ai/v1|https://api.groq.com/openai/v1|k", "")]
    [TestCase("https://api.mistral.ai/v1|--keys|file", "k")]
    [TestCase("--keys|file", "k\nhttps://api.mistral.ai/v1\n# k2")]
    public void AUrlWithoutAKeyAfterItIsRefused(string args, string file) =>
        Assert.That(Given.Refused(args.Split('|'), file: file), Does.Contain("URL").And.Contain("--upstream"));

    [TestCase("http://example.com")]
    [TestCase("http://10.0.0.1:8080/v1")]
    [TestCase("ftp://localhost")]
    [TestCase("https://user:CANARY@example.com")]
    [TestCase("https://example.com?key=CANARY")]
    [TestCase("https://example.com/#CANARY")]
    [TestCase("CANARY://example.com")]
    [TestCase("https://")]
    public void AUrlAmongKeysIsCheckedAsThatOfUpstream(string url)
    {
        url = Given.WithCanary(url);
        Assert.That(Given.Refused([url, "k"]), Does.Contain("the URL in the arguments"));
        Assert.That(Given.Refused(["--keys", "file"], file: $"k\n\n{url} k"),
            Does.Contain("the URL in --keys FILE, line 3"));
        Assert.That(Given.Refused([], keys: $"{url} k"), Does.Contain("ROTATO_KEYS"));
    }

    private static string KeysOf(string[] args, string? keys = null, string file = "of-file") =>
        Given.Settings(args, keys, file: file).ReadKeys().Texts();

    private static string TargetsOf(string[] args, string? keys = null, string file = "of-file") =>
        Given.Settings(args, keys, file: file).ReadKeys().Targets();
}
