using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rotato.Tests.Infra;

/// <summary>
/// The product, started in this process on a free port with canaries for keys. All that it says, to clients and in its log, is captured, and
/// when it is disposed of no part of a key or token may be found in any of it, nor at the upstream outside the one field for the key.
/// </summary>
internal sealed class RunningRotato : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<RawClient> _clients = [];
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly ScriptedUpstream? _upstream;
    private readonly Log _log;

    /// <param name="upstream">Where requests go, unless the arguments name another.</param>
    /// <param name="args">Further arguments, separated by blanks.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="prefix">What each key begins with.</param>
    /// <param name="prepare">
    /// Gets the keys before it starts, and writes them where the arguments say; else they are in the environment.
    /// </param>
    public RunningRotato(ScriptedUpstream? upstream, string args = "", int keys = 1, string prefix = "", Action<string[]>? prepare = null)
    {
        _upstream = upstream;
        Keys = [.. Enumerable.Range(0, keys).Select(_ => Secrets.New(prefix))];
        var given = args.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Array.IndexOf(given, "--token") is >= 0 and var at) Secrets.Add(given[at + 1]);
        string[] all = upstream is null ? ["--port", "0", .. given] : ["--port", "0", "--upstream", upstream.Url, .. given];
        var target = new LogTarget(text => Append(text, _output), false, text => Append(text, _errors), false);
        _log = new Log(target, TimeProvider.System, given.Contains("--quiet"));
        _log.Start();
        prepare?.Invoke(Keys);
        var ofEnvironment = prepare is null ? string.Join(' ', Keys) : null;
        var settings = new Settings(all, name => name == "ROTATO_KEYS" ? ofEnvironment : null, KeyFile.Read);
        var server = Start(() => new Server(settings, new Services(settings, Clock, _log)));
        EndPoint = server.EndPoint!;
        Running = server.RunAsync(_stop.Token);
    }

    public FakeClock Clock { get; } = new();
    public Secrets Secrets { get; } = new();
    public string[] Keys { get; }
    public IPEndPoint EndPoint { get; }

    /// <summary>Ends when it has served the last request after <see cref="Stop"/>.</summary>
    public Task Running { get; }

    /// <summary>Lines on standard output; complete when it is disposed of.</summary>
    public string[] Output => Lines(_output);

    /// <summary>Lines on standard error; complete when it is disposed of.</summary>
    public string[] Errors => Lines(_errors);

    /// <param name="room">How much may come to the client unread, about.</param>
    public async Task<RawClient> ConnectAsync(int? room = null)
    {
        var client = await RawClient.ConnectAsync(EndPoint, room);
        lock (_clients) _clients.Add(client);
        return client;
    }

    /// <summary>Sends one request on a connection of its own and reads the answer.</summary>
    public async Task<RawResponse> AskAsync(string request) => await (await ConnectAsync()).AskAsync(request);

    /// <summary>A GET as a client without any key sends it; further fields as lines that end with CR LF.</summary>
    public Task<RawResponse> GetAsync(string target, string fields = "") => AskAsync(Get(target, fields));

    public static string Get(string target = "/", string fields = "") => $"GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n";

    public static string Post(string body, string target = "/", string fields = "") =>
        $"POST {target} HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>What the first signal does.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Lets the clients go, waits until everything has ended because of that, and looks for secrets.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_clients) _clients.ForEach(client => client.Dispose());
        await _stop.CancelAsync();
        // The drain looks again and again by the clock. Whether it ends before its time is over is what matters.
        var end = Clock.Elapsed + TimeSpan.FromSeconds(29);
        while (!Running.IsCompleted && Clock.Elapsed < end)
        {
            Clock.Advance(0.02);
            await Task.WhenAny(Running, Task.Delay(2));
        }

        Assert.That(Running.IsCompleted, "A connection goes on though its client has gone.");
        await Running;
        await _log.DisposeAsync();
        Secrets.AssertNoneIn("standard output", string.Join('\n', Output));
        Secrets.AssertNoneIn("standard error", string.Join('\n', Errors));
        _clients.ForEach(client => Secrets.AssertNoneIn("what a client got", client.Received));
        foreach (var request in _upstream?.Requests ?? []) AssertOneKey(request);
        _stop.Dispose();
    }

    // Exactly one key, in one field, and nowhere else; the token nowhere at all.
    private void AssertOneKey(UpstreamRequest request)
    {
        var used = Keys.Where(key => request.Head.Contains(key, StringComparison.Ordinal)).ToArray();
        Assert.That(used, Has.Length.EqualTo(1), "one key to a request");
        var at = request.Head.IndexOf(used[0], StringComparison.Ordinal);
        var line = request.Head[(request.Head.LastIndexOf('\n', at) + 1)..at];
        Assert.That(line, Does.Match("^(Authorization: Bearer |x-api-key: |x-goog-api-key: |api-key: |Sec-WebSocket-Protocol: .*openai-insecure-api-key\\.)$"));
        Secrets.AssertNoneIn("another place of a request", request.Head.Remove(at, used[0].Length));
        Secrets.AssertNoneIn("the body of a request", request.Body);
    }

    // The free port that the system picks for IPv4 may be taken for IPv6.
    private static Server Start(Func<Server> create)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var server = create();
                server.Listen();
                return server;
            }
            catch (SocketException) when (attempt < 5) { }
        }
    }

    private static void Append(string text, StringBuilder all)
    {
        lock (all) all.Append(text);
    }

    private static string[] Lines(StringBuilder text)
    {
        lock (text) return text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
