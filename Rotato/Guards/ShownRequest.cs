namespace Rotato.Guards;

/// <summary>
/// What may be shown of a request, on the console and on the status page: no query, no field, no body, and no character
/// that could move a terminal's cursor.
/// </summary>
internal sealed record ShownRequest(string Method, string Path, string Model)
{
    private const int LongestMethod = 16;
    private const int LongestPath = 256;
    private const int LongestModel = 64;

    public static ShownRequest Of(RequestHead head, string model) =>
        new(Cut(head.Method, LongestMethod), Cut(head.Path, LongestPath), Visible(Cut(model, LongestModel)));

    private static string Cut(string text, int longest) => text.Length <= longest ? text : text[..longest];

    /// <summary>The text with a question mark for everything that is not visible ASCII, blanks apart.</summary>
    public static string Visible(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~')) return text;
        return string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'));
    }
}
