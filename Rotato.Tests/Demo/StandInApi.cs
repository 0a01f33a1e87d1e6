using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rotato.Demo;

/// <summary>A stand-in for OpenAI's API on a free port of this machine: limited, a little slow, never wrong.</summary>
internal sealed class StandInApi : IDisposable
{
    private const int LeastLatencyMilliseconds = 100;
    private const int MostLatencyMilliseconds = 300;

    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<(string Key, string Model), RequestLimit> _limits = new();
    private int _refusals;

    /// <summary>Begins to listen.</summary>
    public StandInApi()
    {
        _listener.Start();
        Address = new($"http://{_listener.LocalEndpoint}");
        _ = AcceptAsync(_stop.Token);
    }

    /// <summary>The models that the demonstration asks for; each has limits of its own.</summary>
    public static IReadOnlyList<string> Models { get; } = ["gpt-4o", "gpt-4o-mini"];

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>How many requests it has answered with 429.</summary>
    public int Refusals => Volatile.Read(ref _refusals);

    /// <summary>Stops to listen, and breaks off what is under way.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptTcpClientAsync(stop);
                _ = ServeAsync(connection, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The demonstration has ended.
        }
    }

    private async Task ServeAsync(TcpClient connection, CancellationToken stop)
    {
        try
        {
            using var closing = connection;
            connection.NoDelay = true;
            var stream = connection.GetStream();
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var reply = new ChatReply(stream, stop);
            while (await ChatRequest.ReadAsync(reader, stop) is { } request) await AnswerAsync(request, reply, stop);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // Rotato has gone away, or the demonstration has ended.
        }
    }

    private async Task AnswerAsync(ChatRequest request, ChatReply reply, CancellationToken stop)
    {
        if (request.Model is not { } model)
        {
            await reply.SendUnknownAsync();
            return;
        }

        var count = _limits.GetOrAdd((request.Key, model), _ => new()).Count();
        if (!count.IsAllowed) Interlocked.Increment(ref _refusals);
        await Task.Delay(Random.Shared.Next(LeastLatencyMilliseconds, MostLatencyMilliseconds + 1), stop);
        if (!count.IsAllowed)
        {
            await reply.SendRateLimitedAsync(model, count);
            return;
        }

        if (request.IsStreamed) await reply.SendStreamAsync(model, count);
        else await reply.SendWholeAsync(model, count);
    }
}
