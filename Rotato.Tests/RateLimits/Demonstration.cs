using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rotato.Tests.RateLimits;

/// <summary>
/// Not a test of correctness but the numbers of the design, measured end to end over loopback and in real time, printed as a table:
/// <c>dotnet test --filter "FullyQualifiedName~Demonstration" --logger "console;verbosity=detailed"</c>
/// </summary>
[Explicit("Runs for minutes in real time.")]
[NonParallelizable]
internal sealed class Demonstration
{
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(100);

    /// <summary>100 requests at once, 20 a minute and key. Without waiting: one key cannot do it, five can.</summary>
    [Test]
    public async Task HundredAtOnce()
    {
        Title("100 requests at once, limit 20 a minute and key");
        foreach (var keys in new[] { 1, 5, 10 })
        {
            var run = await Run.OfAsync(new(keys, 20, TimeSpan.FromMinutes(1), false, "seconds"), 100, 100, 30);
            Row(run, 0);
            Assert.That(run.Completed, Is.EqualTo(keys == 1 ? 20 : 100));
            if (keys > 1) Assert.That((run.RefusedToClient, run.Upstream.Refused), Is.EqualTo((0, 0)));
        }
    }

    /// <summary>Three times as much as five keys can take in one window of 4 s. The ideal is two windows and one answer: 8.1 s.</summary>
    [Test]
    public async Task ThreefoldOverload([Values("sustained", "burst")] string load, [Values("fixed window", "token bucket")] string kind)
    {
        Title($"300 requests, {load}, 5 keys, {kind} of 20 in 4 s and key, 100 ms");
        string[] hints = ["none", "openai", "anthropic", "gemini", "seconds", "ms", "date"];
        // One after the other: the first wave of a burst is to be at the upstream before its first refusal is back.
        var runs = new List<Run>();
        foreach (var hint in hints)
            runs.Add(await Run.OfAsync(new(5, 20, TimeSpan.FromSeconds(4), kind == "token bucket", hint), 300, load == "burst" ? 300 : 40, 60));
        runs.ForEach(run => Row(run, 8.1));
        Assert.That(runs.Select(run => run.Completed), Is.All.EqualTo(300));
    }

    private static void Title(string text) => TestContext.Out.WriteLine(
        $"\n{text}\n{"hint",-10} keys  completed  avg latency  429 client  429 upstream  beyond 1st wave  429/request  beyond/request   total    ideal x");

