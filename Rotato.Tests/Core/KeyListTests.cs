namespace Rotato.Tests.Core;

/// <summary>Keys as people have them.</summary>
internal sealed class KeyListTests
{
    // Wherever they come from.
    [TestCase("k1", "k1")]
    [TestCase("k1\nk2\n", "k1 k2")]
    [TestCase("k1\r\nk2\r\n", "k1 k2")]
    [TestCase("k1 k2", "k1 k2")]
    [TestCase("k1,k2", "k1 k2")]
    [TestCase("k1\tk2", "k1 k2")]
    [TestCase("k1\nk2\r\nk3", "k1 k2 k3")]
    [TestCase("k1\rk2", "k1 k2")]
    [TestCase(" ,k1, \n k2,,k3\n", "k1 k2 k3")]
    [TestCase("\n\n  \n\t\nk1\n\n", "k1")]
    [TestCase("  k1  \n\tk2\t\n", "k1 k2")]
    // A byte order mark
    [TestCase("\ufeffk1\nk2", "k1 k2")]
    [TestCase("\ufeff# comment\nk1", "k1")]
    [TestCase("\ufeff\nk1", "k1")]
    // Comments
    [TestCase("# comment\nk1\n#k2\n  # comment\n", "k1")]
    [TestCase("k1 # the first\nk2\t# the second", "k1 k2")]
    [TestCase("k1 #k2 k3\nk4", "k1 k4")]
    [TestCase("k1, # it's \"mine\", {really}\nk2", "k1 k2")]
    [TestCase("k1#2\n", "k1#2")]
    // Quotes
    [TestCase("\"k1\"\n'k2'\n", "k1 k2")]
    [TestCase("  \"k1\"  \r\n", "k1")]
    [TestCase("\"k1\",\"k2\",\n'k3'", "k1 k2 k3")]
    [TestCase("\"\" '' k1", "k1")]
    // Lines of a .env file and of a shell
    [TestCase("OPENAI_API_KEY=k1", "k1")]
    [TestCase("OPENAI_API_KEY=\"k1\"\nOTHER_2='k2'", "k1 k2")]
    [TestCase("export OPENAI_API_KEY=k1\nexport OTHER=\"k2\" # mine", "k1 k2")]
    [TestCase("A=\"\"\nB=''\nC=k1", "k1")]
    [TestCase("\"A=k1\"", "k1")]
    [TestCase("a=k1==", "k1==")]
    // An equals sign at the end is the key's own, as in base64.
    [TestCase("YWJjZA==", "YWJjZA==")]
    [TestCase("YWJjZA=", "YWJjZA=")]
    [TestCase("KEY=YWJjZA==", "YWJjZA==")]
    // Everything else that is visible
    [TestCase("!$%&*+-./:;?@\\^_|~", "!$%&*+-./:;?@\\^_|~")]
    public void TakesKeysAsPeopleHaveThem(string text, string expected)
    {
        Assert.That(Given.Settings(["--keys", "file"], file: text).ReadKeys().Texts(), Is.EqualTo(expected), "a file");
        Assert.That(Given.Settings([], keys: text).ReadKeys().Texts(), Is.EqualTo(expected), "the environment");
        Assert.That(Given.Settings([text]).ReadKeys().Texts(), Is.EqualTo(expected), "an argument");
    }

