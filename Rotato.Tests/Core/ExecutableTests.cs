using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

internal sealed class ExecutableTests
{
    private readonly Secrets _secrets = new();

    [Test]
    public async Task SaysWhatItWasBuiltFrom()
    {
        using var rotato = Start("--version");

        var line = $"rotato {Build.Full}, {RuntimeInformation.FrameworkDescription}";
        Assert.That(await rotato.ExitAsync(), Is.EqualTo((0, new[] { line }, Array.Empty<string>())));
    }

    [TestCase("--help")]
    [TestCase("-h")]
    [TestCase("KEY --port 0 --help")]
    public async Task SaysHowItIsUsed(string args)
    {
        using var rotato = Start([], Words(args));
        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That((code, errors), Is.EqualTo((0, Array.Empty<string>())));
        Assert.That(string.Join('\n', output), Is.EqualTo(Options.Help.TrimEnd()));
    }

    [TestCase(1, "1 key")]
    [TestCase(3, "3 keys")]
    public async Task SaysWhereItListensWhatItServesAndWhereToLook(int count, string keys)
    {
        using var rotato = Start([("ROTATO_KEYS", Keys(count))], "--port", "0", "--upstream", "http://127.0.0.1:9/v1/");
        var port = (await rotato.ListeningAsync()).Port;
        await rotato.SignalAsync("TERM");
        var (_, output, errors) = await rotato.ExitAsync();

        Assert.That(output, Has.Length.EqualTo(3));
        Assert.That(output[0], Is.EqualTo($"rotato {Build.Version} listening on http://localhost:{port}"));
        Assert.That(output[1], Does.Match($"^  127\\.0\\.0\\.1:9 +{keys} +base URL http://localhost:{port}/v1$"));
        Assert.That(output[2], Is.EqualTo($"status page http://localhost:{port}/_rotato"));
        Assert.That(errors, Is.Empty);
    }

    /// <summary>Plain HTTP is for this machine alone, and no proxy is that.</summary>
    [Test]
    public async Task SendsNoKeyThroughAProxyToANameOfThisMachine(
        [Values("http_proxy", "all_proxy")] string variable,
        [Values("localhost", "llm.localhost", "127.0.0.1", "[::1]")] string host)
    {
        using var proxy = new ScriptedUpstream(_ => Ok());
        using var rotato = Start([("ROTATO_KEYS", _secrets.New()), (variable, proxy.Url)], "--port", "0",
            "--upstream", $"http://{host}:9");
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());