    private static void Row(Run run, double ideal) => TestContext.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{run.Upstream.Hint,-10} {run.Upstream.Keys,4}  {run.Completed,4} / {run.Requests,-3} {run.AverageLatency,9:0.000} s  {run.RefusedToClient,10}  {run.Upstream.Refused,12}  "
        + $"{run.Upstream.RefusedLater,15}  {(double)run.Upstream.Refused / run.Requests,11:0.000}  {(double)run.Upstream.RefusedLater / run.Requests,14:0.000} {run.Total,7:0.00} s  "
        + $"{(ideal > 0 ? run.Total / ideal : double.NaN),7:0.00}"));

    /// <summary>Clients, the real server, and an upstream.</summary>
    private sealed record Run(Upstream Upstream, int Requests, int Completed, int RefusedToClient, double AverageLatency, double Total)
    {
        public static async Task<Run> OfAsync(Upstream upstream, int requests, int workers, int wait)
        {
            using var _ = upstream;
            using var stop = new CancellationTokenSource();
            await using var log = new Log(new LogTarget(_ => { }, false, _ => { }, false), TimeProvider.System, isQuiet: true);
            string[] args = ["--port", "0", "--host", "127.0.0.1", "--upstream", upstream.Url, "--wait", $"{wait}"];
            var keys = string.Join(' ', Enumerable.Range(1, upstream.Keys).Select(key => $"demo-{key}"));
            var settings = new Settings(args, name => name == "ROTATO_KEYS" ? keys : null, _ => "");
            var server = new Server(settings, new Services(settings, TimeProvider.System, log));
            server.Listen();
            var running = server.RunAsync(stop.Token);
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new($"http://{server.EndPoint}"), Timeout = TimeSpan.FromMinutes(3) };
            var (left, completed, refused, waited, clock) = (requests, 0, 0, 0L, Stopwatch.StartNew());
            await Task.WhenAll(Enumerable.Range(0, workers).Select(_ => Task.Run(async () =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    var began = clock.ElapsedMilliseconds;
                    using var body = new StringContent("""{"model":"demo"}""", Encoding.UTF8, "application/json");
                    using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), body);
                    Interlocked.Add(ref waited, clock.ElapsedMilliseconds - began);
                    Interlocked.Increment(ref response.StatusCode == HttpStatusCode.OK ? ref completed : ref refused);
                }
            })));
            var total = clock.Elapsed.TotalSeconds;
            client.Dispose();
            await stop.CancelAsync();
            await running;
            return new(upstream, requests, completed, refused, waited / 1000.0 / requests, total);
        }
    }

    /// <summary>An API with a limit for each key, which says so in one of the ways that are in use.</summary>
    private sealed class Upstream : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly ConcurrentDictionary<string, Bucket> _buckets = new();
        private readonly Func<Bucket> _newBucket;
        private TimeSpan _firstRefusalWasBack = TimeSpan.MaxValue;
        private int _refused, _refusedLater;

        public Upstream(int keys, int limit, TimeSpan window, bool isTokens, string hint)
        {
            (Keys, Hint, _newBucket) = (keys, hint, () => new(limit, window, isTokens));
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(1000);
            Url = $"http://{_listener.LocalEndPoint}";
            _ = AcceptAsync();
        }

        public string Url { get; }
        public int Keys { get; }
        public string Hint { get; }
        public int Refused => _refused;
        public int RefusedLater => _refusedLater;

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            try
            {
                while (true) _ = ServeAsync(await _listener.AcceptAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
        }

        private async Task ServeAsync(Socket socket)
        {
            using var closing = socket;
            socket.NoDelay = true;
            var (text, buffer) = ("", new byte[4096]);
            try
            {
                while (true)
                {
                    // Every request of the demonstration has the same body, and no other brace.
                    while (!text.EndsWith('}'))
                    {
                        var count = await socket.ReceiveAsync(buffer);
                        if (count == 0) return;
                        text += Encoding.ASCII.GetString(buffer, 0, count);
                    }

                    var answer = Judge(text.Split("Bearer ")[1].Split('\r')[0], out var refused);
                    text = "";
                    await Task.Delay(Latency);
                    await socket.SendAsync(Encoding.ASCII.GetBytes(answer));
                    lock (_buckets)
                        if (refused && _firstRefusalWasBack == TimeSpan.MaxValue) _firstRefusalWasBack = Stopwatch.GetElapsedTime(0);
                }
            }
            catch (SocketException) { }
        }

        private string Judge(string key, out bool refused)
        {
            lock (_buckets)
            {
                var now = Stopwatch.GetElapsedTime(0);
                var (left, next, full) = _buckets.GetOrAdd(key, _ => _newBucket()).Take(now);
                refused = left < 0;
                if (refused) _refused++;
                if (refused && now > _firstRefusalWasBack) _refusedLater++;
                var (status, body) = refused ? ("429 Too Many Requests", """{"error":{}}""") : ("200 OK", """{"choices":[]}""");
                if (refused && Hint == "gemini") body = string.Create(CultureInfo.InvariantCulture, $$$"""{"error":{"details":[{"retryDelay":"{{{next.TotalSeconds:0.000000}}}s"}]}}""");
                // RFC 3339 and HTTP dates have whole seconds, which are up.
                var (utc, second) = (DateTimeOffset.UtcNow, TimeSpan.FromMilliseconds(999));
                var fields = (Hint, refused) switch
                {
                    ("openai", _) => string.Create(CultureInfo.InvariantCulture,
                        $"x-ratelimit-remaining-requests: {Math.Max(0, left)}\r\nx-ratelimit-reset-requests: {full.TotalSeconds:0.000}s\r\n"),
                    ("anthropic", _) => $"anthropic-ratelimit-requests-remaining: {Math.Max(0, left)}\r\n"
                        + $"anthropic-ratelimit-requests-reset: {utc + full + second:yyyy-MM-ddTHH:mm:ssZ}\r\n",
                    ("seconds", true) => $"Retry-After: {Math.Ceiling(next.TotalSeconds)}\r\n",
                    ("ms", true) => $"retry-after-ms: {Math.Ceiling(next.TotalMilliseconds)}\r\n",
                    ("date", true) => $"Retry-After: {utc + next + second:R}\r\n",
                    _ => "",
                };
                return $"HTTP/1.1 {status}\r\nDate: {utc:R}\r\nContent-Type: application/json\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";
            }
        }
    }

    /// <summary>A window that begins with its first request, or a bucket that is filled all the time.</summary>
    private sealed class Bucket(int limit, TimeSpan window, bool isTokens)
    {
        private double _tokens = limit;
        private TimeSpan _since;

        /// <summary>How many are left (less than none: refused), when one will be, and when all.</summary>
        public (int Left, TimeSpan Next, TimeSpan Full) Take(TimeSpan now)
        {
            if (isTokens) (_tokens, _since) = (Math.Min(limit, _tokens + ((now - _since) / window * limit)), now);
            else if (now >= _since + window) (_tokens, _since) = (limit, now);
            var taken = _tokens >= 1;
            if (taken) _tokens--;
            var (next, full) = isTokens ? (window / limit * (1 - _tokens), window / limit * (limit - _tokens)) : (_since + window - now, _since + window - now);
            return (taken ? (int)_tokens : -1, next, full);
        }
    }
}
