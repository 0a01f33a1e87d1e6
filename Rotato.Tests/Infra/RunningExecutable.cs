using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Threading.Channels;

namespace Rotato.Tests.Infra;

/// <summary>
/// The executable, as a user starts it. Keys stand in <see cref="Secrets"/>; no part of one may be in its output, which
/// is looked at when it
/// is disposed of.
/// </summary>
internal sealed class RunningExecutable : IDisposable
{
    private static readonly string[] OfNoConcern =
    [
        "ROTATO_KEYS", "ROTATO_TOKEN", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
    ];

    private readonly Process _process;
    private readonly List<string> _output = [];
    private readonly Channel<string> _errorLines = Channel.CreateUnbounded<string>();
    private readonly Task<string> _errors;

    /// <param name="args">The command line.</param>
    /// <param name="input">What is typed, and then the end of the input.</param>
    /// <param name="environment">Variables that it gets in place of those of this process that are about
    /// Rotato.</param>
    public RunningExecutable(IEnumerable<string> args, string input = "",
        params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Program, args) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var name in OfNoConcern) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = Process.Start(start)!;
        _errors = ReadErrorsAsync();
        _process.StandardInput.Write(input);
        _process.StandardInput.Close();
    }

    /// <summary>Where the executable is.</summary>
    public static string Program =>
        Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "rotato.exe" : "rotato");
    public Secrets Secrets { get; init; } = new();
    public int Id => _process.Id;
    public StreamReader Output => _process.StandardOutput;

    /// <summary>Reads the line that says where it listens.</summary>
    public async Task<IPEndPoint> ListeningAsync()
    {
        var line = await LineAsync();
        Assert.That(line, Does.Match(" listening on http://(localhost|127.0.0.1):[0-9]+$"),
            line is null ? await _errors : "");
        return new IPEndPoint(IPAddress.Loopback, int.Parse(line!.Split(':')[^1], CultureInfo.InvariantCulture));
    }

    public async Task<string?> LineAsync()
    {
        var line = await Output.ReadLineAsync().WaitAsync(Hang.Limit);
        _output.Add(line ?? "");
        return line;
    }

    /// <summary>The next line on standard error, when it has come.</summary>
    public Task<string> ErrorLineAsync() => _errorLines.Reader.ReadAsync().AsTask().WaitAsync(Hang.Limit);

    /// <summary>Sends a signal by its name without "SIG".</summary>
    public async Task SignalAsync(string name)
    {
        if (OperatingSystem.IsWindows()) Assert.Ignore("Windows has no signals.");
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        await kill.WaitForExitAsync().WaitAsync(Hang.Limit);
    }

    /// <summary>Waits for the end and reads nothing of what it says until then.</summary>
    public async Task<int> EndedAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Hang.Limit);
        return _process.ExitCode;
    }

    /// <summary>Waits for the end.</summary>
    public async Task<(int Code, string[] Output, string[] Errors)> ExitAsync()
    {
        while (await LineAsync() is not null) { }
        await _process.WaitForExitAsync().WaitAsync(Hang.Limit);
        return (_process.ExitCode, [.. _output.SkipLast(1)],
            (await _errors).Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        Secrets.AssertNoneIn("standard output", string.Join('\n', _output));
        Secrets.AssertNoneIn("standard error", _errors.Result);
        _process.Dispose();
    }

    private async Task<string> ReadErrorsAsync()
    {
        var all = new StringBuilder();
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            all.AppendLine(line);
            _errorLines.Writer.TryWrite(line);
        }

        return all.ToString();
    }
}
