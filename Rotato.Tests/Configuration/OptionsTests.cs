using Rotato.Tests.Core;

namespace Rotato.Tests.Configuration;

/// <summary>The options of the command line.</summary>
internal sealed class OptionsTests
{
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
    [TestCase("--token", "a-secret", "a-secret")]
    [TestCase("--token", "a=b=c=d=", "a=b=c=d=")]
    [TestCase("--token", "--oddtoken", "--oddtoken")]
    [TestCase("--token", "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\"", "!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\"")]
    [TestCase("--strategy", "round-robin", "round-robin RoundRobin")]
    [TestCase("--strategy", "sticky", "sticky Sticky")]
    [TestCase("--strategy", "headroom", "headroom Headroom")]
    [TestCase("--rpm", "1", "1")]
    [TestCase("--rpm", "500", "500")]
    [TestCase("--concurrent", "1", "1")]
    [TestCase("--concurrent", "32", "32")]
    [TestCase("--wait", "0", "0")]
    [TestCase("--wait", "600", "600")]
    [TestCase("--cache", "1", "1")]
    [TestCase("--cache", "3600", "3600")]
    [TestCase("--max-body", "1", "1")]
    [TestCase("--max-body", "512", "512")]
    [TestCase("--allow-origin", "https://a.example", "https://a.example")]
    [TestCase("--allow-host", "llm.example", "llm.example")]
    public void TakesAnOptionInBothForms(string name, string value, string expected)
    {
        string[] key = name == "--keys" ? [] : ["k"];
        var separate = Given.Settings([name, value, .. key]);
        var joined = Given.Settings([.. key, $"{name}={value}"]);
        separate.CheckAll();
        joined.CheckAll();
        Assert.That(Show(separate, name), Is.EqualTo(expected));
        Assert.That(Show(joined, name), Is.EqualTo(expected));
    }

    [TestCase("--port", "8080")]
    [TestCase("--host", "127.0.0.1 ::1")]
    [TestCase("--upstream", "")]
    [TestCase("--keys", "k")]
    [TestCase("--token", "")]
    [TestCase("--strategy", "round-robin RoundRobin")]
    [TestCase("--rpm", "")]
    [TestCase("--concurrent", "")]
    [TestCase("--wait", "30")]
    [TestCase("--cache", "")]
    [TestCase("--max-body", "64")]
    [TestCase("--allow-origin", "")]
    [TestCase("--allow-host", "")]
    [TestCase("--quiet", "False")]
    [TestCase("--help", "False")]
    [TestCase("--version", "False")]
    public void HasADefault(string name, string expected) =>
        Assert.That(Show(Given.Settings(["k"]), name), Is.EqualTo(expected));

    [TestCase("--quiet", "--quiet")]
    [TestCase("--help", "--help")]
    [TestCase("-h", "--help")]
    [TestCase("--version", "--version")]
    public void TakesASwitchAnywhere(string given, string name)
    {
        Assert.That(Show(Given.Settings([given]), name), Is.EqualTo("True"), "help needs nothing else");
        Assert.That(Show(Given.Settings(["k", given, "l"]), name), Is.EqualTo("True"));
        Assert.That(Show(Given.Settings(["k", given, "l"]), "--keys"), Is.EqualTo("k l"));
    }

    [TestCase("--allow-origin")]
    [TestCase("--allow-host")]
    public void TakesItAsOftenAsItIsGiven(string name) => Assert.That(
        Show(Given.Settings([name, "a", "k", $"{name}=b", name, "c"]), name), Is.EqualTo("a b c"));

