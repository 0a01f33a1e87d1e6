namespace Rotato.Monitoring;

/// <summary>A request's line on the console.</summary>
internal static class LogLine
{
    private const int PathColumns = 32;

    /// <param name="request">The request.</param>
    /// <param name="localTime">When it came, by the clock on the wall.</param>
    /// <param name="hasColour">Whether the status gets a colour.</param>
    public static string Of(EndedRequest request, DateTimeOffset localTime, bool hasColour)
    {
        var shown = request.Request;
        var status = request.Status.ToString(CultureInfo.InvariantCulture);
        if (hasColour) status = $"\e[{ColourOf(request)}m{status}\e[0m";
        var key = request.Key is { } number ? $"key {number}" : "key -";
        var cut = request.IsCut ? "  cut" : "";
        var model = shown.Model == "" ? "-" : shown.Model;
        return string.Create(CultureInfo.InvariantCulture,
            $"{localTime:HH:mm:ss} {shown.Method,-6} {Fitted(shown.Path),-PathColumns} {model,-20} {status} {key,-6} "
            + $"tries {request.Tries,-2} {request.Seconds * 1000,6:0} ms{cut}");
    }

    // Green, yellow, red.
    private static int ColourOf(EndedRequest request)
    {
        if (request.Status == 429) return 33;
        return request.Status < 400 && !request.IsCut ? 32 : 31;
    }

    // Of a long path the end says more than the middle.
    private static string Fitted(string path)
    {
        if (path.Length <= PathColumns) return path;
        const int Half = (PathColumns - 3) / 2;
        return $"{path[..Half]}...{path[^(PathColumns - 3 - Half)..]}";
    }
}
