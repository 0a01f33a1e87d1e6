// A demonstration that needs no key and no network:
//
//   Benchmark, LightLoad --> ChatClient --> RotatoProcess (the product) --> StandInApi (20 a minute and key)
//
// First 100 requests at once with one key, five and ten, as a table; then a light load to watch on the status page.

using System.Runtime.InteropServices;
using Rotato.Demo;

const int Success = 0;
const int Failure = 1;
const int WrongUsage = 2;

if (args is not ([] or ["--once"]))
{
    Console.Error.WriteLine("Usage: dotnet run -c Release --project Rotato.Tests/Demo [-- --once]");
    Console.Error.WriteLine("  --once   end after the table; the exit code is 0 if it is as promised");
    return WrongUsage;
}

var endsAfterTable = args.Length > 0;
using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
try
{
    var isAsPromised = await Benchmark.RunAsync(stop.Token);
    if (!isAsPromised) return Failure;

    if (!endsAfterTable) await LightLoad.RunAsync(stop.Token);
    return Success;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.WriteLine();
    Console.WriteLine("Stopped.");
    return endsAfterTable ? Failure : Success;
}
catch (DemoException e)
{
    Console.Error.WriteLine($"demo: {e.Message}");
    return Failure;
}

// The first signal ends everything in order, which takes a moment. A second one is left to the system, which does not
// wait; on a terminal Rotato gets both signals too, and does the same.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !stop.IsCancellationRequested;
    stop.Cancel();
}
