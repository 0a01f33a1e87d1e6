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
    public ErrorCode Code => code;
    private string Name => JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());

    public Answer ToAnswer() => new(new HttpResponseMessage((HttpStatusCode)code)
    {
        Content = new StringContent($$$"""
            {"error":{"message":"{{{Message}}}","type":"rotato_error","code":"{{{Name}}}"}}
            """, new MediaTypeHeaderValue("application/json")),
    });
}

/// <summary>
/// What goes back to the client: the upstream's response, or one made here (then <paramref name="Key"/> is null).
/// </summary>
internal sealed record Answer(HttpResponseMessage Response, ApiKey? Key = null, int Tries = 0)
{
    public int Status => (int)Response.StatusCode;
}
