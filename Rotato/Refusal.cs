/// <summary>
/// Every error that Rotato itself answers with: the number is the HTTP status, the name in snake case the <c>code</c>
/// that clients read.
/// </summary>
internal enum ErrorCode
{
    None, BadRequest = 400, Unauthorized = 401, Forbidden = 403, RequestTimeout = 408, PayloadTooLarge = 413,
    UriTooLong = 414, AllKeysResting = 429, HeadersTooLarge = 431, NotImplemented = 501, UpstreamUnreachable = 502,
    TooBusy = 503, UpstreamTimeout = 504, HttpVersionNotSupported = 505,
}

/// <summary>
/// A request that Rotato answers itself. The message says what happened and what to do, in fixed words and numbers that
/// need no escape in JSON: never with text from a request, an answer or another exception, for that may hold a key.
/// </summary>
internal sealed class Refusal(ErrorCode code, string message) : Exception(message)
{
    private string Name => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());

    public Answer ToAnswer() => new("application/json",
        $$$"""{"error":{"message":"{{{Message}}}","type":"rotato_error","code":"{{{Name}}}"}}""", (int)code);
}

/// <summary>
/// What goes back to the client: the upstream's response, or one made here (then <paramref name="Key"/> is null).
/// </summary>
internal sealed record Answer(HttpResponseMessage Response, ApiKey? Key = null, int Tries = 0)
{
    // Whatever is made here is for this one reader, and no browser may do more with it than a page of Rotato needs.
    public Answer(string type, string text, int status = 200) : this(new HttpResponseMessage((HttpStatusCode)status)
    {
        Content = new StringContent(text, MediaTypeHeaderValue.Parse(type)),
        Headers = { { "Cache-Control", "no-store" }, { "X-Content-Type-Options", "nosniff" },
            { "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'" } },
    })
    {
    }

    public int Status => (int)Response.StatusCode;
}
