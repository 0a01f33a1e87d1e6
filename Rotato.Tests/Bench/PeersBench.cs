using System.Diagnostics;
using System.Net;
using System.Text;

namespace Rotato.Tests.Bench;

/// <summary>
/// Rotato beside nginx and HAProxy, where they are installed, at the same work: processor time of the proxy itself, its latency and memory. Set
/// ROTATO_EXE to a published executable; what was built with the tests is slower. Ratios of one run count, single figures do not.
/// <c>dotnet test -c Release --filter FullyQualifiedName~PeersBench --logger "console;verbosity=detailed"</c>
/// </summary>
[Explicit("Measures for minutes.")]
[NonParallelizable]
internal sealed class PeersBench
{
    private const int Rounds = 3;

    private static readonly byte[] Request = Message("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer any\r\n"
        + "Content-Type: application/json\r\nAccept: */*\r\nUser-Agent: bench\r\n", 900);

    private static readonly byte[] Answer = Message("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n", 700);

    [OneTimeSetUp]
    public static void Conditions() => TestContext.Out.WriteLine(
        $"{Environment.ProcessorCount} processors, {Environment.OSVersion}, .NET {Environment.Version}; {Proxy.Versions()}");

    /// <summary>A 900-byte POST answered by 700 bytes, again and again.</summary>
    [Test]
    public async Task Requests([Values(64, 1)] int connections)
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync(Answer);
        });
        await CompareAsync((IPEndPoint)upstream.LocalEndPoint!, $"requests on {connections} connections", "us of CPU a request", async proxy =>
        {
            var (count, latencies) = await LoadAsync(proxy, connections, TimeSpan.FromSeconds(1));
            var before = proxy.CpuTime;
            (count, latencies) = await LoadAsync(proxy, connections, TimeSpan.FromSeconds(4));
            return ((proxy.CpuTime - before).TotalMicroseconds / count, $"{count / 4,7}/s", Median(latencies));
        });
    }

    /// <summary>Event streams, each with 20 events a second.</summary>
    [Test]
    public async Task Streams([Values(1000)] int streams)
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
            while (true)
            {
                var text = $"data: {Stopwatch.GetTimestamp()}\n\n";
                await peer.SendAsync(Encoding.ASCII.GetBytes($"{text.Length:x}\r\n{text}\r\n"));
                await Task.Delay(50);
            }
        });
        await CompareAsync((IPEndPoint)upstream.LocalEndPoint!, $"{streams} streams of 20 events a second", "us of CPU an event", async proxy =>
        {
            var resident = proxy.Resident;
            var clients = await Task.WhenAll(Enumerable.Range(0, streams).Select(async _ =>
            {
                var client = await Peer.ConnectAsync(proxy.EndPoint);
                await client.SendAsync(Request);
                await client.HeadAsync();
                return client;
            }));
            var (before, end, events) = (proxy.CpuTime, Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency), 0L);
            var latencies = await Task.WhenAll(clients.Select(async client =>
            {
                var mine = new List<double>();
                for (; Stopwatch.GetTimestamp() < end; Interlocked.Increment(ref events))
                    mine.Add(Stopwatch.GetElapsedTime(await client.EventAsync()).TotalMicroseconds);
                return mine;
            }));
            var each = (proxy.CpuTime - before).TotalMicroseconds / events;
            var memory = (proxy.Resident - resident) * 1024 / streams;
            Array.ForEach(clients, client => client.Dispose());
            return (each, $"{events / 5,7}/s {memory,5:0} KiB a stream", Median(latencies.SelectMany(mine => mine)));
        });
    }

    /// <summary>Bodies of 64 MiB (less what is no body) up, 700 bytes down.</summary>
    [Test]
    public async Task LargeBodies()
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync(Answer);
        });
        var large = Message("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n", 64_000_000);
        await CompareAsync((IPEndPoint)upstream.LocalEndPoint!, "bodies of 64 MB", "us of CPU a body", async proxy =>
        {
            var latencies = new List<double>();
            var before = proxy.CpuTime;
            for (var i = 0; i < 10; i++)
            {
                using var client = await Peer.ConnectAsync(proxy.EndPoint);
                var began = Stopwatch.GetTimestamp();
                await client.SendAsync(large);
                await client.MessageAsync();
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            return ((proxy.CpuTime - before).TotalMicroseconds / 10, "", Median(latencies));
        });
    }

    // Interleaved rounds, then the medians and what Rotato's is of each peer's.
    private static async Task CompareAsync(
        IPEndPoint upstream, string title, string unit, Func<Proxy, Task<(double Cpu, string More, double Latency)>> measureAsync)
    {
        await TestContext.Out.WriteLineAsync($"\n{title}");
        var figures = new Dictionary<string, List<(double Cpu, double Latency)>>();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var create in Proxy.All(upstream))
            {
                using var proxy = create();
                var idle = proxy.Resident;
                var (cpu, more, latency) = await measureAsync(proxy);
                await TestContext.Out.WriteLineAsync(
                    $"{proxy.Name,-8} {cpu,9:0.0} {unit}, median {latency,8:0} us, {idle,4:0} -> {proxy.Resident,4:0} MiB, started in {proxy.StartTime.TotalMilliseconds,3:0} ms {more}");
                if (!figures.ContainsKey(proxy.Name)) figures[proxy.Name] = [];
                figures[proxy.Name].Add((cpu, latency));
            }
        }

        foreach (var (name, rounds) in figures.Where(pair => pair.Key != "Rotato"))
        {
            var own = figures["Rotato"];
            await TestContext.Out.WriteLineAsync($"Rotato / {name}: CPU {Median(own.Select(f => f.Cpu)) / Median(rounds.Select(f => f.Cpu)):0.00}, "
                + $"latency {Median(own.Select(f => f.Latency)) / Median(rounds.Select(f => f.Latency)):0.00}");
        }
    }

    private static async Task<(long Count, List<double> Latencies)> LoadAsync(Proxy proxy, int connections, TimeSpan time)
    {
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        var all = await Task.WhenAll(Enumerable.Range(0, connections).Select(async _ =>
        {
            var latencies = new List<double>();
            using var client = await Peer.ConnectAsync(proxy.EndPoint);
            for (long began; (began = Stopwatch.GetTimestamp()) < end;)
            {
                await client.SendAsync(Request);
                await client.MessageAsync();
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            return latencies;
        }));
        return (all.Sum(each => (long)each.Count), [.. all.SelectMany(each => each)]);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is { Length: > 0 } sorted ? sorted[sorted.Length / 2] : double.NaN;

    private static byte[] Message(string head, int length) =>
        [.. Encoding.ASCII.GetBytes($"{head}Content-Length: {length}\r\n\r\n"), .. Enumerable.Repeat((byte)'x', length)];
}
