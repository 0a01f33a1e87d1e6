namespace Rotato.Guards;

/// <summary>
/// Where a request's body ends (RFC 9112 section 6.3). A request that two readers could frame in two ways is refused:
/// behind such a body the one would see the next request where the other still sees text.
/// </summary>
internal static class RequestFraming
{
    // Enough for any real length, and too few to overflow.
    private const int MostDecimalDigits = 15;
    private const int MostHexadecimalDigits = 8;

    /// <summary>Bytes of the body; null where it is chunked; 0 where there is none.</summary>
    /// <exception cref="Refusal">The framing is ambiguous, malformed or unknown.</exception>
    public static long? LengthOf(Dictionary<string, string> fields, bool isHttp11)
    {
        var length = fields.GetValueOrDefault("Content-Length");
        var coding = fields.GetValueOrDefault("Transfer-Encoding");
        if (coding is null) return length is null ? 0 : DecimalNumber(length);
        if (length is not null) throw Refusal.BadRequest("it has both a Content-Length and a Transfer-Encoding");
        if (!isHttp11) throw Refusal.BadRequest("HTTP/1.0 has no Transfer-Encoding");
        if (coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)) return null;
        // "chunked" twice, or before another coding, leaves open where the body ends.
        if (coding.StartsWith("chunked,", StringComparison.OrdinalIgnoreCase))
            throw Refusal.BadRequest("chunked is not the last transfer coding");
        throw new Refusal(ErrorCode.NotImplemented, "The only transfer coding that Rotato takes is chunked.");
    }

    /// <summary>chunk-size = 1*HEXDIG (RFC 9112 section 7.1), in bytes.</summary>
    /// <exception cref="Refusal">It is no such number.</exception>
    public static long ChunkSize(ReadOnlySpan<char> digits)
    {
        foreach (var digit in digits)
            if (!char.IsAsciiHexDigit(digit)) throw Refusal.BadRequest("the size of a chunk is not a number");
        // Checked before the parse: sixteen hexadecimal digits would come out as a negative number.
        if (digits.Length is 0 or > MostHexadecimalDigits)
            throw Refusal.BadRequest("the size of a chunk is not a number");
        return long.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    // Content-Length = 1*DIGIT (RFC 9110 section 8.6). A second one has made a list of it, which is no number either.
    private static long DecimalNumber(string digits)
    {
        // Checked before the parse: the parser lets NULs at the end pass.
        if (digits == "" || digits.AsSpan().ContainsAnyExceptInRange('0', '9'))
            throw Refusal.BadRequest("its Content-Length is not a number");
        if (digits.Length > MostDecimalDigits)
        {
            throw new Refusal(
                ErrorCode.PayloadTooLarge, "The body is larger than --max-body allows; send less or raise it.");
        }

        return long.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
