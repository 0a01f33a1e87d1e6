using System.Net;
using System.Net.Sockets;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>
/// Every message that a user or a client may get: what was given, what is said, and how it ends. Each says what is
/// wrong and what to do, and none repeats a value: CANARY stands for a secret in the wrong place.
/// </summary>
internal sealed class MessagesTests
{
    private const string Numbers = "takes a whole number from";
    private const string UrlForm =
        "must be https://HOST[:PORT][/PATH], or http to a host of this machine, with nothing behind the path";

    private const string NoKey = "no API key; give one as an argument, in a file with --keys FILE, or in ROTATO_KEYS";
    private const string NotInKeys = "holds a character that no key has, such as a bracket or a quote; give keys alone";
    private const string NoKeyAfterUrl = "has no key after it; put it before its keys, or use --upstream URL";
    private const string Token = "--token takes at least 8 visible ASCII characters";
    private const string Open = "--host lets other machines in; set --token SECRET, or leave --host out";
    private const string Address = "--host takes an IP address of this machine, or localhost";
    private const string Help = "See rotato --help";
    private const string Bad = "Rotato does not accept this request: ";

    /// <summary>Wrong usage: exit code 2.</summary>
    [TestCase("", NoKey)]
    [TestCase("--port CANARY k", $"--port {Numbers} 0 to 65535")]
    [TestCase("--rpm CANARY k", $"--rpm {Numbers} 1 to 1000000")]
    [TestCase("--concurrent CANARY k", $"--concurrent {Numbers} 1 to 1000000")]
    [TestCase("--wait CANARY k", $"--wait {Numbers} 0 to 86400")]
    [TestCase("--cache CANARY k", $"--cache {Numbers} 1 to 86400")]
    [TestCase("--max-body CANARY k", $"--max-body {Numbers} 1 to 512")]
    [TestCase("--strategy CANARY k", "--strategy takes one of these names: round-robin, sticky, headroom")]
    [TestCase("--upstream CANARY k", $"--upstream {UrlForm}")]
    [TestCase("--upstream http://example.com/CANARY k", $"--upstream {UrlForm}")]
    [TestCase("http://example.com/CANARY k", $"the URL in the arguments {UrlForm}")]
    [TestCase("--host CANARY k", Address)]
    [TestCase("--host 0.0.0.0 k", Open)]
    [TestCase("--token CAN k", Token)]
    [TestCase("k --port", "--port takes a value: --port N")]
    [TestCase("k --keys", "--keys takes a value: --keys FILE")]
    [TestCase("k --token=", "--token takes a value: --token SECRET")]
    [TestCase("--quiet=CANARY k", "--quiet takes no value")]
    [TestCase("--prot 80 k", $"--prot is no option of rotato. Did you mean --port? {Help}")]
    [TestCase("k --api-key x", $"--api-key is no option of rotato. {Help}")]
    [TestCase("k --CANARY", $"argument 2 is no option of rotato. {Help}")]
    [TestCase("-CANARY k", $"argument 1 is no option of rotato. {Help}")]
    [TestCase("k --Tokne=CANARY", $"argument 2 is no option of rotato. {Help}")]
    [TestCase("k [CANARY]", $"key 2 of the arguments {NotInKeys}")]
    [TestCase("https://api.openai.com/v1 sk-ant-CANARY",
        "key 1 of the arguments is a key of api.anthropic.com and would go to api.openai.com; "
        + "put the URL of its API before it")]
    [TestCase("k https://api.mistral.ai/v1", $"a URL in the arguments {NoKeyAfterUrl}")]
    public void WrongUsageIsTold(string args, string said)
    {
        string[] given = [.. args.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Given.WithCanary)];
        Assert.That(Given.Refused(given), Is.EqualTo(said));
    }

    [TestCase("k1\n\n[CANARY]", $"key 2 of --keys FILE, line 3 {NotInKeys}")]
    [TestCase("ftp://CANARY k", $"the URL in --keys FILE, line 1 {UrlForm}")]
    [TestCase("k https://api.mistral.ai/v1", $"a URL in --keys FILE {NoKeyAfterUrl}")]
    [TestCase("# CANARY", "no API key in the file of --keys; write one on each line")]
    public void AKeyFileThatIsWrongIsTold(string file, string said) =>
        Assert.That(Given.Refused(["--keys", "file"], file: Given.WithCanary(file)), Is.EqualTo(said));

    [TestCase("k,CANARY\"", null, $"key 2 of ROTATO_KEYS, line 1 {NotInKeys}")]
    [TestCase("k", "CANARY ", Token)]
    public void AnEnvironmentThatIsWrongIsTold(string keys, string? token, string said) => Assert.That(
        Given.Refused([], Given.WithCanary(keys), token is null ? null : Given.WithCanary(token)), Is.EqualTo(said));

    /// <summary>The program itself: one line on standard error, nothing else, and the exit code.</summary>
    [TestCase("", 2, NoKey)]
    [TestCase("--port CANARY k", 2, $"--port {Numbers} 0 to 65535")]
    [TestCase("--keys /does/not/exist/CANARY", 1, "cannot read the file of --keys: there is no such file")]
    [TestCase("--keys /", 1, "cannot read the file of --keys: it is a folder, or access is denied")]
    [TestCase("--port 0 --host 192.0.2.1 --token CANARY --keys -", 1,
        "cannot listen there (AddressNotAvailable); check --host and --port")]
    [TestCase("--port 0 --keys - HTTPS_PROXY=ftp://CANARY@proxy.example", 2,
        "HTTPS_PROXY names a proxy of a kind that is not supported; use one of http, https, socks4, socks4a, socks5")]
    [TestCase("--port 0 --keys - all_proxy=CANARY://proxy.example", 2,
        "all_proxy names a proxy of a kind that is not supported; use one of http, https, socks4, socks4a, socks5")]
    public async Task TheProgramSaysItAndEnds(string given, int code, string said)
    {
        var secrets = new Secrets();
        var words = given.Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.Contains("CANARY", StringComparison.Ordinal)
                ? word.Replace("CANARY", secrets.New(), StringComparison.Ordinal) : word).ToArray();
        var environment = words.Where(word => word.Contains("PROXY=", StringComparison.OrdinalIgnoreCase))
            .Select(word => (word.Split('=', 2)[0], word.Split('=', 2)[1])).ToArray();
        var args = words.Where(word => !word.Contains("PROXY=", StringComparison.OrdinalIgnoreCase));
        using var rotato = new RunningExecutable(args, "a-key", environment) { Secrets = secrets };

        var ended = await rotato.ExitAsync();

        Assert.That((ended.Code, ended.Output.Length), Is.EqualTo((code, 0)));
        Assert.That(ended.Errors, Is.EqualTo([$"rotato: {said}"]));
    }

    [Test]
    public async Task APortThatIsInUseIsNamed()
    {
        using var owner = new TcpListener(IPAddress.Loopback, 0);
        owner.Start();
        var port = ((IPEndPoint)owner.LocalEndpoint).Port;
        using var rotato = new RunningExecutable(["--port", $"{port}", "--keys", "-"], "a-key");

        var ended = await rotato.ExitAsync();

        Assert.That((ended.Code, ended.Output.Length), Is.EqualTo((1, 0)));
        Assert.That(ended.Errors, Is.EqualTo([
            $"rotato: port {port} is in use by another program; stop that, or choose one with --port"]));
    }

    [Test]
    public async Task MoreThanAMebibyteIsNoListOfKeys()
    {
        using var rotato = new RunningExecutable(["--port", "0", "--keys", "-"], new string('k', (1 << 20) + 1));
        var ended = await rotato.ExitAsync();
        Assert.That((ended.Code, string.Join('\n', ended.Errors)),
            Is.EqualTo((2, "rotato: --keys takes at most 1 MiB of keys")));
    }

    /// <summary>What it says once it listens, word for word.</summary>
    [Test]
    public async Task TheFirstLinesSayWhereToGo()
    {
        var secrets = new Secrets();
        var keys = $"{secrets.New("sk-proj-")} {secrets.New("sk-ant-")} {secrets.New("sk-proj-")} "
            + $"https://api.groq.com/openai/v1 {secrets.New("gsk_")}";
        using var rotato = new RunningExecutable(["--port", "0", "--keys", "-"], keys) { Secrets = secrets };

        var (output, errors) = await SaidAtStartAsync(rotato);

        var port = output[0].Split("localhost:")[1];
        Assert.That(output, Is.EqualTo([
            $"rotato {Build.Version} listening on http://localhost:{port}",
            $"  api.openai.com      2 keys   base URL http://localhost:{port}/v1",
            $"  api.anthropic.com   1 key    base URL http://localhost:{port}",
            $"  api.groq.com        1 key    base URL http://localhost:{port}/api.groq.com/openai/v1",
            $"status page http://localhost:{port}/_rotato"]));
        Assert.That(errors, Is.Empty);
    }

    [TestCase("KEY1", "", "others may see keys on a command line; give them with --keys FILE or in ROTATO_KEYS")]
    [TestCase("--keys -", "KEY1 KEY1", "a key that is there twice counts once")]
    [TestCase("--keys - --allow-host llm.example", "KEY1",
        "--allow-host without --token: whoever reaches the proxy in front can use your keys")]
    [TestCase("--keys - --allow-host llm.example --token 12345678", "KEY1", "")]
    [TestCase("--keys -", "KEY1 DB_PASSWORD=KEY2", "DB_PASSWORD is not the name of a key, and its value is not used")]
    [TestCase("--keys -", "KEY1 KEY2", "")]
    public async Task TheProgramWarnsOf(string args, string input, string said)
    {
        var secrets = new Secrets();
        var (first, second) = (secrets.New(), secrets.New());
        string[] given = ["--port", "0", .. args.Split(' ').Select(Filled)];
        using var rotato = new RunningExecutable(given, Filled(input)) { Secrets = secrets };

        var (_, errors) = await SaidAtStartAsync(rotato);

        var warnings = string.Join('\n', errors.Select(line => line[9..]));
        Assert.That(warnings, Is.EqualTo(said == "" ? "" : $"rotato: {said}"));
        Assert.That(errors, Is.All.Match("^[0-9]{2}:[0-9]{2}:[0-9]{2} "));

        string Filled(string text) => text.Replace("KEY1", first, StringComparison.Ordinal)
            .Replace("KEY2", second, StringComparison.Ordinal);
    }

    /// <summary>So that nobody wonders where requests went; its password is nobody's business.</summary>
    [TestCase("HTTPS_PROXY=http://user:SECRET@p.example:3128", "  through the proxy p.example:3128")]
    [TestCase("all_proxy=socks5h://p.example:1080", "  through the proxy p.example:1080")]
    [TestCase("HTTPS_PROXY=http://p.example:3128 NO_PROXY=*", null)]
    [TestCase("https_proxy=http://p.example:3128 no_proxy=*", null)]
    [TestCase("", null)]
    public async Task TheProxyIsSaid(string environment, string? said)
    {
        var secrets = new Secrets();
        (string, string)[] variables = [.. environment.Replace("SECRET", secrets.New(), StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(word => (word.Split('=', 2)[0], word.Split('=', 2)[1]))];
        string[] args = ["--port", "0", "--keys", "-"];
        using var rotato = new RunningExecutable(args, secrets.New(), variables) { Secrets = secrets };

        var (output, errors) = await SaidAtStartAsync(rotato);

        Assert.That(output.SingleOrDefault(line => line.Contains("proxy", StringComparison.Ordinal)), Is.EqualTo(said));
        Assert.That(errors, Is.Empty);
    }

    [TestCase("KEY1 KEY2", "the file of --keys has changed and is read again; keys in use: 2")]
    [TestCase("KEY2", "the file of --keys has changed and is read again; keys in use: 1")]
    [TestCase("[KEY2]", $"the file of --keys has changed and is not used, the keys from before are: key 1 of --keys FILE, line 1 {NotInKeys}")]
    public async Task AChangedKeyFileIsSaid(string text, string said)
    {
        var path = Path.GetTempFileName();
        using var upstream = new ScriptedUpstream();
        var rotato = new RunningRotato(
            upstream, $"--keys {path}", keys: 2, prepare: keys => File.WriteAllText(path, keys[0]));
        await rotato.Clock.TimerAsync(1);
        await File.WriteAllTextAsync(path, text.Replace("KEY1", rotato.Keys[0], StringComparison.Ordinal)
            .Replace("KEY2", rotato.Keys[1], StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        rotato.Clock.Advance(1);
        await rotato.Clock.TimerAsync(1);
        await rotato.DisposeAsync();
        File.Delete(path);
        AssertWarned(rotato, said);
    }

    // The lines up to the one that names the status page; then it is told to end.
    private static async Task<(string[] Output, string[] Errors)> SaidAtStartAsync(RunningExecutable rotato)
    {
        var lines = new List<string>();
        while (lines.Count == 0 || !lines[^1].StartsWith("status page", StringComparison.Ordinal))
        {
            if (await rotato.LineAsync() is not { } line) break;
            lines.Add(line);
        }

        await rotato.SignalAsync("TERM");
        var ended = await rotato.ExitAsync();
        Assert.That(ended.Code, Is.Zero);
        return ([.. lines], ended.Errors);
    }

    /// <summary>What a client is told that has sent a request which Rotato answers itself.</summary>
    [TestCase("GET /CANARY|Host: localhost", 400, "bad_request",
        Bad + "its first line is not a method, a path and a version.")]
    [TestCase("GET /CANARY HTTP/9|Host: localhost", 400, "bad_request",
        Bad + "its first line does not end with HTTP/1.1.")]
    [TestCase("GET /CANARY HTTP/2.0|Host: localhost", 505, "http_version_not_supported", "This port speaks HTTP/1.1.")]
    [TestCase("get /CANARY HTTP/1.1|Host: localhost", 400, "bad_request", Bad + "its method.")]
    [TestCase("TRACE /CANARY HTTP/1.1|Host: localhost", 400, "bad_request", Bad + "its method.")]
    [TestCase("CONNECT CANARY:443 HTTP/1.1|Host: localhost", 400, "bad_request",
        "This port is no proxy; give it to clients as a base URL.")]
    [TestCase("GET CANARY HTTP/1.1|Host: localhost", 400, "bad_request", Bad + "its path does not begin with a slash.")]
    [TestCase("GET /CANARY# HTTP/1.1|Host: localhost", 400, "bad_request",
        Bad + "its path holds a character that no path has.")]
    [TestCase("GET /CANARY HTTP/1.1", 400, "bad_request", Bad + "there is no Host field.")]
    [TestCase("GET / HTTP/1.1|Host: CANARY/", 400, "bad_request", Bad + "its Host field is malformed.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|CANARY", 400, "bad_request", Bad + "a header field has no name.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|CANARY : x", 400, "bad_request",
        Bad + "there is a blank before the colon of a header field.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|CAN[ARY: x", 400, "bad_request",
        Bad + "the name of a header field is not a token.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|X: CANARY\u0001", 400, "bad_request",
        Bad + "a line holds a control character; this port speaks plain HTTP/1.1.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|Content-Length: CANARY", 400, "bad_request",
        Bad + "its Content-Length is not a number.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|Content-Length: 1|Transfer-Encoding: CANARY", 400, "bad_request",
        Bad + "it has both a Content-Length and a Transfer-Encoding.")]
    [TestCase("GET / HTTP/1.0|Host: localhost|Transfer-Encoding: CANARY", 400, "bad_request",
        Bad + "HTTP/1.0 has no Transfer-Encoding.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|Transfer-Encoding: chunked, CANARY", 400, "bad_request",
        Bad + "chunked is not the last transfer coding.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|Transfer-Encoding: CANARY", 501, "not_implemented",
        "The only transfer coding that Rotato takes is chunked.")]
    [TestCase("POST / HTTP/1.1|Host: localhost|Transfer-Encoding: chunked||CANARY", 400, "bad_request",
        Bad + "the size of a chunk is not a number.")]
    [TestCase("POST / HTTP/1.1|Host: localhost|Transfer-Encoding: chunked||1;=CANARY", 400, "bad_request",
        Bad + "a chunk extension is malformed.")]
    [TestCase("POST / HTTP/1.1|Host: localhost|Transfer-Encoding: chunked||1|CANARY", 400, "bad_request",
        Bad + "a chunk is longer than its size says.")]
    [TestCase("POST / HTTP/1.1|Host: localhost|Content-Length: 1048577", 413, "payload_too_large",
        "The body is larger than --max-body allows; send less or raise it.")]
    [TestCase("POST / HTTP/1.1|Host: localhost|Content-Length: 9999999999999999", 413, "payload_too_large",
        "The body is larger than --max-body allows; send less or raise it.")]
    [TestCase("GET /LONG HTTP/1.1|Host: localhost", 414, "uri_too_long",
        "The head of the request is too long: 8 KiB at most for its first line and 32 KiB for its fields.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|X: LONGLONGLONGLONG", 431, "headers_too_large",
        "The head of the request is too long: 8 KiB at most for its first line and 32 KiB for its fields.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|MANY", 431, "headers_too_large",
        "There are more than 100 header fields.")]
    [TestCase("GET / HTTP/1.1|Host: CANARY.example", 403, "forbidden",
        "This Host is not served; use localhost, or start Rotato with --allow-host NAME.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|Origin: https://CANARY.example", 403, "forbidden",
        "This web page is not served; start Rotato with --allow-origin ORIGIN to let it in.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|x-rotato-key: CANARY", 400, "bad_request",
        Bad + "x-rotato-key is not the number of a key.")]
    [TestCase("GET / HTTP/1.1|Host: localhost|x-rotato-key: 3", 400, "bad_request",
        Bad + "x-rotato-key is not the number of a key.")]
    [TestCase("GET /_rotato/CANARY HTTP/1.1|Host: localhost", 400, "bad_request", Bad
        + "Rotato serves GET /_rotato, /_rotato/status and /_rotato/metrics, and nothing else below /_rotato.")]
    public async Task ARequestThatIsNotSentIsTold(string request, int status, string code, string said)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, "--max-body 1", keys: 2);
        await AssertToldAsync(rotato, request, status, code, said);
        Assert.That(upstream.Requests, Is.Empty);
    }

    [Test]
    public async Task AMissingTokenIsTold()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = new RunningRotato(upstream, "--token some-token");
        await AssertToldAsync(rotato, "GET / HTTP/1.1|Host: localhost|Authorization: Bearer CANARY",
            401, "unauthorized", "Send the token that Rotato was started with (--token) as the API key.");
    }

    [TestCase("429 X", "retry-after: 20\r\n", "", 429, "all_keys_resting",
        "All keys rest; come back in 20 s. key 1 rests 20 s (rate limit); key 2 rests 20 s (rate limit). "
        + "GET /_rotato shows more.")]
    [TestCase("401 X", "", """{"error":{"code":"invalid_api_key","message":"CANARY"}}""", 401, "keys_unusable",
        "No key can be used until its owner has put it right. key 1: the API refuses this key; replace or remove it; "
        + "key 2: the API refuses this key; replace or remove it.")]
    [TestCase("402 X", "", """{"error":{"message":"CANARY"}}""", 402, "keys_unusable",
        "No key can be used until its owner has put it right. "
        + "key 1: money, credits or plan used up; see the billing page of the API; "
        + "key 2: money, credits or plan used up; see the billing page of the API.")]
    public async Task KeysThatCannotServeAreTold(
        string answer, string fields, string body, int status, string code, string said)
    {
        using var upstream = new ScriptedUpstream(_ => Answer(answer, body, fields));
        await using var rotato = new RunningRotato(upstream, "--wait 0", keys: 2);
        await rotato.GetAsync("/v1/models");
        await AssertToldAsync(rotato, "GET /v1/models HTTP/1.1|Host: localhost", status, code, said);
    }

    [Test]
    public async Task AnUpstreamThatRefusesTheConnectionIsTold()
    {
        using var upstream = new ScriptedUpstream(isListening: false);
        var rotato = new RunningRotato(upstream);
        var said = $"{upstream.Url[7..]} refused the connection; check the URL, and whether a proxy is needed.";
        const string Request = "GET / HTTP/1.1|Host: localhost|X: CANARY";
        var told = AssertToldAsync(rotato, Request, 502, "upstream_unreachable", said);
        await rotato.Clock.TimerAsync(0.25);
        rotato.Clock.Advance(0.25);
        await told;
        await rotato.DisposeAsync();
        AssertWarned(rotato, $"upstream {said}");
    }

    [TestCase("", "broke off before it answered; the request was not sent again, for it may have been worked on.")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: CANARY\r\n\r\n",
        "gave an answer that is no sound HTTP; check the URL.")]
    [TestCase("CANARY\r\n\r\n", "gave an answer that is no sound HTTP; check the URL.")]
    public async Task AnUpstreamThatGivesNoAnswerIsTold(string answer, string said)
    {
        using var upstream = new ScriptedUpstream();
        var rotato = new RunningRotato(upstream);
        said = $"{upstream.Url[7..]} {said}";
        var told = AssertToldAsync(rotato, "POST / HTTP/1.1|Host: localhost", 502, "upstream_unreachable", said);
        await (await upstream.NextAsync()).SendAndCloseAsync(answer);
        await told;
        await rotato.DisposeAsync();
        AssertWarned(rotato, $"upstream {said}");
    }

    [TestCase("GET / HTTP/1.1|Host: localhost", 1800, 504, "upstream_timeout",
        "No byte of an answer came within 1800 seconds; try again.")]
    [TestCase("GET /CANARY HTTP/1.1|Host: localhost|X: HALF", 30, 408, "request_timeout",
        "No end of the head came within 30 seconds; try again.")]
    [TestCase("POST / HTTP/1.1|Host: localhost|Content-Length: 9|X: CANARY||HALF", 60, 408, "request_timeout",
        "No more of the body came within 60 seconds; try again.")]
    public async Task WhatDoesNotComeInTimeIsTold(string request, double seconds, int status, string code, string said)
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = new RunningRotato(upstream);
        var told = AssertToldAsync(rotato, request, status, code, said);
        await rotato.Clock.TimerAsync(seconds);
        if (status == 504) await upstream.NextAsync();
        rotato.Clock.Advance(seconds);
        await told;
    }

    // Once. A connection that is just coming to its end may be said to be finished.
    private static void AssertWarned(RunningRotato rotato, string said) => Assert.That(
        rotato.Errors.Where(line => !line.Contains(" finishing ", StringComparison.Ordinal)).Select(line => line[9..]),
        Is.EqualTo([$"rotato: {said}"]));

    // Lines are separated by "|"; LONG, MANY and HALF stand for what they say.
    private static async Task AssertToldAsync(
        RunningRotato rotato, string request, int status, string code, string said)
    {
        rotato.Secrets.Add(Given.Canary);
        var isHalf = request.EndsWith("HALF", StringComparison.Ordinal);
        var text = Given.WithCanary(request).Replace("LONG", new('x', 8192), StringComparison.Ordinal)
            .Replace("MANY", string.Join('|', Enumerable.Repeat("a: b", 100)), StringComparison.Ordinal)
            .Replace("|", "\r\n", StringComparison.Ordinal);
        var response = await rotato.AskAsync(isHalf ? text[..^4] : $"{text}\r\n\r\n");
        using var json = System.Text.Json.JsonDocument.Parse(response.Body);
        var message = json.RootElement.GetProperty("error").GetProperty("message").GetString();
        Assert.That((response.Status, response.ErrorCode, message), Is.EqualTo((status, code, said)));
    }
}
