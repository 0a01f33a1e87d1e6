using System.IO;
using System.Threading.Channels;

namespace Rotato.Monitoring;

/// <summary>
/// Where lines for people go. Each function takes whole lines, and throws where they cannot be written.
/// </summary>
/// <param name="WriteOutput">Standard output.</param>
/// <param name="OutputHasColour">Whether it is a terminal that shows colours.</param>
/// <param name="WriteErrors">Standard error.</param>
/// <param name="ErrorsHaveColour">Whether that is one.</param>
internal sealed record LogTarget(
    Action<string> WriteOutput, bool OutputHasColour, Action<string> WriteErrors, bool ErrorsHaveColour);

/// <summary>
/// Lines for people: requests on standard output, warnings on standard error. They are collected and written together
/// ten times a second, beside the requests: a terminal that is held, a slow reader or a full disk loses lines and stops
/// nothing.
/// </summary>
/// <param name="target">Where they go.</param>
/// <param name="clock">For the times in them.</param>
/// <param name="isQuiet">Whether requests get no line.</param>
internal sealed class Log(LogTarget target, TimeProvider clock, bool isQuiet) : IAsyncDisposable
{
    private const int MostWaiting = 10_000;

    private static readonly TimeSpan TimeBetweenWrites = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TimeForLastWords = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimeBetweenRepeats = TimeSpan.FromMinutes(1);

    private readonly Channel<(bool IsWarning, string Line)> _lines = Channel.CreateBounded<(bool, string)>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly CancellationTokenSource _isEnding = new();
    private long? _lastRepeat;
    private Task? _writing;

    /// <summary>Begins to write.</summary>
    public void Start() => _writing = Task.Run(WriteAllAsync);

    public void Say(string line) => _lines.Writer.TryWrite((false, line));

    public void Warn(string line)
    {
        var warning = $"{clock.GetLocalNow():HH:mm:ss} rotato: {line}";
        _lines.Writer.TryWrite((true, target.ErrorsHaveColour ? $"\e[33m{warning}\e[0m" : warning));
    }

    /// <summary>Warns of what may happen very often: once a minute at most.</summary>
    public void WarnNowAndThen(string line)
    {
        if (_lastRepeat is { } last && clock.GetElapsedTime(last) < TimeBetweenRepeats) return;
        _lastRepeat = clock.GetTimestamp();
        Warn(line);
    }

    public void Request(EndedRequest request)
    {
        if (isQuiet) return;
        var localTime = TimeZoneInfo.ConvertTime(request.Time, clock.LocalTimeZone);
        Say(LogLine.Of(request, localTime, target.OutputHasColour));
    }

    /// <summary>Writes what is left, if anybody reads it.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _isEnding.CancelAsync();
        await Task.WhenAny(_writing ?? Task.CompletedTask, Task.Delay(TimeForLastWords));
        _isEnding.Dispose();
    }

    private async Task WriteAllAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            WriteWaiting();
            await Task.Delay(TimeBetweenWrites, _isEnding.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void WriteWaiting()
    {
        var output = new StringBuilder();
        var errors = new StringBuilder();
        while (_lines.Reader.TryRead(out var next))
        {
            var text = next.IsWarning ? errors : output;
            text.Append(next.Line).Append('\n');
        }

        WriteIfPossible(target.WriteOutput, output);
        WriteIfPossible(target.WriteErrors, errors);
    }

    private static void WriteIfPossible(Action<string> write, StringBuilder text)
    {
        if (text.Length == 0) return;
        try
        {
            write(text.ToString());
        }
        catch (IOException)
        {
            // Lines that cannot be written are lost.
        }
    }
}
