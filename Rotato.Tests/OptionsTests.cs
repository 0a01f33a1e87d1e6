using System.Reflection;

namespace Rotato.Tests;

/// <summary>The command line, the environment and the key file: design 3.1.</summary>
internal sealed class OptionsTests
{
    // In every value that a refusal must not repeat.
    private const string Canary = "sk-C4naryQ9xZ3wV7";

    [TestCase("--port", "9090", "9090")]
    [TestCase("--port", "0", "0")]
    [TestCase("--port", "65535", "65535")]
    [TestCase("--host", "127.0.0.1", "127.0.0.1")]
    [TestCase("--host", "127.0.0.2", "127.0.0.2")]
    [TestCase("--host", "::1", "::1")]
    [TestCase("--host", "localhost", "127.0.0.1 ::1")]
    [TestCase("--upstream", "https://example.com", "https://example.com")]
    [TestCase("--upstream", "https://example.com/", "https://example.com")]
    [TestCase("--upstream", "https://example.com:8443/base/v1/", "https://example.com:8443/base/v1")]
    [TestCase("--upstream", "HTTPS://Example.com/Base", "https://example.com/Base")]
    [TestCase("--upstream", "http://localhost:11434", "http://localhost:11434")]
    [TestCase("--upstream", "http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1")]
    [TestCase("--upstream", "http://[::1]:1", "http://[::1]:1")]
    [TestCase("--keys", "file", "of-file")]
    [TestCase("--keys", "-", "of-input")]
    [TestCase("--token", "secret", "secret")]
    [TestCase("--token", "a=b=", "a=b=")]
    [TestCase("--token", "--odd", "--odd")]
    [TestCase("--strategy", "round-robin", "round-robin RoundRobin")]
    [TestCase("--strategy", "sticky", "sticky Sticky")]
    [TestCase("--strategy", "headroom", "headroom Headroom")]
    [TestCase("--rpm", "1", "1")]
    [TestCase("--rpm", "500", "500")]
    [TestCase("--wait", "0", "0")]
    [TestCase("--wait", "600", "600")]
    [TestCase("--max-body", "1", "1")]
    [TestCase("--max-body", "512", "512")]
    [TestCase("--allow-origin", "https://a.example", "https://a.example")]
    public void TakesAnOptionInBothForms(string name, string value, string expected)
    {
        var separate = Make([name, value, .. name == "--keys" ? Array.Empty<string>() : ["k"]]);
        var joined = Make([.. name == "--keys" ? Array.Empty<string>() : ["k"], $"{name}={value}"]);
        CheckAll(separate);
        CheckAll(joined);
        Assert.That(Show(separate, name), Is.EqualTo(expected));
        Assert.That(Show(joined, name), Is.EqualTo(expected));
    }

    [TestCase("--port", "8080")]
    [TestCase("--host", "127.0.0.1 ::1")]
    [TestCase("--upstream", "https://api.openai.com")]
    [TestCase("--keys", "k")]
    [TestCase("--token", "")]
    [TestCase("--strategy", "round-robin RoundRobin")]
    [TestCase("--rpm", "")]
    [TestCase("--wait", "30")]
    [TestCase("--max-body", "64")]
    [TestCase("--allow-origin", "")]
    [TestCase("--quiet", "False")]
    [TestCase("--help", "False")]
    [TestCase("--version", "False")]
    public void HasADefault(string name, string expected) => Assert.That(Show(Make(["k"]), name), Is.EqualTo(expected));

    [TestCase("--quiet")]
    [TestCase("--help")]
    [TestCase("--version")]
    public void TakesASwitchAnywhere(string name)
    {
        Assert.That(Show(Make([name]), name), Is.EqualTo("True"), "asking for help needs nothing else to be right");
        Assert.That(Show(Make(["k", name, "l"]), name), Is.EqualTo("True"));
        Assert.That(Show(Make(["k", name, "l"]), "--keys"), Is.EqualTo("k l"));
    }

    [Test]
    public void TakesAnOriginAsOftenAsItIsGiven() => Assert.That(
        Show(Make(["--allow-origin", "a", "k", "--allow-origin=b", "--allow-origin", "c"]), "--allow-origin"),
            Is.EqualTo("a b c"));

