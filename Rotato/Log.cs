/// <summary>
/// Lines for people: requests on standard output, warnings on standard error. Never a field, a query, a body or an
/// exception's text. They are written one after the other, beside the requests: a terminal that is held, a slow reader
/// or a full disk loses lines and stops nothing.
/// </summary>
internal sealed class Log(bool quiet) : IAsyncDisposable
{
    private static readonly bool HasColour = !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    private readonly ActionBlock<Action> _lines = new(
        write => Task.Run(write).ContinueWith(_ => { }, TaskScheduler.Default), new() { BoundedCapacity = 1000 });

    public void Say(string line) => _lines.Post(() => Console.WriteLine(line));
    public void Warn(string line) => _lines.Post(() => Console.Error.WriteLine($"rotato: {line}"));

    /// <summary>A request that got no answer was left by its client: 499, as nginx has it.</summary>
    public void Request(RequestHead head, Answer? answer, double seconds)
    {
        if (quiet) return;
        var status = answer?.Status ?? 499;
        // Green, yellow, red.
        var shown = HasColour ? $"\e[{(status < 400 ? 32 : status == 429 ? 33 : 31)}m{status}\e[0m" : $"{status}";
        Say($"{DateTime.Now:HH:mm:ss} {head.Method,-6} {head.Path,-32} {shown} "
            + $"{answer?.Key?.ToString() ?? "key -",-6} tries {answer?.Tries ?? 0,-2} {seconds * 1000,7:0} ms");
    }

    /// <summary>Writes what is left, if anybody reads it.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Complete();
        await Task.WhenAny(_lines.Completion, Task.Delay(1000));
    }
}
