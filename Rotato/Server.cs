using System.Collections.Concurrent;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace Rotato;

/// <summary>Listens, accepts, keeps the connections, and drains them at the end.</summary>
internal sealed class Server(Settings settings, Services services)
{
    private const int MostConnections = 10_000;

    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DrainCheck = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PauseWhenFull = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly List<TcpListener> _listeners = [];

    public bool IsStopping { get; private set; }
    public int InFlight => _connections.Keys.Count(connection => connection.Deadline.Phase.IsInFlight);
    public IPEndPoint? EndPoint => (IPEndPoint?)_listeners.FirstOrDefault()?.LocalEndpoint;

    /// <summary>The address that people are told; known when it listens.</summary>
    public string Url =>
        settings.Options.Host == "localhost" ? $"http://localhost:{EndPoint!.Port}" : $"http://{EndPoint}";

    /// <exception cref="StartException">An address is in use, or not to be had.</exception>
    public void Listen()
    {
        foreach (var address in settings.Options.Addresses)
        {
            var port = EndPoint?.Port ?? settings.Options.Port;
            try
            {
                var listener = new TcpListener(address, port);
                listener.Start();
                _listeners.Add(listener);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                throw new StartException(
                    $"port {port} is in use by another program; stop that, or choose one with --port");
            }
            // This machine has no IPv6.
            catch (SocketException) when (EndPoint is not null)
            {
            }
            catch (SocketException e)
            {
                throw new StartException($"cannot listen there ({e.SocketErrorCode}); check --host and --port");
            }
        }
    }

    /// <summary>
    /// Serves until told to stop, then until the running requests have finished or their time for that is over. Idle
    /// connections end with the process.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        foreach (var listener in _listeners) _ = AcceptAsync(listener, stop);
        if (settings.HasKeyFile) _ = KeyFile.FollowAsync(settings.Options.KeyFile!, services, stop);
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        IsStopping = true;
        var running = _connections.Keys.Count(IsRequestUnderWay);
        if (running > 0)
        {
            services.Log.Warn(
                $"finishing {running} under way for at most {DrainTime.TotalSeconds} s; a second signal stops at once");
        }

        var began = services.Clock.GetTimestamp();
        while (_connections.Keys.Any(IsRequestUnderWay) && services.Clock.GetElapsedTime(began) < DrainTime)
            await Task.Delay(DrainCheck, services.Clock, CancellationToken.None);
    }

    private static bool IsRequestUnderWay(Connection connection) => connection.Deadline.Phase.IsRequest;

    private async Task AcceptAsync(TcpListener listener, CancellationToken stop)
    {
        using var closing = listener;
        // Asked here too: an accept that finds somebody waiting does not look whether it was told to stop.
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (_connections.Count >= MostConnections) await Task.Delay(PauseWhenFull, services.Clock, stop);
                _ = ServeAsync(await listener.AcceptSocketAsync(stop));
            }
            catch (SocketException)
            {
                // Out of descriptors, most likely: retrying at once would fail again.
                await Task.Delay(PauseWhenFull, services.Clock, stop);
            }
        }
    }

    // Whatever happens to one connection, the others go on. What ends one in the ordinary way is not worth a word; of
    // anything else the type alone is said, for a message may quote a key.
    private async Task ServeAsync(Socket socket)
    {
        using var closing = socket;
        // Otherwise the first exchange would run on the accept loop.
        await Task.Yield();
        socket.NoDelay = true;
        var connection = new Connection(socket, this, services);
        _connections.TryAdd(connection, true);
        var serving = connection.RunAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _connections.TryRemove(connection, out _);
        connection.End();
        if (serving.Exception?.InnerException is { } e and not (IOException or SocketException or HttpRequestException))
            services.Log.Warn($"a connection ended with {e.GetType().Name}; please report it");
    }
}