    [TestCase("")]
    [TestCase("--port|65536")]
    [TestCase("--port|-1")]
    [TestCase("--port|+1")]
    [TestCase("--port| 80")]
    [TestCase("--port|80 ")]
    [TestCase("--port|80.0")]
    [TestCase("--port|8,080")]
    [TestCase("--port|0x50")]
    [TestCase("--port|1e3")]
    [TestCase("--port|\uff11")]
    [TestCase("--port|99999999999999999999")]
    [TestCase("--port|CANARY")]
    [TestCase("--port=CANARY")]
    [TestCase("--port|--quiet")]
    [TestCase("--rpm|0")]
    [TestCase("--rpm|-1")]
    [TestCase("--rpm|1.5")]
    [TestCase("--rpm|99999999999")]
    [TestCase("--rpm|CANARY")]
    [TestCase("--wait|-1")]
    [TestCase("--wait|0.5")]
    [TestCase("--wait|30s")]
    [TestCase("--wait|99999999999")]
    [TestCase("--wait|CANARY")]
    [TestCase("--max-body|0")]
    [TestCase("--max-body|-1")]
    [TestCase("--max-body|513")]
    [TestCase("--max-body|64M")]
    [TestCase("--max-body|99999999999")]
    [TestCase("--max-body|CANARY")]
    [TestCase("--strategy|random")]
    [TestCase("--strategy|CANARY")]
    [TestCase("--strategy=CANARY")]
    [TestCase("--upstream|CANARY")]
    [TestCase("--upstream|example.com")]
    [TestCase("--upstream|example.com:443")]
    [TestCase("--upstream|//example.com")]
    [TestCase("--upstream|/CANARY")]
    [TestCase("--upstream|https://")]
    [TestCase("--upstream|https:///CANARY")]
    [TestCase("--upstream|ftp://localhost/CANARY")]
    [TestCase("--upstream|file:///CANARY")]
    [TestCase("--upstream|javascript:CANARY")]
    [TestCase("--upstream|ws://localhost")]
    // Plain HTTP would show the key to the network.
    [TestCase("--upstream|http://example.com")]
    [TestCase("--upstream|http://example.com/CANARY")]
    [TestCase("--upstream|http://localhost.example.com")]
    [TestCase("--upstream|http://127.0.0.1.example.com")]
    [TestCase("--upstream|http://0.0.0.0")]
    [TestCase("--upstream|http://10.0.0.1")]
    [TestCase("--upstream|http://192.168.1.5:8080")]
    [TestCase("--upstream|http://[::]")]
    [TestCase("--upstream|http://[2001:db8::1]")]
    // Whatever else a URL may hold: the client's path could not be put behind it, or it is a secret.
    [TestCase("--upstream|https://user:CANARY@example.com")]
    [TestCase("--upstream|https://CANARY@example.com")]
    [TestCase("--upstream|http://CANARY@localhost")]
    [TestCase("--upstream|https://localhost@example.com?CANARY")]
    [TestCase("--upstream|https://example.com/?key=CANARY")]
    [TestCase("--upstream|https://example.com?CANARY")]
    [TestCase("--upstream|https://example.com/#CANARY")]
    [TestCase("--upstream|https://example.com/?")]
    [TestCase("--upstream|https://example.com/#")]
    // Open to the network, and no token.
    [TestCase("--host|0.0.0.0")]
    [TestCase("--host=0.0.0.0")]
    [TestCase("--host|::")]
    [TestCase("--host|192.0.2.1")]
    [TestCase("--host|10.0.0.1")]
    [TestCase("--host|2001:db8::1")]
    // No value, an empty one, one too many
    [TestCase("--port")]
    [TestCase("--host")]
    [TestCase("--upstream")]
    [TestCase("--keys")]
    [TestCase("--token")]
    [TestCase("--strategy")]
    [TestCase("--rpm")]
    [TestCase("--wait")]
    [TestCase("--max-body")]
    [TestCase("--allow-origin")]
    [TestCase("--port=")]
    [TestCase("--host=")]
    [TestCase("--upstream=")]
    [TestCase("--keys=")]
    [TestCase("--token=")]
    [TestCase("--strategy=")]
    [TestCase("--rpm=")]
    [TestCase("--allow-origin=")]
    [TestCase("--token|")]
    [TestCase("--upstream|")]
    [TestCase("--quiet=CANARY")]
    [TestCase("--help=CANARY")]
    [TestCase("--version=1")]
    // Unknown; a key may stand where a name was meant
    [TestCase("--CANARY")]
    [TestCase("--CANARY=CANARY")]
    [TestCase("-CANARY")]
    [TestCase("--tokne|CANARY")]
    [TestCase("--tokne=CANARY")]
    [TestCase("--tokenCANARY")]
    [TestCase("--key|CANARY")]
    [TestCase("--PORT|80")]
    [TestCase("--por|80")]
    [TestCase("--port:80")]
    [TestCase("-port|80")]
    [TestCase("-p|80")]
    [TestCase("-h")]
    [TestCase("-")]
    [TestCase("--")]
    [TestCase("-=CANARY")]
    [TestCase("--=CANARY")]
    [TestCase("=|--x")]
    public void RefusesWrongUsage(string args)
    {
        // The keys stand first, so that an option at the end has no value.
        string[] given = [.. args == "" ? Array.Empty<string>() : ["k"], .. args.Split('|')];
        AssertRefused([.. (args == "" ? [] : given)
            .Select(arg => arg.Replace("CANARY", Canary, StringComparison.Ordinal))]);
    }

