namespace Rotato;

/// <summary>
/// Every error that Rotato itself answers with: the number is the HTTP status, the name in snake case is the <c>code</c> that
/// clients read. Nothing else is ever answered in Rotato's own name.
/// </summary>
internal enum ErrorCode
{
    BadRequest = 400, Unauthorized = 401, Forbidden = 403, RequestTimeout = 408, PayloadTooLarge = 413, UriTooLong = 414,
    AllKeysResting = 429, HeadersTooLarge = 431, NotImplemented = 501, UpstreamUnreachable = 502, TooBusy = 503,
    UpstreamTimeout = 504, HttpVersionNotSupported = 505,
}

/// <summary>
/// A request that Rotato answers itself, and why. The message goes to the client: it says what happened and what to do,
/// in fixed words and numbers, never with text from a request, an answer or another exception (they may hold a key).
/// </summary>
internal sealed class Refusal(ErrorCode code, string message) : Exception(message)
{
    public Answer ToAnswer()
    {
        var name = JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString());
        var text = JsonEncodedText.Encode(Message);
        var json = $$$"""{"error":{"message":"{{{text}}}","type":"rotato_error","code":"{{{name}}}"}}""";
        var answer = Answer.Own((int)code, "application/json", json);
        if (code is ErrorCode.Unauthorized) answer.Response.Headers.Add("WWW-Authenticate", "Basic realm=\"Rotato\"");
        return answer;
    }
}

/// <summary>
/// What goes back to the client: the upstream's response, or one made here (<paramref name="Key"/> is null then).
/// <paramref name="Retry"/>, where set, is the time until a key is ready and replaces what the upstream said about it.
/// </summary>
internal sealed record Answer(HttpResponseMessage Response, ApiKey? Key = null, int Tries = 0, TimeSpan? Retry = null)
{
    public bool IsUpgrade => Response.StatusCode == HttpStatusCode.SwitchingProtocols;

    public static Answer Own(int status, string contentType, string text)
    {
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        return new(new HttpResponseMessage((HttpStatusCode)status) { Content = content });
    }
}
