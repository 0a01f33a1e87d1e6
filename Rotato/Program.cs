// The way of a request, in the order in which the files are best read:
//
//   client --> Server --> Connection --(1) head?--> RequestHead     bytes to a checked head, or a refusal
//                          |---(2) may it?--------> Gate            host, origin, token
//                          |---(3) body-----------> RequestBody     into memory, so that it can be sent again
//                          |---(4) forward--------> Forwarder <---> KeyRing    a ready key; sent; judged by Signs
//                          |                           '---> upstream
//                          |---(5) answer---------> ResponseWriter  as it comes, framed anew
//                          '---(6) again, or close
using Rotato;

// Sockets then finish on the thread that polls them instead of handing every step to another thread. Read before the first socket.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
try
{
    var options = new Options(args, Environment.GetEnvironmentVariable, path => path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path));
    if (options.Has("--help") || options.Has("--version"))
    {
        Console.WriteLine(options.Has("--help") ? Options.Usage.TrimEnd() : About.Full);
        return 0;
    }

    var colour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
    await using var log = new Log(options.Has("--quiet"), Console.Out, Console.Error, colour);
    options.Warnings.ForEach(log.Warn);
    var keys = options.Keys.Select((secret, i) => new ApiKey(i + 1, secret, options.Rpm)).ToArray();
    using var ring = new KeyRing(keys, Strategies.ByName[options.Strategy](), options.Wait, TimeProvider.System, log.Warn);
    using var upstream = Forwarder.CreateUpstream(options.Upstream);
    var listeners = Server.Listen(options.Addresses, options.Port);
    log.Say($"rotato {About.Version} listening on http://{listeners[0].LocalEndPoint} -> {options.UpstreamText}, "
        + $"{keys.Length} key{(keys.Length == 1 ? "" : "s")}, {options.Strategy}");

    using var stop = new CancellationTokenSource();
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    await new Server(options, ring, upstream, TimeProvider.System, log).RunAsync(listeners, stop.Token);
    return 0;

    // The first signal lets running requests finish, the second does not wait for them.
    void Stop(PosixSignalContext signal)
    {
        if (stop.IsCancellationRequested) Environment.Exit(1);
        signal.Cancel = true;
        stop.Cancel();
    }
}
catch (UsageException e)
{
    Console.Error.WriteLine($"rotato: {e.Message}");
    return 2;
}
catch (SocketException e)
{
    Console.Error.WriteLine($"rotato: cannot listen there ({e.SocketErrorCode}); choose another --port or --host");
    return 1;
}
