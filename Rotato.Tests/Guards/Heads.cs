namespace Rotato.Tests.Guards;

/// <summary>Requests for tests of rules that look at a request and nothing else.</summary>
internal static class Heads
{
    /// <summary>A head as the reader of lines gives it to the check.</summary>
    /// <param name="line">Method, target and version.</param>
    /// <param name="fields">Each "name: value".</param>
    public static RequestHead Check(string line, params string[] fields) =>
        RequestHead.Check(RequestLine.Check(line), Fields(fields));

    /// <summary>A GET with a Host and these fields.</summary>
    public static RequestHead Get(string target = "/", params string[] fields) =>
        Check($"GET {target} HTTP/1.1", ["Host: localhost", .. fields]);

    public static Dictionary<string, string> Fields(params string[] fields) => fields.Select(field => field.Split(": ", 2))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.OrdinalIgnoreCase);

    /// <summary>The code that it is refused with; null where it passes.</summary>
    public static string? RefusalOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Refusal e)
        {
            return e.Code.Name;
        }
    }
}
