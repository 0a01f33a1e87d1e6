using System.ComponentModel;
using System.Diagnostics;

namespace Rotato.Demo;

/// <summary>The real product in a process of its own, started as anybody starts it.</summary>
internal sealed class RotatoProcess : IDisposable
{
    /// <summary>What a user may have set for other work, and what would lead this Rotato elsewhere.</summary>
    private static readonly string[] ForeignSettings =
        ["ROTATO_TOKEN", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan TimeToLearnOfSignal = TimeSpan.FromMilliseconds(500);

    private readonly Process _process;

    private RotatoProcess(Process process, Uri address)
    {
        _process = process;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>A key that nobody owns.</summary>
    public static string MadeUpKey(int number) => $"made-up-demo-key-{number:0000}";

    /// <summary>Starts it with so many made-up keys, on a free port, and waits until it listens.</summary>
    public static async Task<RotatoProcess> StartAsync(
        int keys, Uri upstream, int secondsToWaitForKey, CancellationToken stop)
    {
        var process = Start(Command(keys, upstream, secondsToWaitForKey));
        try
        {
            process.StandardInput.Close();
            var address = await ReadAddressAsync(process, stop);
            // What it says later is not shown, but has to be read: a full pipe would stop it.
            _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None);
            return new(process, address);
        }
        catch
        {
            End(process);
            throw;
        }
    }

    /// <summary>Waits for the work, but not longer than Rotato lives.</summary>
    public async Task GuardAsync(Task work, CancellationToken stop)
    {
        var end = _process.WaitForExitAsync(CancellationToken.None);
        var first = await Task.WhenAny(work, end);
        if (first == end)
        {
            // Ctrl+C reaches both processes at once, and Rotato may be the first to obey.
            await Task.Delay(TimeToLearnOfSignal, CancellationToken.None);
            var isAsked = stop.IsCancellationRequested;
            if (!isAsked) throw new DemoException($"rotato has ended with exit code {_process.ExitCode}");
        }

        await work;
    }

    /// <summary>Ends the process. Nothing of value is under way in it, so it need not finish anything.</summary>
    public void Dispose() => End(_process);

    private static Process Start(ProcessStartInfo command)
    {
        try
        {
            return Process.Start(command)!;
        }
        catch (Win32Exception e)
        {
            throw new DemoException($"{command.FileName} cannot be started: {e.Message}");
        }
    }

    private static void End(Process process)
    {
        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static ProcessStartInfo Command(int keys, Uri upstream, int secondsToWaitForKey)
    {
        var name = OperatingSystem.IsWindows() ? "rotato.exe" : "rotato";
        string[] words = ["--port", "0", "--upstream", $"{upstream}", "--wait", $"{secondsToWaitForKey}", "--quiet"];
        var command = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, name), words)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var setting in ForeignSettings) command.Environment.Remove(setting);
        var madeUpKeys = Enumerable.Range(1, keys).Select(MadeUpKey);
        command.Environment["ROTATO_KEYS"] = string.Join(' ', madeUpKeys);
        return command;
    }

    /// <summary>The first line tells it, as in "rotato 1.1.0 listening on http://localhost:39331".</summary>
    private static async Task<Uri> ReadAddressAsync(Process process, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(TimeToStart);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(patience.Token);
            var words = line?.Split(' ') ?? [];
            var address = words.FirstOrDefault(word => word.StartsWith("http://", StringComparison.Ordinal));
            if (address is not null) return new(address);

            var complaint = await process.StandardError.ReadToEndAsync(patience.Token);
            throw new DemoException($"rotato has not started. It says: {line} {complaint}".TrimEnd());
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new DemoException($"rotato has said nothing for {TimeToStart.TotalSeconds} seconds");
        }
    }
}
