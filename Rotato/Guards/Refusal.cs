namespace Rotato.Guards;

/// <summary>A kind of error that Rotato itself answers with.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Name">What clients read as <c>code</c>.</param>
internal sealed record ErrorCode(int Status, string Name)
{
    public static readonly ErrorCode BadRequest = new(400, "bad_request");
    public static readonly ErrorCode Unauthorized = new(401, "unauthorized");
    public static readonly ErrorCode KeysInvalid = new(401, "keys_unusable");
    public static readonly ErrorCode KeysUnpaid = new(402, "keys_unusable");
    public static readonly ErrorCode Forbidden = new(403, "forbidden");
    public static readonly ErrorCode RequestTimeout = new(408, "request_timeout");
    public static readonly ErrorCode PayloadTooLarge = new(413, "payload_too_large");
    public static readonly ErrorCode UriTooLong = new(414, "uri_too_long");
    public static readonly ErrorCode AllKeysResting = new(429, "all_keys_resting");
    public static readonly ErrorCode HeadersTooLarge = new(431, "headers_too_large");
    public static readonly ErrorCode NotImplemented = new(501, "not_implemented");
    public static readonly ErrorCode UpstreamUnreachable = new(502, "upstream_unreachable");
    public static readonly ErrorCode TooBusy = new(503, "too_busy");
    public static readonly ErrorCode UpstreamTimeout = new(504, "upstream_timeout");
    public static readonly ErrorCode HttpVersionNotSupported = new(505, "http_version_not_supported");
}

/// <summary>
/// A request that Rotato answers itself. The message says what happened and what to do. It holds fixed words, numbers
/// and names from the configuration, of a certificate that is not trusted its names and dates, and never text from a
/// request, an answer or another exception, for that may hold a key.
/// </summary>
internal sealed class Refusal(ErrorCode code, string message) : Exception(message)
{
    public ErrorCode Code => code;

    /// <summary>Whether a client is set up wrongly, so that whoever runs Rotato should hear of it as well.</summary>
    public bool IsMisdirected { get; private init; }

    /// <summary>For a client that takes this port for something else.</summary>
    public static Refusal Misdirected(ErrorCode code, string message) => new(code, message) { IsMisdirected = true };

    /// <summary>A 400.</summary>
    /// <param name="what">What is wrong with the request, as the end of a sentence.</param>
    public static Refusal BadRequest(string what) =>
        new(ErrorCode.BadRequest, $"Rotato does not accept this request: {what}.");
}
