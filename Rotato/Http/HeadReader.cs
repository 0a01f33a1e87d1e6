namespace Rotato.Http;

/// <summary>Reads the lines of a request's head and of trailers; what they may hold, the guards decide.</summary>
internal static class HeadReader
{
    private const int LongestRequestLine = 8192;
    private const int MostFieldBytes = 32 << 10;
    private const int MostFields = 100;

    /// <summary>
    /// A request line and the fields behind it (RFC 9112 section 2.1). Reads line by line, so that garbage is refused
    /// at once and not by the deadline.
    /// </summary>
    /// <exception cref="Refusal">The bytes are no head that Rotato accepts.</exception>
    public static async ValueTask<RequestHead> ReadAsync(Input input)
    {
        var line = await input.LineAsync(LongestRequestLine, ErrorCode.UriTooLong);
        var first = RequestLine.Check(line);
        return RequestHead.Check(first, await ReadFieldsAsync(input));
    }

    /// <summary>
    /// field-line = field-name ":" OWS field-value OWS (RFC 9112 section 5), up to an empty line. Folded lines are
    /// refused, because their name is no token.
    /// </summary>
    public static async ValueTask<Dictionary<string, string>> ReadFieldsAsync(Input input)
    {
        var fields = new Dictionary<string, string>(16, StringComparer.OrdinalIgnoreCase);
        var bytesLeft = MostFieldBytes;
        for (var count = 1; ; count++)
        {
            var line = await input.LineAsync(bytesLeft, ErrorCode.HeadersTooLarge);
            if (line == "") return fields;
            bytesLeft -= line.Length + 2;
            if (count > MostFields)
                throw new Refusal(ErrorCode.HeadersTooLarge, $"There are more than {MostFields} header fields.");
            AddField(fields, line);
        }
    }

    private static void AddField(Dictionary<string, string> fields, string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0) throw Refusal.BadRequest("a header field has no name");
        var name = line[..colon];
        if (name.EndsWith(' ')) throw Refusal.BadRequest("there is a blank before the colon of a header field");
        var value = line.AsSpan(colon + 1).Trim(" \t").ToString();
        if (fields.TryAdd(name, value)) return;
        var before = fields[name];
        var isRepeated = before == value && PassedFields.IsSingleValued(name);
        if (!isRepeated) fields[name] = $"{before}, {value}";
    }
}
