using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Rotato.Tests.Infra;

namespace Rotato.Tests.Bench;

/// <summary>
/// What Rotato survives, as a process of its own, and what that costs. What comes of a fault is asserted; how long it took and how much memory is
/// printed for the README. Set ROTATO_EXE to a published executable.
/// <c>dotnet test -c Release --filter FullyQualifiedName~FaultsBench --logger "console;verbosity=detailed"</c>
/// </summary>
[Explicit("Runs for minutes in real time.")]
[NonParallelizable]
internal sealed class FaultsBench
{
    private const string Post = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"model\":\"m\"}";

    private static readonly byte[] Ok = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    private static readonly byte[] Block = new byte[64 << 10];
    private static readonly byte[] Chunks = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"32\r\n{new string('x', 50)}\r\n", 1000)));

    [Test]
    public async Task TheUpstreamRefusesConnections()
    {
        using var proxy = Proxy.Rotato(Nobody());
        var took = await TogetherAsync(1000, 100, async _ =>
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            var answer = await client.AskAsync(Post);
            Assert.That(answer.ErrorCode, Is.EqualTo("upstream_unreachable"));
        });
        using var looker = await RawClient.ConnectAsync(proxy.EndPoint);
        var status = await looker.AskAsync(RunningRotato.Get("/_rotato/status"));
        Assert.That(status.Text, Does.Not.Contain("resting"), "no key is to blame");
        await SayAsync($"upstream refuses connections: 1,000 of 1,000 get 502, {Spread(took)}");
    }

    [Test]
    [Platform("Linux", Reason = "Elsewhere a full backlog refuses.")]
    public async Task TheUpstreamSwallowsConnections()
    {
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        using var first = await RawClient.ConnectAsync((IPEndPoint)full.LocalEndPoint!);
        using var proxy = Proxy.Rotato((IPEndPoint)full.LocalEndPoint!);
        var took = await TogetherAsync(10, 10, async _ =>
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            var answer = await client.AskAsync(Post);
            Assert.That(answer.ErrorCode, Is.EqualTo("upstream_timeout"));
        });
        await SayAsync($"upstream swallows connections: 10 of 10 get 504, {Spread(took)}");
    }

    [Test]
    public async Task TheUpstreamCutsItsAnswers()
    {
        var posts = 0;
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            var framing = Interlocked.Increment(ref posts) % 2 == 0 ? "Content-Length: 1000\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n100\r\n";
            await peer.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{framing}the beginning of an answer"));
            throw new EndOfStreamException();
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var took = await TogetherAsync(1000, 50, async _ =>
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            var answer = await client.AskAsync(Post);
            Assert.That(answer.IsComplete, Is.False);
            Assert.That(answer.Text, Is.EqualTo("the beginning of an answer"), "what has come is the client's");
        });
        Assert.That(posts, Is.EqualTo(1000), "each POST is sent once");
        await SayAsync($"upstream cuts its answers: 0 of 1,000 look complete, each POST arrived once, {Spread(took)}");
    }

    [Test]
    public async Task ClientsGoAway()
    {
        var gone = new ConcurrentQueue<long>();
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n"u8.ToArray());
            try
            {
                await peer.MessageAsync();
            }
            finally
            {
                gone.Enqueue(Stopwatch.GetTimestamp());
            }
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var took = new List<double>();
        while (took.Count < 200)
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            await client.SendAsync(Post);
            await client.SeeAsync("event");
            var left = Stopwatch.GetTimestamp();
            client.Dispose();
            long seen;
            while (!gone.TryDequeue(out seen)) await Task.Delay(1);
            took.Add(Stopwatch.GetElapsedTime(left, seen).TotalSeconds);
        }

        await SayAsync($"a client goes away in the middle of a stream: the upstream sees it after {Spread(took)}");
    }

    [Test]
    public async Task AThousandClientsSendAByteASecond()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var (others, slow) = (new ConcurrentQueue<double>(), 0);
        var done = new CancellationTokenSource();
        var asking = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                others.Enqueue(await AskAsync(proxy));
                await Task.Delay(5);
            }
        });
        var took = await TogetherAsync(1000, 1000, async _ =>
        {
            using var client = await ConnectAsync(proxy);
            var answer = client.ReceiveAsync(new byte[1000]);
            for (var i = 0; !answer.IsCompleted && i < Post.Length; i++)
            {
                await client.SendAsync(Encoding.ASCII.GetBytes(Post[i..(i + 1)]));
                await Task.WhenAny(answer, Task.Delay(1000));
            }

            if (await answer > 0) Interlocked.Increment(ref slow);
        });
        await done.CancelAsync();
        await asking;
        done.Dispose();
        Assert.That(slow, Is.EqualTo(1000), "each is told");
        await SayAsync($"1,000 clients send a byte a second: all get 408, {Spread(took)}; others meanwhile {Spread(others)}");
    }

    [Test]
    public async Task BodiesWithoutEnd()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        using var first = await RawClient.ConnectAsync(proxy.EndPoint);
        var began = Stopwatch.GetTimestamp();
        var answer = await first.AskAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\n");
        Assert.That(answer.ErrorCode, Is.EqualTo("payload_too_large"));
        var took = Stopwatch.GetElapsedTime(began);
        using var second = await ConnectAsync(proxy);
        var (before, most) = (proxy.Resident, 0.0);
        var refused = second.ReceiveAsync(new byte[1000]);
        await second.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
        var chunk = Encoding.ASCII.GetBytes($"10000\r\n{new string('x', 65536)}\r\n");
        while (!refused.IsCompleted)
        {
            await second.SendAsync(chunk);
            most = Math.Max(most, proxy.Resident);
        }

        Assert.That(await refused, Is.GreaterThan(0));
        await SayAsync($"a body said to be 10 GB: 413 after {1000 * took.TotalSeconds:0.0} ms; chunks without end: 413, "
            + $"{most - before:0} MiB of memory meanwhile");
    }

    [Test]
    public async Task ThousandsOfIdleConnections()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        for (var i = 0; i < 100; i++) await AskAsync(proxy);
        var (before, idle) = (proxy.Resident, new List<Socket>());
        while (idle.Count < 9900) idle.Add(await ConnectAsync(proxy));
        var took = new List<double>();
        while (took.Count < 1000) took.Add(await AskAsync(proxy));
        await SayAsync($"9,900 idle connections: {proxy.Resident - before:0} MiB; others meanwhile {Spread(took)}");
        idle.ForEach(socket => socket.Dispose());
    }

    [Test]
    [Platform("Linux", Reason = "Needs a shell that limits descriptors.")]
    public async Task DescriptorsRunOut()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!, descriptors: 64);
        var greedy = new List<Socket>();
        while (greedy.Count < 100) greedy.Add(await ConnectAsync(proxy));
        await Task.Delay(1000);
        var (cpu, began) = (proxy.CpuTime, Stopwatch.GetTimestamp());
        await Task.Delay(5000);
        var share = (proxy.CpuTime - cpu) / Stopwatch.GetElapsedTime(began);
        greedy.ForEach(socket => socket.Dispose());
        var again = await AskAsync(proxy);
        Assert.That(proxy.HasExited, Is.False);
        await SayAsync($"64 descriptors in all, 100 clients: {100 * share:0.0} % of a processor; serves {again:0.000} s after they have left");
    }

    [Test]
    public async Task ClientsReadSlowly()
    {
        using var upstream = Endless();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var before = proxy.Resident;
        var clients = new List<Socket>();
        for (var i = 0; i < 100; i++)
        {
            clients.Add(await ConnectAsync(proxy));
            await clients[i].SendAsync(Encoding.ASCII.GetBytes(Post));
        }

        for (var second = 0; second < 10; second++)
        {
            foreach (var client in clients) await client.ReceiveAsync(new byte[1024]);
            await Task.Delay(1000);
        }

        await SayAsync($"100 clients read 1 KB a second of a large answer: {1024 * (proxy.Resident - before) / 100:0} KiB a client");
        clients.ForEach(client => client.Dispose());
    }

    [Test]
    public async Task OneClientDownloadsAndAnotherUploadsWithoutEnd([Values] bool inSmallChunks)
    {
        using var upstream = Endless(inSmallChunks);
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        using var down = await ConnectAsync(proxy);
        await down.SendAsync(Encoding.ASCII.GetBytes(Post));
        var (room, bytes) = (new byte[256 << 10], 0L);
        var reading = Task.Run(async () =>
        {
            while (await down.ReceiveAsync(room) is > 0 and var count) bytes += count;
        });
        var end = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        var sending = Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() < end)
            {
                using var up = await ConnectAsync(proxy);
                try
                {
                    // It is refused, goes on, and is cut.
                    await up.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000000\r\n\r\n"u8.ToArray());
                    while (Stopwatch.GetTimestamp() < end) await up.SendAsync(Block);
                }
                catch (SocketException) { }
            }
        });
        var took = new List<double>();
        for (; Stopwatch.GetTimestamp() < end; await Task.Delay(20))
        {
            var began = Stopwatch.GetTimestamp();
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            Assert.That((await client.AskAsync(RunningRotato.Get("/_rotato/status"))).Status, Is.EqualTo(200));
            took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        await SayAsync($"a client downloads {bytes / 5 >> 20} MiB a second{(inSmallChunks ? " in small chunks" : "")}, another sends on behind its 413: others meanwhile {Spread(took)}");
        down.Dispose();
        await sending;
        await Task.WhenAny(reading, Task.Delay(1000));
    }

    /// <summary>Sockets complete on the thread that polls them, and others wait for it.</summary>
    [Test]
    public async Task TwoClientsSendTinyChunksWithoutAPause()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var end = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        var tiny = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("1\r\nx\r\n", 10_000)));
        var floods = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            using var client = await ConnectAsync(proxy);
            await client.SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
            while (Stopwatch.GetTimestamp() < end) await client.SendAsync(tiny);
        })).ToArray();
        var took = new List<double>();
        for (; Stopwatch.GetTimestamp() < end; await Task.Delay(5)) took.Add(await AskAsync(proxy));
        await Task.WhenAll(floods);
        await SayAsync($"two clients send chunks of a byte as fast as they can: others meanwhile {Spread(took)}");
    }

    /// <summary>Each is answered at once, and so is the next.</summary>
    [Test]
    public async Task AClientPipelinesRequestsThatNoKeyCanServe()
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var end = Stopwatch.GetTimestamp() + (5 * Stopwatch.Frequency);
        var many = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Post, 1000)));
        using var client = await ConnectAsync(proxy);
        var answers = 0L;
        var reading = Task.Run(async () =>
        {
            var room = new byte[256 << 10];
            while (Stopwatch.GetTimestamp() < end) answers += await client.ReceiveAsync(room);
        });
        var sending = Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() < end) await Task.WhenAny(client.SendAsync(many), reading);
        });
        var took = new List<double>();
        for (; Stopwatch.GetTimestamp() < end; await Task.Delay(5))
        {
            var began = Stopwatch.GetTimestamp();
            using var other = await RawClient.ConnectAsync(proxy.EndPoint);
            Assert.That((await other.AskAsync(RunningRotato.Get("/_rotato/status"))).Status, Is.EqualTo(200));
            took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        await reading;
        await sending;
        Assert.That(answers, Is.GreaterThan(1_000_000));
        await SayAsync($"a client pipelines requests that no key can serve: others meanwhile {Spread(took)}");
    }

    [Test]
    public async Task BodiesThatStopOnTheWayKeepNobodyOut()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var held = new List<Socket>();
        while (held.Count < 1100)
        {
            held.Add(await ConnectAsync(proxy));
            await held[^1].SendAsync("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108864\r\n\r\n"u8.ToArray());
            await held[^1].SendAsync(Block.AsMemory(..(32 << 10)));
        }

        var took = new List<double>();
        while (took.Count < 100) took.Add(await AskAsync(proxy));
        await SayAsync($"1,100 clients send 32 KiB of a large body and stop: {proxy.Resident:0} MiB in all; others meanwhile {Spread(took)}");
        held.ForEach(socket => socket.Dispose());
    }

    [Test]
    public async Task ThreeThousandKeysAreAllLimited()
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!, keys: 3000);
        var (cpu, began) = (proxy.CpuTime, Stopwatch.GetTimestamp());
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        Assert.That((await client.AskAsync(Post)).Status, Is.EqualTo(429));
        await SayAsync(string.Create(CultureInfo.InvariantCulture, $"3,000 keys, all limited: one request gets its 429 after "
            + $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s and {(proxy.CpuTime - cpu).TotalSeconds:0.0} s of processor time"));
    }

    [Test]
    public async Task AClientNamesTheModelBehind60MegabytesOfMessages()
    {
        using var upstream = Echo();
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var body = Encoding.ASCII.GetBytes($"{{\"messages\":\"{new string('x', 60 << 20)}\",\"model\":\"m\"}}");
        var sending = Task.Run(async () =>
        {
            using var client = await ConnectAsync(proxy);
            var head = $"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n";
            for (var i = 0; i < 4; i++)
            {
                await client.SendAsync(Encoding.ASCII.GetBytes(head));
                await client.SendAsync(body);
                Assert.That(await client.ReceiveAsync(new byte[1000]), Is.GreaterThan(0));
            }
        });
        var (took, most) = (new List<double>(), 0.0);
        for (; !sending.IsCompleted; await Task.Delay(2))
        {
            took.Add(await AskAsync(proxy));
            most = Math.Max(most, proxy.Resident);
        }

        await sending;
        await SayAsync($"four JSON bodies of 60 MiB with the model last, one after the other: at most {most:0} MiB in all; others meanwhile {Spread(took)}");
    }

    [Test]
    public async Task TheBodyOfARefusalNeverComes()
    {
        var refusals = 0;
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            if (Interlocked.Increment(ref refusals) > 1) await peer.SendAsync(Ok);
            else await peer.SendAsync("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 100\r\n\r\n"u8.ToArray());
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var took = await AskAsync(proxy);
        await SayAsync(string.Create(CultureInfo.InvariantCulture, $"the body of a 429 never comes: the other key serves after {took:0.0} s"));
    }

    /// <summary>In its bytes another request's answer would lie.</summary>
    [Test]
    public async Task TheUpstreamSendsMoreThanItsAnswer()
    {
        var large = $"HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n{new string('y', 8000)}";
        var surplus = Encoding.ASCII.GetBytes($"{large}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            var isSound = peer.FirstLine.StartsWith("POST /v1/chat", StringComparison.Ordinal);
            await peer.SendAsync(isSound ? Ok : surplus);
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var (poisoned, failed) = (0, 0);
        await TogetherAsync(1000, 16, async _ =>
        {
            using var client = await RawClient.ConnectAsync(proxy.EndPoint);
            await client.AskAsync(Post.Replace("/v1/chat", "/v1/other", StringComparison.Ordinal));
            var answer = await client.AskAsync(Post);
            if (answer.Status != 200) Interlocked.Increment(ref failed);
            else if (answer.Text != "ok") Interlocked.Increment(ref poisoned);
        });
        Assert.That(poisoned, Is.Zero);
        await SayAsync($"an upstream sends more than its answers, 16 clients: of 1,000 other requests 0 get the surplus, {failed} a 502");
    }

    /// <summary>By default ten minutes; ROTATO_MINUTES is another time.</summary>
    [Test]
    public async Task AThousandStreams()
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            await peer.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
            for (var i = 0; ; i++)
            {
                var text = $"data: {i}\n\n";
                await peer.SendAsync(Encoding.ASCII.GetBytes($"{text.Length:x}\r\n{text}\r\n"));
                await Task.Delay(1000);
            }
        });
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!);
        var (events, most, end) = (0L, 0.0, Minutes(10));
        using var watching = new Timer(_ => most = Math.Max(most, proxy.Resident), null, 0, 1000);
        await TogetherAsync(1000, 1000, async _ =>
        {
            using var client = await Peer.ConnectAsync(proxy.EndPoint);
            await client.SendAsync(Encoding.ASCII.GetBytes(Post));
            await client.HeadAsync();
            for (var i = 0; Stopwatch.GetTimestamp() < end; i++, Interlocked.Increment(ref events))
                Assert.That(await client.EventAsync(), Is.EqualTo(i), "none is lost, none comes twice");
        });
        await SayAsync($"1,000 streams of an event a second: {events} events as they were sent, at most {most:0} MiB");
    }

    /// <summary>One in ten is refused, one in a hundred cut, and one in twenty clients leaves, at the highest load. By default twenty minutes; ROTATO_MINUTES is another time.</summary>
    [Test]
    public async Task Soak()
    {
        using var upstream = Peer.Listen(async peer =>
        {
            await peer.MessageAsync();
            var what = Random.Shared.Next(100);
            if (what < 10) await peer.SendAsync("HTTP/1.1 429 Too Many Requests\r\nretry-after-ms: 1\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            else await peer.SendAsync(what == 10 ? Ok.AsMemory(..^1) : Ok);
            if (what == 10) throw new EndOfStreamException();
        });
        // So many keys, because what refuses at random teaches each of them to be slow for a while.
        using var proxy = Proxy.Rotato((IPEndPoint)upstream.LocalEndPoint!, keys: 600);
        var (asked, end, seen) = (0L, Minutes(20), new ConcurrentDictionary<string, long>());
        var minute = 0;
        using var watching = new Timer(_ => TestContext.Progress.WriteLine(
            $"minute {minute++}: {Interlocked.Read(ref asked)} requests, {proxy.Resident:0.0} MiB, {proxy.Descriptors} descriptors, {proxy.Threads} threads"), null, 0, 60_000);
        await TogetherAsync(32, 32, async _ =>
        {
            while (Stopwatch.GetTimestamp() < end)
            {
                try
                {
                    using var client = await RawClient.ConnectAsync(proxy.EndPoint);
                    for (var i = 0; i < 100; i++, Interlocked.Increment(ref asked))
                    {
                        if (Random.Shared.Next(20) == 0)
                        {
                            await client.SendAsync(Post);
                            seen.AddOrUpdate("left", 1, (_, times) => times + 1);
                            break;
                        }

                        var answer = await client.AskAsync(Post);
                        seen.AddOrUpdate(answer.IsComplete ? $"{answer.Status}" : "cut", 1, (_, times) => times + 1);
                        if (!answer.IsComplete) break;
                    }
                }
                catch (EndOfStreamException)
                {
                    seen.AddOrUpdate("closed", 1, (_, times) => times + 1);
                }
            }
        });
        Assert.That(proxy.HasExited, Is.False);
        await Task.Delay(1000);
        using var looker = await RawClient.ConnectAsync(proxy.EndPoint);
        using var status = JsonDocument.Parse((await looker.AskAsync(RunningRotato.Get("/_rotato/status"))).Text);
        static int Of(JsonElement element, string name) => element.GetProperty(name).GetInt32();
        Assert.That((Of(status.RootElement, "in_flight"), Of(status.RootElement, "waiting")), Is.EqualTo((0, 0)));
        var keys = status.RootElement.GetProperty("keys").EnumerateArray().ToArray();
        var (requests, ended) = (keys.Sum(key => Of(key, "requests")), keys.Sum(key => Of(key, "ok") + Of(key, "limited") + Of(key, "failed")));
        Assert.That(ended, Is.EqualTo(requests), "each that was sent has ended");
        await SayAsync($"soak: {requests} sent to the API; {asked} requests, {string.Join(", ", seen.Select(pair => $"{pair.Value} x {pair.Key}"))}");
    }

    private static long Minutes(double standard) => Stopwatch.GetTimestamp() + (long)(Stopwatch.Frequency * 60
        * (Environment.GetEnvironmentVariable("ROTATO_MINUTES") is { Length: > 0 } minutes ? double.Parse(minutes, CultureInfo.InvariantCulture) : standard));

    private static Socket Echo() => Peer.Listen(async peer =>
    {
        await peer.MessageAsync();
        await peer.SendAsync(Ok);
    });

    // An answer of so many bytes that nobody gets to the end of it.
    private static Socket Endless(bool inSmallChunks = false) => Peer.Listen(async peer =>
    {
        var (framing, piece) = inSmallChunks ? ("Transfer-Encoding: chunked", Chunks) : ("Content-Length: 1000000000000", Block);
        await peer.MessageAsync();
        await peer.SendAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"));
        while (true) await peer.SendAsync(piece);
    });

    private static IPEndPoint Nobody()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return (IPEndPoint)socket.LocalEndPoint!;
    }

    private static async Task<Socket> ConnectAsync(Proxy proxy)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(proxy.EndPoint);
        return socket;
    }

    /// <summary>One good request on a connection of its own, and how many seconds it took.</summary>
    private static async Task<double> AskAsync(Proxy proxy)
    {
        var began = Stopwatch.GetTimestamp();
        using var client = await RawClient.ConnectAsync(proxy.EndPoint);
        Assert.That((await client.AskAsync(Post)).Text, Is.EqualTo("ok"));
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Does it so many times, so many at once, and says how many seconds each took.</summary>
    private static async Task<IReadOnlyCollection<double>> TogetherAsync(int times, int atOnce, Func<int, Task> doAsync)
    {
        var took = new ConcurrentQueue<double>();
        await Parallel.ForEachAsync(Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (n, _) =>
        {
            var began = Stopwatch.GetTimestamp();
            await doAsync(n);
            took.Enqueue(Stopwatch.GetElapsedTime(began).TotalSeconds);
        });
        return took;
    }

    private static string Spread(IEnumerable<double> seconds)
    {
        var sorted = seconds.Order().ToArray();
        return string.Create(CultureInfo.InvariantCulture,
            $"{1000 * sorted[sorted.Length / 2]:0.0} ms in the median, {1000 * sorted[sorted.Length * 99 / 100]:0.0} at the 99th percentile, {1000 * sorted[^1]:0.0} at most");
    }

    private static Task SayAsync(string line) => TestContext.Out.WriteLineAsync(line);
}