    /// <summary>
    /// What would be a header of its own, or is no key: "$OPENAI_API_KEY" of a shell that does not know it is empty.
    /// </summary>
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("CANARY ")]
    [TestCase(" CANARY")]
    [TestCase("CANARY CANARY")]
    [TestCase("CANARY\tx")]
    [TestCase("CANARY\r\nX: a")]
    [TestCase("CANARY\n")]
    [TestCase("CANARY\u0000")]
    [TestCase("CANARY\u007f")]
    [TestCase("CANARY\u00e9")]
    [TestCase("\u201cCANARY\u201d")]
    [TestCase("\u2014port")]
    [TestCase("\ufeffCANARY")]
    public void RefusesWhatCannotBeAKey(string key)
    {
        key = key.Replace("CANARY", Canary, StringComparison.Ordinal);
        AssertRefused([key]);
        AssertRefused(["k", key]);
        AssertRefused([key, "k"]);
    }

    [TestCase("a b")]
    [TestCase("CANARY\tx")]
    [TestCase("k\nCANARY\u00e9\n")]
    [TestCase("k\nCANARY x\n")]
    [TestCase("k\nCANARY\u0000x\n")]
    [TestCase("k\rCANARY\n")]
    [TestCase("\n# nothing but a comment\n\n\"\"\n")]
    [TestCase("")]
    public void RefusesAKeyFileWith(string file) =>
        AssertRefused(["--keys", "file"], file: file.Replace("CANARY", Canary, StringComparison.Ordinal));

    [TestCase("CANARY\u00e9")]
    [TestCase("k,CANARY\tx")]
    [TestCase("")]
    [TestCase(" ,\n, ")]
    public void RefusesKeysOfTheEnvironmentWith(string keys) =>
        AssertRefused([], keys: keys.Replace("CANARY", Canary, StringComparison.Ordinal));

    [Test]
    public void NoKeyAtAllIsToldWithTheWaysToGiveOne() =>
        Assert.That(AssertRefused([]), Does.Contain("--keys").And.Contain("ROTATO_KEYS").And.Contain("argument"));

    [TestCase("k", "k")]
    [TestCase("k1\nk2\n", "k1 k2")]
    [TestCase("k1\r\nk2\r\n", "k1 k2")]
    [TestCase("\ufeffk1\nk2", "k1 k2")]
    [TestCase("\ufeff# comment\nk1", "k1")]
    [TestCase("\ufeff\nk1", "k1")]
    [TestCase("\n\n  \n\t\nk1\n\n", "k1")]
    [TestCase("# comment\nk1\n#k2\n  # comment\n", "k1")]
    [TestCase("  k1  \n\tk2\t\n", "k1 k2")]
    [TestCase("\"k1\"\n'k2'\n", "k1 k2")]
    [TestCase("  \"k1\"  \r\n", "k1")]
    [TestCase("k1#2\n", "k1#2")]
    [TestCase("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\n", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")]
    public void ReadsAKeyFile(string file, string expected)
    {
        var options = Make(["--keys", "file"], file: file);
        Assert.That(Show(options, "--keys"), Is.EqualTo(expected));
        Assert.That(options.Warnings, Is.Empty);
    }

    [TestCase("k1", "k1")]
    [TestCase("k1 k2", "k1 k2")]
    [TestCase("k1,k2", "k1 k2")]
    [TestCase("k1\nk2\r\nk3", "k1 k2 k3")]
    [TestCase(" ,k1, \n k2,,k3\n", "k1 k2 k3")]
    public void ReadsKeysOfTheEnvironment(string keys, string expected)
    {
        var options = Make([], keys: keys);
        Assert.That(Show(options, "--keys"), Is.EqualTo(expected));
        Assert.That(options.Warnings, Is.Empty);
    }

    [Test]
    public void TheEnvironmentCountsOnlyWhereNothingElseGivesAKey()
    {
        Assert.That(Show(Make(["k"], keys: "env"), "--keys"), Is.EqualTo("k"));
        Assert.That(Show(Make(["--keys", "file"], keys: "env", file: "f"), "--keys"), Is.EqualTo("f"));
        Assert.That(Show(Make(["--keys", "file"], keys: "env", file: "#\n"), "--keys"), Is.EqualTo("env"));
    }

    [Test]
    public void ArgumentsAndAFileAreTakenTogether() =>
        Assert.That(Make(["k", "--keys", "file", "l"], file: "m\nn").Keys,
            Is.EquivalentTo((string[])["k", "l", "m", "n"]));

    [TestCase("k|l|k", "", "k l", "twice")]
    [TestCase("k|--keys|file", "k\nm", "k m", "twice")]
    [TestCase("--keys|file", "m\nm\nm", "m", "twice")]
    [TestCase("k|K", "", "k K", "")]
    public void AKeyThatIsThereTwiceCountsOnce(string args, string file, string expected, string warning)
    {
        var options = Make(args.Split('|'), file: file);
        Assert.That(Show(options, "--keys"), Is.EqualTo(expected));
        var warnings = options.Warnings.Where(line => !line.Contains("ROTATO_KEYS", StringComparison.Ordinal)).ToList();
        Assert.That(warnings, warning == "" ? Is.Empty : Has.Count.EqualTo(1).And.One.Contains(warning));
    }

    [Test]
    public void KeysOnTheCommandLineBringOneWarningThatNamesTheAlternatives()
    {
        var options = Make([Canary, $"{Canary}2", $"{Canary}2", "--token", $"{Canary}3", "--keys=file"],
            file: $"{Canary}4");
        CheckAll(options);
        CheckAll(options);
        Assert.That(options.Warnings, Has.One.Contains("ROTATO_KEYS").And.One.Contains("--keys FILE"));
        Assert.That(options.Warnings, Has.Count.EqualTo(2), "that one, and the one about the double");
        foreach (var warning in options.Warnings) AssertHarmless(warning);
    }

    [TestCase("sk-proj-abc", "https://api.openai.com")]
    [TestCase("anything", "https://api.openai.com")]
    [TestCase("sk-ant-api03-abc", "https://api.anthropic.com")]
    [TestCase("AIzaSyAbc", "https://generativelanguage.googleapis.com")]
    [TestCase("gsk_abc", "https://api.groq.com")]
    [TestCase("xai-abc", "https://api.x.ai")]
    [TestCase("csk-abc", "https://api.cerebras.ai")]
    [TestCase("pplx-abc", "https://api.perplexity.ai")]
    [TestCase("sk-or-v1-abc", "https://openrouter.ai")]
    public void ThePrefixOfTheKeysTellsTheUpstream(string key, string expected)
    {
        Assert.That(Show(Make([key, key + "2"]), "--upstream"), Is.EqualTo(expected));
        Assert.That(Show(Make([], keys: key), "--upstream"), Is.EqualTo(expected));
        Assert.That(Show(Make([key, "--upstream", "https://example.com"]), "--upstream"),
            Is.EqualTo("https://example.com"));
    }

    [TestCase("sk-CANARY|sk-ant-CANARY")]
    [TestCase("sk-ant-CANARY|CANARY")]
    [TestCase("gsk_CANARY|gsk_CANARY2|xai-CANARY")]
    [TestCase("AIzaCANARY|sk-or-CANARY")]
    public void KeysOfSeveralProvidersNeedAnUpstream(string args)
    {
        string[] keys = [.. args.Replace("CANARY", Canary, StringComparison.Ordinal).Split('|')];
        Assert.That(AssertRefused(keys), Does.Contain("--upstream"));
        Assert.That(Show(Make([.. keys, "--upstream", "https://example.com"]), "--upstream"),
            Is.EqualTo("https://example.com"));
    }

    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("192.0.2.1")]
    [TestCase("2001:db8::1")]
    public void AnAddressForOthersNeedsAToken(string address)
    {
        Assert.That(AssertRefused(["--host", address, "k"]), Does.Contain("--token"));
        var byOption = Make(["--host", address, "--token", "t", "k"]);
        CheckAll(byOption);
        Assert.That(Show(byOption, "--host"), Is.EqualTo(address));
        var byEnvironment = Make(["--host", address, "k"], token: "t");
        CheckAll(byEnvironment);
        Assert.That(Show(byEnvironment, "--host"), Is.EqualTo(address));
        AssertRefused(["--host", address, "k"], token: "");
    }

    [TestCase(null, "")]
    [TestCase("", "")]
    [TestCase("e", "e")]
    public void TheTokenMayBeInTheEnvironment(string? token, string expected)
    {
        Assert.That(Show(Make(["k"], token: token), "--token"), Is.EqualTo(expected));
        Assert.That(Show(Make(["k", "--token", "a"], token: token), "--token"), Is.EqualTo("a"));
    }

    [TestCase("https://api.anthropic.com", "x-api-key")]
    [TestCase("https://API.Anthropic.com/", "x-api-key")]
    [TestCase("https://generativelanguage.googleapis.com", "x-goog-api-key")]
    [TestCase("https://team.openai.azure.com/openai", "api-key")]
    [TestCase("https://api.openai.com", "Authorization")]
    [TestCase("http://localhost:1", "Authorization")]
    public void TheUpstreamTellsTheUsualPlaceOfAKey(string upstream, string expected) =>
        Assert.That(Make(["--upstream", upstream, "k"]).KeyField, Is.EqualTo(expected));

    private static string AssertRefused(string[] args, string? keys = null, string? token = null, string file = "")
    {
        var e = Assert.Throws<UsageException>(() => CheckAll(Make(args, keys, token, file)), string.Join(' ', args))!;
        AssertHarmless(e.Message);
        return e.Message;
    }

    // One line, and no five characters of what was given.
    private static void AssertHarmless(string line)
    {
        Assert.That(line, Is.Not.Empty.And.Not.Contain("\n").And.Not.Contain("\r"));
        for (var i = 0; i + 5 <= Canary.Length; i++) Assert.That(line, Does.Not.Contain(Canary[i..(i + 5)]));
    }

    private static Options Make(string[] args, string? keys = null, string? token = null, string file = "of-file") =>
        new(
        args, name => name == "ROTATO_KEYS" ? keys : name == "ROTATO_TOKEN" ? token : null, path =>
            path == "-" ? "of-input" : file);

    // What a start asks of the options: everything.
    private static void CheckAll(Options options)
    {
        foreach (var property in typeof(Options).GetProperties(BindingFlags.Public | BindingFlags.Instance))
            if (property.GetIndexParameters().Length == 0) property.GetValue(options, BindingFlags.DoNotWrapExceptions, null, null, null);
        _ = IStrategy.ByName(options.Strategy);
    }

    private static string Show(Options options, string name) => name switch
    {
        "--port" => $"{options.Port}",
        "--host" => string.Join(' ', options.Addresses.Select(address => address.ToString())),
        "--upstream" => options.UpstreamText,
        "--keys" => string.Join(' ', options.Keys),
        "--token" => options.Token,
        "--strategy" => $"{options.Strategy} {IStrategy.ByName(options.Strategy).GetType().Name}",
        "--rpm" => $"{options.Rpm}",
        "--wait" => $"{options.Wait}",
        "--max-body" => $"{options.MaxBody / (1 << 20)}",
        "--allow-origin" => string.Join(' ', options.AllowedOrigins),
        _ => $"{options[name] is not null}",
    };
}
