namespace Rotato;

/// <summary>
/// Lines for people: requests on standard output, warnings on standard error. Never a header, a query, a body or the text of an
/// exception. Written by a task of its own: a terminal that is held, or a reader that is slow, loses lines but stops no request.
/// </summary>
internal sealed class Log(bool quiet, TextWriter output, TextWriter error, bool colour) : IAsyncDisposable
{
    private readonly Channel<(TextWriter To, string Line)> _lines =
        Channel.CreateBounded<(TextWriter, string)>(new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropWrite });
    private Task? _writing;

    public void Say(string line)
    {
        _writing ??= WriteAsync();
        _lines.Writer.TryWrite((output, line));
    }

    public void Warn(string line) => _lines.Writer.TryWrite((error, "rotato: " + line));

    /// <summary>One line a request; no answer means that the client left first, which nginx made known as 499.</summary>
    public void Request(RequestHead head, Answer? answer, TimeSpan took)
    {
        if (quiet) return;
        var status = answer is null ? 499 : (int)answer.Response.StatusCode;
        var paint = !colour ? "" : status < 400 ? "\e[32m" : status == 429 ? "\e[33m" : "\e[31m";
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{DateTime.Now:HH:mm:ss} {head.Method,-7} {head.Path,-32} {paint}{status}{(colour ? "\e[0m" : "")}"
            + $"  key {answer?.Key?.Number,-3} tries {answer?.Tries,-3} {took.TotalMilliseconds,7:0} ms"));
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        if (_writing is not null) await _writing;
    }

    private async Task WriteAsync()
    {
        await foreach (var (to, line) in _lines.Reader.ReadAllAsync()) to.WriteLine(line);
    }
}
