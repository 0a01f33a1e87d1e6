using System.Runtime.InteropServices;
using Rotato.Configuration;
using Rotato.Monitoring;

namespace Rotato;

/// <summary>Starts the program, and runs it until it is told to stop.</summary>
internal static class Launch
{
    /// <exception cref="UsageException">The command line is wrong.</exception>
    /// <exception cref="StartException">It cannot start.</exception>
    public static async Task RunAsync(string[] args)
    {
        Surroundings.FillDescriptors();
        // Sockets then finish on the thread that polls them, instead of handing each step to another. The runtime reads
        // this once, when it makes its first socket.
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
        var settings = new Settings(args, Environment.GetEnvironmentVariable, KeyFile.Read)
        {
            ProxyName = Surroundings.CorrectProxy(),
        };
        Surroundings.HideKeys();
        if (settings.Options.WantsHelp) Console.Write(Options.Help);
        else if (settings.Options.WantsVersion) Console.WriteLine(VersionText);
        else await ServeAsync(settings);
    }

    private static string VersionText => $"rotato {Build.Full}, {RuntimeInformation.FrameworkDescription}";

    private static async Task ServeAsync(Settings settings)
    {
        await using var log = new Log(Surroundings.Console(), TimeProvider.System, settings.Options.IsQuiet);
        log.Start();
        // Never disposed of: a second signal may come at any moment.
        var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        var services = new Services(settings, TimeProvider.System, log);
        var server = new Server(settings, services);
        server.Listen();
        services.Url = server.Url;
        services.Announce();
        await server.RunAsync(stop.Token);

        // The first signal lets running requests finish. The second is left to the system, which does not wait.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !stop.IsCancellationRequested;
            stop.Cancel();
        }
    }
}
