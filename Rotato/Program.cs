// The way of a request, in the order in which the files are best read:
//
//   client --> Server --> Connection --(1) head?--> RequestHead     lines of the Input to a checked head, or a Refusal
//                          |---(2) may it?--------> Gate            host, origin, token
//                          |---(3) body-----------> RequestBody     into memory, so that it can be sent again
//                          |---(4) forward--------> Forwarder <---> KeyRing    a ready key; sent; judged by its Signs
//                          |                           '---> upstream
//                          |---(5) answer---------> ResponseWriter  as it comes, framed anew
//                          '---(6) again, or close

// Sockets then finish on the thread that polls them, without handing every step to another. Read once, before the
// first socket.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
try
{
    var options = new Options(args, Environment.GetEnvironmentVariable,
        path => path == "-" ? Console.In.ReadToEnd() : File.ReadAllText(path));
    if (OperatingSystem.IsLinux()) HideKeys();
    if ((options["--help"] ?? options["--version"]) is not null)
    {
        var build = $"rotato {Options.Build}, {RuntimeInformation.FrameworkDescription}";
        Console.WriteLine(options["--help"] is null ? build : Options.Usage.TrimEnd());
        return;
    }

    using var stop = new CancellationTokenSource();
    await using var log = new Log(quiet: options["--quiet"] is not null);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    var server = new Server(options, TimeProvider.System, log);
    server.Listen();
    options.Warnings.ForEach(log.Warn);
    log.Say($"rotato {Options.Version} listening on http://{server.EndPoint} -> {options.UpstreamText}, "
        + $"{options.Keys.Length} key{(options.Keys.Length == 1 ? "" : "s")}, {options.Strategy}");
    await server.RunAsync(stop.Token);

    // The first signal lets running requests finish, the second is left to the system, which does not wait for them.
    void Stop(PosixSignalContext signal)
    {
        signal.Cancel = !stop.IsCancellationRequested;
        stop.Cancel();
    }
}
catch (Exception e)
{
    // What the framework says may quote what was given, and that may be a key in the wrong place.
    var kind = (e as SocketException)?.SocketErrorCode.ToString() ?? e.GetType().Name;
    var failure = $"cannot start ({kind}); check --port, --host and the file of --keys";
    Console.Error.WriteLine($"rotato: {(e is UsageException ? e.Message : failure)}");
    Environment.ExitCode = e is SocketException ? 1 : 2;
}

// Other users of a machine see the arguments of its processes, and a crash may leave all memory in a file. Linux lets a
// process write over the former (but for its own name), and say that no memory shall be in the latter.
static void HideKeys()
{
    try
    {
        File.WriteAllText("/proc/self/coredump_filter", "0");
        var line = File.ReadAllBytes("/proc/self/cmdline");
        var end = Array.IndexOf(line, (byte)0);
        // arg_start, proc_pid_stat(5); the second field, in brackets, may hold blanks.
        var start = File.ReadAllText("/proc/self/stat").Split(')')[^1].Split(' ')[46];
        using var memory = File.OpenHandle("/proc/self/mem", FileMode.Open, FileAccess.Write);
        RandomAccess.Write(memory, new byte[line.Length - end], long.Parse(start, CultureInfo.InvariantCulture) + end);
    }
    // Not everywhere is /proc to be had; the warning about keys as arguments is then all there is.
    catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
}
