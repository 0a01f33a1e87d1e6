/// <summary>
/// Listens, accepts, keeps the connections, drains them at the end. Has what a connection needs.
/// </summary>
internal sealed class Server(Options options, TimeProvider clock, Log log)
{
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    private readonly List<TcpListener> _listeners = [];

    public TimeProvider Clock => clock;
    public Log Log => log;
    public long MaxBody { get; } = options.MaxBody;
    public Gate Gate { get; } = new(options);
    public Forwarder Forwarder { get; } = new(options, clock, log.Warn);
    public Status Status => field ??= new(options, Forwarder.Ring,
        () => _connections.Keys.Count(connection => connection.Phase.Code == UpstreamTimeout));
    public double Now => Forwarder.Ring.Now;
    public bool IsStopping { get; private set; }
    public IPEndPoint? EndPoint => (IPEndPoint?)_listeners.FirstOrDefault()?.LocalEndpoint;

    /// <exception cref="SocketException">An address is in use, or not to be had.</exception>
    /// <exception cref="UsageException">An option is wrong.</exception>
    public void Listen()
    {
        foreach (var address in options.Addresses)
        {
            try
            {
                var listener = new TcpListener(address, EndPoint?.Port ?? options.Port);
                listener.Start();
                _listeners.Add(listener);
            }
            // This machine has no IPv6. An address in use is another matter: its owner would get what clients send to
            // "localhost".
            catch (SocketException e) when (EndPoint != null && e.SocketErrorCode != SocketError.AddressAlreadyInUse)
            {
            }
        }
    }

    /// <summary>
    /// Serves until told to stop, then until the running requests have finished or their time for that is over. What
    /// only waits for a request ends with the process.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _listeners.ForEach(listener => _ = AcceptAsync(listener, stop));
        await Task.Delay(Timeout.Infinite, stop).ContinueWith(_ => IsStopping = true, TaskScheduler.Default);
        for (var end = Now + Limits.Drain; Now < end && _connections.Keys.Any(c => c.Phase.Code != default);)
            await Task.Delay(Limits.DrainCheck, clock, default);
    }

    private async Task AcceptAsync(TcpListener listener, CancellationToken stop)
    {
        using var closing = listener;
        // Asked here too: an accept that finds somebody waiting does not look whether it was told to stop.
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (_connections.Count >= Limits.Connections) await Task.Delay(Limits.Again, clock, stop);
                _ = ServeAsync(await listener.AcceptSocketAsync(stop));
            }
            catch (SocketException)
            {
                // Out of descriptors, most likely: at once it would only fail again.
                await Task.Delay(Limits.Again, clock, stop);
            }
        }
    }

    // Whatever happens to one connection, the others go on. What ends one in the ordinary way is not worth a word; of
    // anything else the type alone is said, for a message may quote a key.
    private async Task ServeAsync(Socket socket)
    {
        using var closing = socket;
        // Else the first exchange would run where the next client is to be accepted.
        await Task.Yield();
        var connection = new Connection(socket, this);
        _connections[connection] = socket.NoDelay = true;
        var serving = connection.RunAsync();
        await serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _connections.TryRemove(connection, out _);
        connection.End();
        if (serving.Exception?.InnerException is { } e and not (IOException or SocketException or HttpRequestException))
            log.Warn($"a connection ended with {e.GetType().Name}; please report it");
    }
}
