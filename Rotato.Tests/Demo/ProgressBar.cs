namespace Rotato.Demo;

/// <summary>How far one row of the table has come: a bar on a terminal, nothing in a file or a pipe.</summary>
internal sealed class ProgressBar : IDisposable
{
    private const int WidestBar = 30;
    private const int WidthWhereUnknown = 80;

    private readonly Lock _lock = new();
    private readonly string _title;
    private readonly int _total;
    private int _done;

    /// <summary>Draws the empty bar.</summary>
    public ProgressBar(string title, int total)
    {
        _title = title;
        _total = total;
        Draw();
    }

    /// <summary>One more is done.</summary>
    public void Advance()
    {
        lock (_lock)
        {
            _done++;
            Draw();
        }
    }

    /// <summary>Clears the line, for the row that takes its place.</summary>
    public void Dispose()
    {
        lock (_lock) Replace("");
    }

    private void Draw()
    {
        var count = $"{_done} of {_total}";
        var text = $"{_title,7}  {count}";
        var width = Math.Min(WidestBar, LineWidth() - text.Length - 4);
        if (width < 1)
        {
            Replace(text);
            return;
        }

        var filled = width * _done / _total;
        var bar = new string('#', filled).PadRight(width, '.');
        Replace($"{_title,7}  [{bar}] {count}");
    }

    /// <summary>Writes over the line, with blanks instead of control sequences that not every terminal has.</summary>
    private static void Replace(string text)
    {
        if (Console.IsOutputRedirected) return;

        var width = LineWidth();
        var line = text.Length > width ? text[..width] : text.PadRight(width);
        Console.Write($"\r{line}\r{line.TrimEnd()}");
    }

    /// <summary>Leaves one column free, because some terminals begin a new line after the last one.</summary>
    private static int LineWidth()
    {
        if (Console.IsOutputRedirected) return WidthWhereUnknown - 1;

        var width = Console.WindowWidth;
        return (width > 0 ? width : WidthWhereUnknown) - 1;
    }
}