        Assert.That((await client.AskAsync(Get("/v1/models"))).Status, Is.EqualTo(502));
        Assert.That(proxy.Requests, Is.Empty);
    }

    [TestCase("sk-ant-", "api.anthropic.com", "")]
    [TestCase("AIza", "generativelanguage.googleapis.com", "")]
    [TestCase("gsk_", "api.groq.com", "/openai/v1")]
    [TestCase("sk-or-", "openrouter.ai", "/api/v1")]
    [TestCase("", "api.openai.com", "/v1")]
    public async Task KnowsTheApiByItsKeys(string prefix, string host, string path)
    {
        using var rotato = Start([("ROTATO_KEYS", _secrets.New(prefix))], "--port=0");
        var port = (await rotato.ListeningAsync()).Port;

        Assert.That(await rotato.LineAsync(),
            Does.Match($"^  {Regex.Escape(host)} +1 key +base URL http://localhost:{port}{path}$"));
    }

    /// <summary>A client that cannot be told by how it speaks names the host in its base URL.</summary>
    [Test]
    public async Task SaysALineForEachApi()
    {
        var keys = $"{_secrets.New("sk-ant-")} {_secrets.New("AIza")} {_secrets.New("sk-")} {_secrets.New("sk-ant-")} "
            + $"https://api.mistral.ai/v1 {_secrets.New()} {_secrets.New()} {_secrets.New()}";
        using var rotato = Start([("ROTATO_KEYS", keys)], "--port=0");
        var port = (await rotato.ListeningAsync()).Port;

        Assert.That(await rotato.LineAsync(),
            Does.Match($"^  api.anthropic.com +2 keys +base URL http://localhost:{port}$"));
        Assert.That(await rotato.LineAsync(),
            Does.Match($"^  generativelanguage.googleapis.com +1 key +base URL http://localhost:{port}$"));
        Assert.That(await rotato.LineAsync(),
            Does.Match($"^  api.openai.com +1 key +base URL http://localhost:{port}/api.openai.com/v1$"));
        Assert.That(await rotato.LineAsync(),
            Does.Match($"^  api.mistral.ai +3 keys +base URL http://localhost:{port}/api.mistral.ai/v1$"));
        Assert.That(await rotato.LineAsync(), Does.StartWith("status page "));
    }

    [Test]
    public async Task TakesKeysFromStandardInputAndFromAFile([Values("-", "file")] string from)
    {
        var text = $"# mine\r\n{_secrets.New()}\r\n\r\n  {_secrets.New()}\n# not this: {_secrets.New()}\n";
        var file = from == "-" ? "-" : Path.GetTempFileName();
        if (from != "-") await File.WriteAllTextAsync(file, text);
        using var rotato = new RunningExecutable(["--port", "0", "--keys", file], text, ("ROTATO_KEYS", _secrets.New())) { Secrets = _secrets };
        await rotato.ListeningAsync();

        Assert.That(await rotato.LineAsync(), Does.Match("^  api.openai.com +2 keys "));
        if (from != "-") File.Delete(file);
    }

    [Test]
    public async Task WarnsOfKeysOnTheCommandLineAndOfDoubleOnes()
    {
        var key = _secrets.New();
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", key, _secrets.New(), key);
        await rotato.ListeningAsync();
        await rotato.SignalAsync("TERM");
        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That(code, Is.Zero);
        Assert.That(output[1], Does.Contain(" 2 keys "));
        Assert.That(errors, Has.Length.EqualTo(2).And.All.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} rotato: "));
        Assert.That(errors, Has.One.Contains("--keys").And.One.Contains("ROTATO_KEYS").And.One.Contains("twice"));
    }

    [Test]
    [Platform("Linux")]
    public async Task NeitherItsArgumentsNorACoreDumpShowKeysOnceItListens()
    {
        var secrets = new Secrets();
        using var rotato = new RunningExecutable(["--port", "0", secrets.New(), "--token=" + secrets.New()]) { Secrets = secrets };
        await rotato.ListeningAsync();

        var arguments = await File.ReadAllTextAsync($"/proc/{rotato.Id}/cmdline");
        Assert.That(arguments.TrimEnd('\0'), Does.EndWith("rotato"));
        secrets.AssertNoneIn("the arguments", arguments);
        Assert.That(await File.ReadAllTextAsync($"/proc/{rotato.Id}/coredump_filter"), Does.Match("^0+$"));
    }

    [Test]
    public async Task SaysNothingElseWithKeysFromTheEnvironment()
    {
        using var rotato = Start([("ROTATO_KEYS", Keys(2))], "--port", "0");
        await rotato.ListeningAsync();
        await rotato.SignalAsync("TERM");

        var (code, output, errors) = await rotato.ExitAsync();
        Assert.That((code, output.Length, errors.Length), Is.EqualTo((0, 3, 0)));
    }

    // KEY and TOKEN stand for secrets.
    [TestCase("")]
    [TestCase("--port 0")]
    [TestCase("--port KEY")]
    [TestCase("--port 65536 KEY")]
    [TestCase("--port -1 KEY")]
    [TestCase("--port= KEY")]
    [TestCase("KEY --port")]
    [TestCase("KEY --KEY")]
    [TestCase("KEY -KEY")]
    [TestCase("KEY --key=KEY")]
    [TestCase("KEY --quiet=KEY")]
    [TestCase("KEY --strategy KEY")]
    [TestCase("KEY --wait KEY")]
    [TestCase("KEY --rpm 0")]
    [TestCase("KEY --max-body 513")]
    [TestCase("KEY --upstream KEY")]
    [TestCase("KEY --upstream http://api.openai.com/KEY")]
    [TestCase("KEY --upstream https://user:KEY@api.openai.com")]
    [TestCase("KEY --upstream https://api.openai.com/?key=KEY")]
    [TestCase("KEY --upstream ftp://api.openai.com")]
    [TestCase("KEY --host 0.0.0.0")]
    [TestCase("KEY --host ::")]
    [TestCase("KEY --host KEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEYKEY")]
    [TestCase("KEY --host localhost.evil.com --token KEY")]
    [TestCase("KEY --host unknown.invalid --token KEY")]
    [TestCase("KEY --concurrent 0")]
    [TestCase("KEY --token short")]
    [TestCase("KEY --token KEY\u00e4")]
    [TestCase("https://api.openai.com sk-ant-KEY")]
    [TestCase("--upstream https://api.anthropic.com AIzaKEY")]
    [TestCase("http://api.openai.com KEY")]
    [TestCase("https://user:KEY@api.openai.com KEY")]
    [TestCase("https://api.openai.com")]
    [TestCase("KEY\u00e4")]
    [TestCase("[KEY]")]
    [TestCase("{\"a\":\"KEY\"}")]
    [TestCase("KEY=KEY=KEY")]
    [TestCase("KEY\"KEY")]
    public async Task RefusesWrongUsageInOneLine(string args)
    {
        using var rotato = Start([], Words(args));

        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That(code, Is.EqualTo(2));
        Assert.That(output, Is.Empty);
        Assert.That(errors, Has.Length.EqualTo(1));
        Assert.That(errors[0], Does.StartWith("rotato: "));
    }

    [TestCase("--prot 8080 KEY", "--port")]
    [TestCase("-port 8080 KEY", "--port")]
    [TestCase("--pot=8080 KEY", "--port")]
    [TestCase("KEY --tokne KEY", "--token")]
    [TestCase("KEY --key FILE", "--keys")]
    [TestCase("KEY --alow-orgin null", "--allow-origin")]
    [TestCase("KEY --stategy sticky", "--strategy")]
    [TestCase("KEY --Quiet", "--quiet")]
    public async Task AsksWhetherItWasOneOrTwoLettersOff(string args, string option)
    {
        using var rotato = Start([], Words(args));

        var (code, _, errors) = await rotato.ExitAsync();

        Assert.That(code, Is.EqualTo(2));
        Assert.That(errors.Single(), Does.Contain($"id you mean {option}?"));
    }

    [TestCase("KEY --frobnicate")]
    [TestCase("KEY -x")]
    [TestCase("KEY --KEY")]
    public async Task AsksNothingWhereNoOptionIsNear(string args)
    {
        using var rotato = Start([], Words(args));

        Assert.That((await rotato.ExitAsync()).Errors.Single(), Does.Not.Contain("id you mean").And.Contain("--help"));
    }

    [TestCase("/does/not/exist/KEY", "no such file")]
    [TestCase("/", "folder")]
    [Platform(Exclude = "Win")]
    public async Task SaysInWordsWhyItCannotReadTheKeyFile(string file, string reason)
    {
        using var rotato = Start([], Words($"--port 0 --keys {file}"));

        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That((code, output.Length, errors.Length), Is.EqualTo((1, 0, 1)));
        Assert.That(errors[0], Does.StartWith("rotato: ").And.Contain("--keys").And.Contain(reason));
        Assert.That(errors[0], Does.Not.Contain("Exception"));
    }

    [TestCase("KEY one [KEY]", "key 3 of the arguments")]
    [TestCase("KEY one two KEY\u00e4", "key 4 of the arguments")]
    public async Task NamesAWrongKeyByItsNumberAndSource(string args, string name)
    {
        using var rotato = Start([], Words(args));

        Assert.That((await rotato.ExitAsync()).Errors.Single(), Does.Contain(name));
    }

    [Test]
    public async Task NamesAWrongKeyInAFileByItsLine()
    {
        var input = $"# mine\n{_secrets.New()}\n\nA=\"{_secrets.New()}\",\"{_secrets.New()}[\"\n";
        using var rotato = new RunningExecutable(["--port", "0", "--keys", "-"], input) { Secrets = _secrets };

        Assert.That((await rotato.ExitAsync()).Errors.Single(), Does.Contain("key 3 of --keys FILE, line 4"));
    }

    [TestCase("HTTPS_PROXY", "ftp://user:KEY@proxy.example:1")]
    [TestCase("ALL_PROXY", "socks6://user:KEY@proxy.example:1")]
    [TestCase("all_proxy", "quic://proxy.example:1")]
    public async Task RefusesAProxyThatItWouldBypass(string variable, string value)
    {
        using var rotato = Start([("ROTATO_KEYS", _secrets.New()), (variable, Words(value)[0])], "--port", "0");

        var (code, _, errors) = await rotato.ExitAsync();

        Assert.That(code, Is.EqualTo(2));
        Assert.That(errors.Single(), Does.StartWith("rotato: ").And.Contain(variable));
    }

    [TestCase("HTTPS_PROXY", "http://proxy.example:3128", "", "proxy.example:3128")]
    [TestCase("https_proxy", "proxy.example:3128", "", "proxy.example:3128")]
    [TestCase("ALL_PROXY", "socks5h://user:KEY@proxy.example:1080", "", "proxy.example:1080")]
    [TestCase("ALL_PROXY", "socks5h://proxy.example:1080", "*", null)]
    public async Task SaysWhichProxyItGoesThrough(string variable, string value, string exceptions, string? proxy)
    {
        using var rotato = Start(
            [("ROTATO_KEYS", _secrets.New()), (variable, Words(value)[0]), ("NO_PROXY", exceptions)], "--port", "0");
        await rotato.ListeningAsync();
        await rotato.SignalAsync("TERM");

        var (_, output, errors) = await rotato.ExitAsync();

        Assert.That(errors, Is.Empty);
        if (proxy is null) Assert.That(string.Join('\n', output), Does.Not.Contain("proxy"));
        else Assert.That(output, Has.One.Matches($"proxy.* {Regex.Escape(proxy)}$"));
    }

    [TestCase("192.0.2.1")]
    [TestCase("2001:db8::1")]
    public async Task RefusesToStartWhereTheHostIsNotOfThisMachine(string host)
    {
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--host", host, "--token",
            _secrets.New());

        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That((code, output.Length, errors.Length), Is.EqualTo((1, 0, 1)));
        Assert.That(errors[0], Does.StartWith("rotato: ").And.Contain("--host"));
    }

    [TestCase("127.0.0.1")]
    [TestCase("::1")]
    public async Task RefusesToStartWhereThePortIsInUse(string address)
    {
        if (address == "::1" && !Socket.OSSupportsIPv6) Assert.Ignore("This machine has no IPv6.");
        using var owner = new Socket(SocketType.Stream, ProtocolType.Tcp);
        owner.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
        owner.Listen();
        var port = ((IPEndPoint)owner.LocalEndPoint!).Port;
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", $"{port}");

        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That((code, output.Length, errors.Length), Is.EqualTo((1, 0, 1)));
        Assert.That(errors[0], Does.StartWith("rotato: ").And.Contain("--port").And.Contain($"{port}"));
    }

    [Test]
    public async Task ListensOnBothLoopbackAddresses()
    {
        if (!Socket.OSSupportsIPv6) Assert.Ignore("This machine has no IPv6.");
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0");
        var port = (await rotato.ListeningAsync()).Port;
        using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);

        Assert.That(async () => await socket.ConnectAsync(IPAddress.IPv6Loopback, port), Throws.Nothing);
    }

    [Test]
    public async Task LetsARunningStreamFinishAfterASignal([Values("TERM", "INT", "HUP")] string signal)
    {
        using var upstream = new ScriptedUpstream();
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        var address = await rotato.ListeningAsync();
        using var idle = await RawClient.ConnectAsync(address);
        using var client = await RawClient.ConnectAsync(address);
        await client.SendAsync(Post("""{"model":"gpt-4o"}""", "/v1?x=y"));
        var request = await upstream.NextAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        await client.SeeAsync("one");

        await rotato.SignalAsync(signal);
        await rotato.ErrorLineAsync();
        await AssertRefusesAsync(address);
        await request.SendAsync("3\r\ntwo\r\n0\r\n\r\n");

        var response = await client.ReadAsync();
        Assert.That((response.IsComplete, response.Text), Is.EqualTo((true, "onetwo")));
        var (code, output, errors) = await rotato.ExitAsync();
        Assert.That((code, output.Length), Is.EqualTo((0, 4)));
        Assert.That(output[3],
            Does.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} POST +/v1 +gpt-4o +200 +key 1 +tries 1 +[0-9]+ ms$"));
        Assert.That(errors.Single(),
            Does.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} rotato: finishing .*\\b1\\b.* 30 s.* second .* at once"));
    }

    [Test]
    public async Task ExitsAtOnceAtTheSecondSignal()
    {
        using var upstream = new ScriptedUpstream();
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        var address = await rotato.ListeningAsync();
        using var client = await RawClient.ConnectAsync(address);
        await client.SendAsync(Get());
        var request = await upstream.NextAsync();
        await rotato.SignalAsync("TERM");
        await rotato.ErrorLineAsync();
        await AssertRefusesAsync(address);

        await rotato.SignalAsync("TERM");

        await request.PeerClosedAsync;
        Assert.That((await rotato.ExitAsync()).Errors.Single(), Does.Match("finishing .*\\b1\\b"));
    }

    [Test]
    public async Task ServesOnWhereNobodyReadsWhatItSays()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());
        rotato.Output.Close();

        for (var i = 0; i < 20; i++) Assert.That((await client.AskAsync(Get())).Status, Is.EqualTo(200));
    }

    [Test]
    [Platform("Linux")]
    public async Task KeepsNoDescriptorOfAConnectionThatWasRefused()
    {
        using var upstream = new ScriptedUpstream(isListening: false);
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());
        Assert.That((await client.AskAsync(Get())).Status, Is.EqualTo(502));
        var before = Sockets();
        for (var i = 0; i < 8; i++) Assert.That((await client.AskAsync(Get())).Status, Is.EqualTo(502));

        Assert.That(Sockets(), Is.LessThan(before + 4), "with two attempts a request");

        int Sockets() =>
            Directory.GetFiles($"/proc/{rotato.Id}/fd").Count(path =>
            new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
    }

    [Test]
    [Platform(Exclude = "Win")]
    public async Task EndsThoughNobodyReadsWhatItSays()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());
        // More than a pipe holds.
        for (var i = 0; i < 1000; i++)
            Assert.That((await client.AskAsync(Get($"/{new string('a', 40)}"))).Status, Is.EqualTo(200));

        await rotato.SignalAsync("TERM");
        Assert.That(await rotato.EndedAsync(), Is.Zero);
    }

    [Test]
    [Platform("Linux")]
    public async Task GoesOnWhereWhatItSaysCannotBeWritten()
    {
        IPEndPoint address;
        using var upstream = new ScriptedUpstream(_ =>
            Answer("401 No", /*lang=json*/ "{\"error\":{\"code\":\"invalid_api_key\"}}"));
        // Nobody sees on which port it listens, so it gets the one that was just free.
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            address = (IPEndPoint)free.LocalEndpoint;
        }

        var line = $"exec '{RunningExecutable.Program}' --port {address.Port} --upstream {upstream.Url} > /dev/full";
        var start = new ProcessStartInfo("/bin/sh", ["-c", line]) { RedirectStandardError = true };
        start.Environment["ROTATO_KEYS"] = _secrets.New();
        using var rotato = Process.Start(start)!;
        RawClient? client = null;
        while (client is null)
        {
            try
            {
                client = await RawClient.ConnectAsync(address);
            }
            catch (SocketException) when (!rotato.HasExited) { }
        }

        Assert.That((await client.AskAsync(Get())).Status, Is.EqualTo(401));
        Assert.That(await rotato.StandardError.ReadLineAsync().WaitAsync(Hang.Limit),
            Does.Contain("key 1 is unusable for 600 s"));
        using var kill = Process.Start("kill", ["-TERM", $"{rotato.Id}"]);
        await rotato.WaitForExitAsync().WaitAsync(Hang.Limit);
        Assert.That(rotato.ExitCode, Is.Zero);
        client.Dispose();
    }

    [Test]
    public async Task WantsTheTokenOfTheEnvironment()
    {
        var token = _secrets.New();
        using var upstream = new ScriptedUpstream(_ => Ok());
        using var rotato = Start([("ROTATO_KEYS", _secrets.New()), ("ROTATO_TOKEN", token)], "--port", "0",
            "--upstream", upstream.Url);
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());

        Assert.That((await client.AskAsync(Get("/", $"Authorization: Bearer {token}\r\n"))).Status, Is.EqualTo(200));
        Assert.That((await client.AskAsync(Get())).ErrorCode, Is.EqualTo("unauthorized"));
    }

    private RunningExecutable Start(params string[] args) => Start([], args);

    private RunningExecutable Start((string Name, string Value)[] environment, params string[] args) => new(args, "", environment) { Secrets = _secrets };

    // KEY stands for a secret.
    private string[] Words(string args) =>
        [.. args.Split(' ',
            StringSplitOptions.RemoveEmptyEntries).Select(arg =>
            arg.Replace("KEY", _secrets.New(), StringComparison.Ordinal))];

    private string Keys(int count) => string.Join(" ,\n", Enumerable.Range(0, count).Select(_ => _secrets.New()));

    private static async Task AssertRefusesAsync(IPEndPoint address)
    {
        try
        {
            while (true) (await RawClient.ConnectAsync(address)).Dispose();
        }
        catch (SocketException e)
        {
            Assert.That(e.SocketErrorCode,
                Is.EqualTo(SocketError.ConnectionRefused).Or.EqualTo(SocketError.ConnectionReset));
        }
    }
}
