namespace Rotato;

/// <summary>
/// Listens, accepts, keeps the connections and their deadlines, and drains them at the end. Holds what a connection needs.
/// </summary>
internal sealed class Server(Options options, KeyRing ring, HttpMessageInvoker upstream, TimeProvider clock, Log log)
{
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly SemaphoreSlim _slots = new(Limits.Connections);

    public Options Options => options;
    public Log Log => log;
    public Gate Gate { get; } = new(options);
    public Forwarder Forwarder { get; } = new(options, ring, upstream, clock);
    public Status Status => field ??= new(options, ring, () => _connections.Count(pair => pair.Key.IsForwarding));
    public TimeSpan Now => ring.Now;
    public bool IsStopping { get; private set; }

    /// <summary>Opens the listening sockets, all on one port.</summary>
    /// <exception cref="SocketException">An address is in use or not to be had.</exception>
    public static List<Socket> Listen(IPAddress[] addresses, int port)
    {
        var listeners = new List<Socket>();
        foreach (var address in addresses)
        {
            try
            {
                var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                listener.Bind(new IPEndPoint(address, port));
                listener.Listen();
                listeners.Add(listener);
                port = ((IPEndPoint)listener.LocalEndPoint!).Port;
            }
            catch (SocketException e) when (listeners.Count > 0 && e.SocketErrorCode is not SocketError.AddressAlreadyInUse)
            {
                // No IPv6 on this machine. One in use is another matter: that program would get what clients send to "localhost".
            }
        }

        return listeners;
    }

    /// <summary>Serves until told to stop, then until the running requests have finished or the drain time is over.</summary>
    public async Task RunAsync(List<Socket> listeners, CancellationToken stop)
    {
        listeners.ForEach(listener => _ = AcceptAsync(listener, stop));
        using var sweep = new PeriodicTimer(Limits.Sweep, clock);
        var end = TimeSpan.MaxValue;
        while (!(IsStopping && _connections.IsEmpty) && Now < end && await sweep.WaitForNextTickAsync(CancellationToken.None))
        {
            if (stop.IsCancellationRequested && !IsStopping) (IsStopping, end) = (true, Now + Limits.Drain);
            foreach (var (connection, _) in _connections) connection.Sweep(Now, IsStopping);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken stop)
    {
        using (listener)
        {
            while (true)
            {
                await _slots.WaitAsync(stop);
                try
                {
                    _ = ServeAsync(await listener.AcceptAsync(stop));
                }
                catch (SocketException)
                {
                    // Out of descriptors, most likely: at once it would only fail again.
                    _slots.Release();
                    await Task.Delay(Limits.AcceptAgain, clock, stop);
                }
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = new Connection(socket, this);
        _connections[connection] = true;
        try
        {
            socket.NoDelay = true;
            await connection.RunAsync();
        }
        catch (Exception e)
        {
            // The only catch-all: whatever happens in one connection, the others go on. Its type alone; a message may quote a key.
            log.Warn($"a connection ended with {e.GetType().Name}; please report it");
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            _slots.Release();
        }
    }
}
