namespace Rotato.Http;

/// <summary>
/// The line before a chunk: chunk-size [ chunk-ext ] (RFC 9112 section 7.1). Extensions are parsed by their grammar
/// and ignored: other parsers went wrong where they skipped them up to some line end.
/// </summary>
internal static class ChunkLine
{
    // chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ); a value is a token or a quoted text.

    /// <summary>The digits of the size; whether they are a number, the guards decide.</summary>
    /// <exception cref="Refusal">What follows is no chunk extension.</exception>
    public static string SizeIn(string line)
    {
        var semicolon = line.IndexOf(';', StringComparison.Ordinal);
        if (semicolon < 0) return line;
        var rest = line.AsSpan(semicolon);
        while (!rest.IsEmpty) rest = AfterExtension(rest);
        return line[..semicolon].TrimEnd(' ', '\t');
    }

    private static ReadOnlySpan<char> AfterExtension(ReadOnlySpan<char> text)
    {
        text = text.TrimStart(" \t");
        if (text.IsEmpty || text[0] != ';') throw Malformed();
        var rest = AfterName(text[1..].TrimStart(" \t"));
        var value = rest.TrimStart(" \t");
        if (value.IsEmpty || value[0] != '=') return rest;
        value = value[1..].TrimStart(" \t");
        var isQuoted = !value.IsEmpty && value[0] == '"';
        return isQuoted ? AfterQuoted(value[1..]) : AfterName(value);
    }

    private static ReadOnlySpan<char> AfterName(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExcept(RequestHead.TokenCharacters);
        if (end == 0 || text.IsEmpty) throw Malformed();
        return end < 0 ? default : text[end..];
    }

    private static ReadOnlySpan<char> AfterQuoted(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] == '"') return text[1..];
            var isEscape = text[0] == '\\';
            if (isEscape && text.Length == 1) break;
            text = text[(isEscape ? 2 : 1)..];
        }

        throw Malformed();
    }

    private static Refusal Malformed() => Refusal.BadRequest("a chunk extension is malformed");
}