    [TestCase("--port", "80", "81")]
    [TestCase("--wait", "1", "2")]
    [TestCase("--keys", "file", "-")]
    public void OfOthersTheLastOneCounts(string name, string first, string last)
    {
        string[] key = name == "--keys" ? [] : ["k"];
        Assert.That(Show(Given.Settings([name, first, name, last, .. key]), name),
            Is.EqualTo(last == "-" ? "of-input" : last));
    }

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
    [TestCase("--concurrent|0")]
    [TestCase("--concurrent|-1")]
    [TestCase("--concurrent|1.5")]
    [TestCase("--concurrent|99999999999")]
    [TestCase("--concurrent|CANARY")]
    [TestCase("--wait|-1")]
    [TestCase("--wait|0.5")]
    [TestCase("--wait|30s")]
    [TestCase("--wait|99999999999")]
    [TestCase("--wait|CANARY")]
    [TestCase("--cache|0")]
    [TestCase("--cache|-1")]
    [TestCase("--cache|1.5")]
    [TestCase("--cache|99999999999")]
    [TestCase("--cache|CANARY")]
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
    // No address, or a name: it would have to be looked up, and means whatever the network says.
    [TestCase("--host|CANARY")]
    [TestCase("--host|example.com")]
    [TestCase("--host|*")]
    [TestCase("--host|127.0.0.1:80")]
    [TestCase("--host|[::1]:80")]
    [TestCase("--host|127.0.0.256")]
    [TestCase("--host|http://127.0.0.1")]
    [TestCase("--host| 127.0.0.1")]
    // A number is an address to the parser ("1" is 0.0.0.1), and to nobody else.
    [TestCase("--host|1")]
    [TestCase("--host|127.1")]
    [TestCase("--host|0x7f000001")]
    [TestCase("--host|8080")]
    // Open to the network, and no token.
    [TestCase("--host|0.0.0.0")]
    [TestCase("--host=0.0.0.0")]
    [TestCase("--host|::")]
    [TestCase("--host|192.0.2.1")]
    [TestCase("--host|10.0.0.1")]
    [TestCase("--host|2001:db8::1")]
    // Too short to hold against who tries, or nothing that a client could send.
    [TestCase("--token|CANARY\u00e9")]
    [TestCase("--token|CANARY CANARY")]
    [TestCase("--token|CANARY\t")]
    [TestCase("--token|CANARY\n")]
    [TestCase("--token|CANARY\u0000")]
    [TestCase("--token|CANARY\u007f")]
    [TestCase("--token|1234567")]
    [TestCase("--token=1")]
    // No value, an empty one, one too many
    [TestCase("--port")]
    [TestCase("--host")]
    [TestCase("--upstream")]
    [TestCase("--keys")]
    [TestCase("--token")]
    [TestCase("--strategy")]
    [TestCase("--rpm")]
    [TestCase("--concurrent")]
    [TestCase("--wait")]
    [TestCase("--cache")]
    [TestCase("--max-body")]
    [TestCase("--allow-origin")]
    [TestCase("--allow-host")]
    [TestCase("--port=")]
    [TestCase("--host=")]
    [TestCase("--upstream=")]
    [TestCase("--keys=")]
    [TestCase("--token=")]
    [TestCase("--strategy=")]
    [TestCase("--rpm=")]
    [TestCase("--concurrent=")]
    [TestCase("--allow-origin=")]
    [TestCase("--allow-host=")]
    [TestCase("--allow-host|http://CANARY")]
    [TestCase("--allow-host=CANARY:8080")]
    [TestCase("--token|")]
    [TestCase("--upstream|")]
    [TestCase("--quiet=CANARY")]
    [TestCase("--help=CANARY")]
    [TestCase("-h=CANARY")]
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
    [TestCase("-H")]
    [TestCase("-hh")]
    [TestCase("-")]
    [TestCase("--")]
    [TestCase("-=CANARY")]
    [TestCase("--=CANARY")]
    [TestCase("=|--x")]
    public void RefusesWrongUsage(string args)
    {
        // The key stands first, so that an option at the end has no value.
        string[] given = args == "" ? [] : ["k", .. args.Split('|').Select(Given.WithCanary)];
        Given.Refused(given);
    }

    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("192.0.2.1")]
    [TestCase("2001:db8::1")]
    public void AnAddressForOthersNeedsAToken(string address)
    {
        Assert.That(Given.Refused(["--host", address, "k"]), Does.Contain("--token"));
        var byOption = Given.Settings(["--host", address, "--token", "a-secret", "k"]);
        byOption.CheckAll();
        Assert.That(Show(byOption, "--host"), Is.EqualTo(address));
        var byEnvironment = Given.Settings(["--host", address, "k"], token: "a-secret");
        byEnvironment.CheckAll();
        Assert.That(Show(byEnvironment, "--host"), Is.EqualTo(address));
        Given.Refused(["--host", address, "k"], token: "");
    }

    [TestCase(null, "")]
    [TestCase("", "")]
    [TestCase("of-environment", "of-environment")]
    public void TheTokenMayBeInTheEnvironment(string? token, string expected)
    {
        Assert.That(Show(Given.Settings(["k"], token: token), "--token"), Is.EqualTo(expected));
        var both = Given.Settings(["k", "--token", "of-option"], token: token);
        Assert.That(Show(both, "--token"), Is.EqualTo("of-option"));
    }

    [TestCase("1234567")]
    [TestCase("CANARY \u00e9")]
    public void ATokenOfTheEnvironmentIsCheckedAsWell(string token) =>
        Given.Refused(["k"], token: Given.WithCanary(token));

    private static string Show(Settings settings, string name)
    {
        var options = settings.Options;
        return name switch
        {
            "--port" => $"{options.Port}",
            "--host" => string.Join<System.Net.IPAddress>(' ', options.Addresses),
            "--upstream" => $"{options.Upstream?.AbsoluteUri.TrimEnd('/')}",
            "--keys" => settings.ReadKeys().Texts(),
            "--token" => options.Admission.Token,
            "--strategy" => $"{options.StrategyName} {options.Strategy.Method.Name}",
            "--rpm" => $"{options.Rules.RequestsAMinute}",
            "--concurrent" => $"{options.Rules.Concurrent}",
            "--wait" => $"{options.Wait}",
            "--cache" => $"{options.Cache?.TotalSeconds}",
            "--max-body" => $"{options.MaxBody / (1 << 20)}",
            "--allow-origin" => string.Join(' ', options.Admission.Origins),
            "--allow-host" => string.Join(' ', options.Admission.Hosts.Skip(1)),
            "--quiet" => $"{options.IsQuiet}",
            "--help" => $"{options.WantsHelp}",
            _ => $"{options.WantsVersion}",
        };
    }
}
