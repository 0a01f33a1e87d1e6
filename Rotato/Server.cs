namespace Rotato;

/// <summary>
/// Listens, accepts, keeps the connections, drains them at the end. Has what a connection needs.
/// </summary>
internal sealed class Server
{
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly SemaphoreSlim _slots = new(Limits.Connections);
    private readonly List<Socket> _listeners = [];
    private readonly KeyRing _ring;

    /// <exception cref="SocketException">An address is in use, or not to be had.</exception>
    /// <exception cref="UsageException">An option is wrong.</exception>
    public Server(Options options, TimeProvider clock, Log log)
    {
        (Clock, Log, Gate, _ring) = (clock, log, new(options), new(options, clock, log.Warn));
        (MaxBody, Wait) = (options.MaxBody, options.Wait);
        Status = new(options, _ring, () => _connections.Count(pair => pair.Key.IsForwarding));
        Forwarder = new(options, _ring, clock);
        foreach (var address in options.Addresses)
        {
            try
            {
                var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
                listener.Bind(new IPEndPoint(address, EndPoint?.Port ?? options.Port));
                listener.Listen();
                _listeners.Add(listener);
            }
            // This machine has no IPv6. An address in use is another matter: its owner would get what clients send to
            // "localhost".
            catch (SocketException e)
                when (_listeners.Count > 0 && e.SocketErrorCode != SocketError.AddressAlreadyInUse)
            {
            }
        }
    }

    public TimeProvider Clock { get; }
    public Gate Gate { get; }
    public Forwarder Forwarder { get; }
    public Status Status { get; }
    public Log Log { get; }
    public long MaxBody { get; }
    public int Wait { get; }
    public double Now => _ring.Now;
    public bool IsStopping { get; private set; }
    public IPEndPoint? EndPoint => (IPEndPoint?)_listeners.FirstOrDefault()?.LocalEndPoint;

    /// <summary>
    /// Serves until told to stop, then until the running requests have finished or their time for that is over.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _listeners.ForEach(listener => _ = AcceptAsync(listener, stop));
        await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => IsStopping = true, TaskScheduler.Default);
        for (var end = Now + Limits.Drain; Now < end && !_connections.IsEmpty;)
        {
            foreach (var (connection, _) in _connections) connection.EndIdle();
            await Task.Delay(Limits.DrainCheck, Clock, default);
        }
    }

    private async Task AcceptAsync(Socket listener, CancellationToken stop)
    {
        using var closing = listener;
        for (; ; await _slots.WaitAsync(stop))
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync(stop));
            }
            catch (SocketException)
            {
                // Out of descriptors, most likely: at once it would only fail again.
                _slots.Release();
                await Task.Delay(Limits.AcceptAgain, Clock, stop);
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        var connection = new Connection(socket, this);
        try
        {
            using var closing = socket;
            _connections[connection] = socket.NoDelay = true;
            await connection.RunAsync();
        }
        catch (Exception e)
        {
            // The only catch-all: whatever happens to one connection, the others go on. Its type alone; a message may
            // quote a key.
            Log.Warn($"a connection ended with {e.GetType().Name}; please report it");
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            _slots.Release();
        }
    }
}
