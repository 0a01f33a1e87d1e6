/// <summary>
/// Lines for people: requests on standard output, warnings on standard error. Never a field, a query, a body or an
/// exception's text. Written by a task of its own: a terminal that is held, or a slow reader, loses lines, not
/// requests.
/// </summary>
internal sealed class Log : IAsyncDisposable
{
    private readonly Channel<(TextWriter To, string Line)> _lines = Channel.CreateBounded<(TextWriter, string)>(1000);
    private readonly bool _quiet, _colour = !Console.IsOutputRedirected
        && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
    private readonly Task _writing;

    public Log(bool quiet) => (_quiet, _writing) = (quiet, Task.Run(WriteAsync));

    // Where the queue is full, the line is lost.
    public void Say(string line) => _lines.Writer.TryWrite((Console.Out, line));
    public void Warn(string line) => _lines.Writer.TryWrite((Console.Error, $"rotato: {line}"));

    /// <summary>A request that got no answer was left by its client: 499, as nginx has it.</summary>
    public void Request(RequestHead head, Answer? answer, double seconds)
    {
        if (_quiet) return;
        var (status, key) = (answer?.Status ?? 499, answer?.Key?.ToString() ?? "key -");
        var paint = !_colour ? "" : status < 400 ? "\e[32m" : status == 429 ? "\e[33m" : "\e[31m";
        Say($"{DateTime.Now:HH:mm:ss} {head.Method,-6} {head.Path,-32} {paint}{status}{(_colour ? "\e[0m" : "")} "
            + $"{key,-6} tries {answer?.Tries ?? 0,-2} {seconds * 1000,7:0} ms");
    }

    /// <summary>Writes what is left, if anybody reads it.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(TimeSpan.FromSeconds(1)));
    }

    private async Task WriteAsync()
    {
        await foreach (var (to, line) in _lines.Reader.ReadAllAsync())
        {
            try
            {
                to.WriteLine(line);
            }
            // A full disk, or a terminal that has gone: this line is lost, warnings may still have a reader.
            catch (IOException) { }
        }
    }
}
