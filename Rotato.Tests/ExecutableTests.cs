using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests;

internal sealed class ExecutableTests
{
    private readonly Secrets _secrets = new();

    [Test]
    public async Task SaysWhatItWasBuiltFrom()
    {
        using var rotato = Start("--version");

        Assert.That(await rotato.ExitAsync(), Is.EqualTo((0, new[] { $"rotato {Options.Build}, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}" }, Array.Empty<string>())));
    }

    [Test]
    public async Task SaysHowItIsUsed()
    {
        using var rotato = Start("--help");
        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That((code, errors), Is.EqualTo((0, Array.Empty<string>())));
        Assert.That(string.Join('\n', output), Is.EqualTo(Options.Usage.TrimEnd()));
    }

    [TestCase(1, "1 key")]
    [TestCase(3, "3 keys")]
    public async Task SaysWhereItListensInItsFirstLine(int count, string keys)
    {
        using var rotato = Start([("ROTATO_KEYS", Keys(count))], "--port", "0", "--upstream", "http://127.0.0.1:9/v1/", "--strategy", "sticky");

        Assert.That(await rotato.LineAsync(), Does.Match(
            $"^rotato {Options.Version.Replace(".", "\\.", StringComparison.Ordinal)} listening on http://127\\.0\\.0\\.1:[0-9]+ -> http://127\\.0\\.0\\.1:9/v1, {keys}, sticky$"));
    }

    [TestCase("sk-ant-", "https://api.anthropic.com")]
    [TestCase("AIza", "https://generativelanguage.googleapis.com")]
    [TestCase("", "https://api.openai.com")]
    public async Task KnowsTheApiByItsKeys(string prefix, string url)
    {
        using var rotato = Start([("ROTATO_KEYS", _secrets.New(prefix))], "--port=0");

        Assert.That(await rotato.LineAsync(), Does.EndWith($" -> {url}, 1 key, round-robin"));
    }

    [Test]
    public async Task TakesKeysFromStandardInputAndFromAFile([Values("-", "file")] string from)
    {
        var text = $"# mine\r\n{_secrets.New()}\r\n\r\n  {_secrets.New()}\n# not this: {_secrets.New()}\n";
        var file = from == "-" ? "-" : Path.GetTempFileName();
        if (from != "-") await File.WriteAllTextAsync(file, text);
        using var rotato = new RunningExecutable(["--port", "0", "--keys", file], text, ("ROTATO_KEYS", _secrets.New())) { Secrets = _secrets };

        Assert.That(await rotato.LineAsync(), Does.EndWith(" -> https://api.openai.com, 2 keys, round-robin"));
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
        Assert.That(output.Single(), Does.Contain(", 2 keys, "));
        Assert.That(errors, Has.Length.EqualTo(2));
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
        Assert.That((code, output.Length, errors.Length), Is.EqualTo((0, 1, 0)));
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
    [TestCase("sk-ant-KEY AIzaKEY")]
    [TestCase("KEY\u00e4")]
    [TestCase("--keys /does/not/exist/KEY")]
    [TestCase("--keys /")]
    public async Task RefusesWrongUsageInOneLine(string args)
    {
        using var rotato = Start([], [.. args.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(arg => arg.Replace("KEY", _secrets.New(), StringComparison.Ordinal))]);

        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That(code, Is.EqualTo(2));
        Assert.That(output, Is.Empty);
        Assert.That(errors, Has.Length.EqualTo(1));
        Assert.That(errors[0], Does.StartWith("rotato: "));
    }

    [TestCase("no name")]
    [TestCase("unknown.invalid")]
    [TestCase("192.0.2.1")]
    public async Task RefusesToStartWhereTheHostIsNotOfThisMachine(string host)
    {
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--host", host, "--token", _secrets.New());

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
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", $"{((IPEndPoint)owner.LocalEndPoint!).Port}");

        var (code, output, errors) = await rotato.ExitAsync();

        Assert.That((code, output.Length, errors.Length), Is.EqualTo((1, 0, 1)));
        Assert.That(errors[0], Does.StartWith("rotato: ").And.Contain("--port"));
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
    public async Task LetsARunningStreamFinishAfterASignal([Values("TERM", "INT")] string signal)
    {
        using var upstream = new ScriptedUpstream();
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        var address = await rotato.ListeningAsync();
        using var idle = await RawClient.ConnectAsync(address);
        using var client = await RawClient.ConnectAsync(address);
        await client.SendAsync(Post("{}", "/v1?x=y"));
        var request = await upstream.NextAsync();
        await request.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
        await client.SeeAsync("one");

        await rotato.SignalAsync(signal);
        await AssertRefusesAsync(address);
        await request.SendAsync("3\r\ntwo\r\n0\r\n\r\n");

        var response = await client.ReadAsync();
        Assert.That((response.IsComplete, response.Text), Is.EqualTo((true, "onetwo")));
        var (code, output, errors) = await rotato.ExitAsync();
        Assert.That((code, errors.Length), Is.EqualTo((0, 0)));
        Assert.That(output, Has.Length.EqualTo(2));
        Assert.That(output[1], Does.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} POST +/v1 +200 +key 1 +tries 1 +[0-9]+ ms$"));
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
        await AssertRefusesAsync(address);

        await rotato.SignalAsync("TERM");

        await request.PeerClosedAsync;
        Assert.That((await rotato.ExitAsync()).Errors, Is.Empty);
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

        int Sockets() => Directory.GetFiles($"/proc/{rotato.Id}/fd").Count(path => new FileInfo(path).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);
    }

    [Test]
    [Platform(Exclude = "Win")]
    public async Task EndsThoughNobodyReadsWhatItSays()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        using var rotato = Start([("ROTATO_KEYS", _secrets.New())], "--port", "0", "--upstream", upstream.Url);
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());
        // More than a pipe holds.
        for (var i = 0; i < 40; i++) Assert.That((await client.AskAsync(Get($"/{new string('a', 7000)}"))).Status, Is.EqualTo(200));

        await rotato.SignalAsync("TERM");
        Assert.That(await rotato.EndedAsync(), Is.Zero);
    }

    [Test]
    [Platform("Linux")]
    public async Task GoesOnWhereWhatItSaysCannotBeWritten()
    {
        IPEndPoint address;
        using var upstream = new ScriptedUpstream(_ => "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
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
        Assert.That(await rotato.StandardError.ReadLineAsync().WaitAsync(Hang.Limit), Does.Contain("key 1 rests for 600 s"));
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
        using var rotato = Start([("ROTATO_KEYS", _secrets.New()), ("ROTATO_TOKEN", token)], "--port", "0", "--upstream", upstream.Url);
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());

        Assert.That((await client.AskAsync(Get("/", $"Authorization: Bearer {token}\r\n"))).Status, Is.EqualTo(200));
        Assert.That((await client.AskAsync(Get())).ErrorCode, Is.EqualTo("unauthorized"));
    }

    private RunningExecutable Start(params string[] args) => Start([], args);

    private RunningExecutable Start((string Name, string Value)[] environment, params string[] args) => new(args, "", environment) { Secrets = _secrets };

    private string Keys(int count) => string.Join(" ,\n", Enumerable.Range(0, count).Select(_ => _secrets.New()));

    private static async Task AssertRefusesAsync(IPEndPoint address)
    {
        try
        {
            while (true) (await RawClient.ConnectAsync(address)).Dispose();
        }
        catch (SocketException e)
        {
            Assert.That(e.SocketErrorCode, Is.EqualTo(SocketError.ConnectionRefused).Or.EqualTo(SocketError.ConnectionReset));
        }
    }
}