    /// <summary>What would be a header of its own, or certainly is no key.</summary>
    [TestCase("[CANARY]")]
    [TestCase("[\"CANARY\"]")]
    [TestCase("{\"key\":\"CANARY\"}")]
    [TestCase("CANARY}")]
    [TestCase("CAN\"ARY")]
    [TestCase("CANARY'")]
    [TestCase("\"CANARY")]
    [TestCase("'CANARY\"")]
    [TestCase("<CANARY>")]
    [TestCase("(CANARY)")]
    [TestCase("$(CANARY)")]
    [TestCase("`CANARY`")]
    [TestCase("my-name=CANARY")]
    [TestCase("$env:KEY=CANARY")]
    [TestCase("A=B=CANARY")]
    [TestCase("=CANARY")]
    [TestCase("CANARY=x=")]
    [TestCase("CANARY\u0000")]
    [TestCase("CANARY\u0001x")]
    [TestCase("CANARY\u007f")]
    [TestCase("CANARY\u000b")]
    [TestCase("CANARY\u00e9")]
    [TestCase("CANARY\u00a0CANARY")]
    [TestCase("\u201cCANARY\u201d")]
    [TestCase("CANARY\u2026")]
    [TestCase("\u2014port")]
    [TestCase("k\ufeffCANARY")]
    // What a file in another encoding becomes
    [TestCase("\ufffd\ufffdC\u0000A\u0000")]
    public void RefusesWhatCertainlyIsNoKey(string word)
    {
        word = Given.WithCanary(word);
        Assert.That(Given.Refused([word]), Does.StartWith("key 1 of the arguments "));
        Assert.That(Given.Refused(["k", word]), Does.StartWith("key 2 of the arguments "));
        Assert.That(Given.Refused([word, "k"]), Does.StartWith("key 1 of the arguments "));
        Assert.That(Given.Refused([], keys: $"k,{word}"), Does.StartWith("key 2 of ROTATO_KEYS"));
        Assert.That(Given.Refused(["--keys", "file"], file: $"# my keys\nk1 k2\n\nA={word}\nk3"),
            Does.StartWith("key 3 of --keys FILE, line 4 "));
    }

    /// <summary>Keys are counted in the source that they stand in, and URLs are none.</summary>
    [TestCase("k1 k2 CANARY[", "", "key 3 of the arguments ")]
    [TestCase("k1 k2 k1 CANARY[", "", "key 4 of the arguments ")]
    [TestCase("https://a.example k1 https://b.example k2 CANARY[", "", "key 3 of the arguments ")]
    [TestCase("k1 --keys file", "k2\nCANARY[", "key 2 of --keys FILE, line 2 ")]
    [TestCase("k1 --keys file", "k2\r\n\r\nhttps://a.example\r\nk3 CANARY[", "key 3 of --keys FILE, line 4 ")]
    public void ABadKeyIsNamedByNumberAndSource(string args, string file, string expected) => Assert.That(
        Given.Refused([.. Given.WithCanary(args).Split(' ')], file: Given.WithCanary(file)), Does.StartWith(expected));

    /// <summary>A .env file has more than keys in it, and a password is not sent to an API.</summary>
    [TestCase("DB_PASSWORD=CANARY\nOPENAI_API_KEY=k1", "k1", "DB_PASSWORD")]
    [TestCase("DATABASE_URL=postgres://CANARY\nexport PORT=8080\nDEBUG=true\nA=k1", "k1", "DATABASE_URL PORT DEBUG")]
    [TestCase("HOOK=https://CANARY.example/x\nGROQ_API_KEY=k1", "k1", "HOOK")]
    [TestCase("GATEWAY_KEY='https://CANARY.example' k1", "k1", "GATEWAY_KEY")]
    [TestCase("gsk_abc123=https://api.groq.com/openai/v1 k1", "k1", "a variable")]
    [TestCase("JWT_SECRET=CANARY SMTP_PASS=CANARY AWS_ID=CANARY k1", "k1", "JWT_SECRET SMTP_PASS AWS_ID")]
    [TestCase("openai_model=gpt-5 K=k1", "k1", "openai_model")]
    [TestCase("HOST_KEY=k1\nUSER_TOKEN=k2\nDEBUG_KEYS=k3", "k1 k2 k3", "")]
    [TestCase("MODELS=k1\nPORT", "k1 PORT", "")]
    public void LeavesOutVariablesThatAreNamedForSomethingElse(string text, string expected, string leftOut)
    {
        var list = Given.Settings(["--keys", "file"], file: Given.WithCanary(text)).ReadKeys();
        Assert.That(list.Texts(), Is.EqualTo(expected));
        Assert.That(list.Keys.Select(key => key.BaseUrl.Host), Is.All.EqualTo("api.openai.com"));
        Assert.That(string.Join(' ', list.LeftOut), Is.EqualTo(leftOut));
    }

    [Test]
    public void AThousandKeysAreTaken()
    {
        var keys = string.Join(' ', Enumerable.Range(1, 1000).Select(i => $"key-{i}"));
        Assert.That(Given.Settings([], keys: keys).ReadKeys().Texts(), Is.EqualTo(keys));
    }
}
