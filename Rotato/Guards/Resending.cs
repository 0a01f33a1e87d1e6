using System.Net.Http;

namespace Rotato.Guards;

/// <summary>
/// When a request may be sent a second time. Otherwise a model may already have worked on it, and the key's owner would
/// pay twice. Nothing is ever sent again once a byte of an answer has gone to the client.
/// </summary>
internal static class Resending
{
    /// <summary>
    /// After an answer: only where the API says that it has not served the request, and another key may be served.
    /// </summary>
    /// <param name="status">As it came from the API.</param>
    /// <param name="beginning">What is there of the body.</param>
    public static bool MayFollowAnswer(int status, ReadOnlySpan<byte> beginning)
    {
        if (status == 200) return HiddenError.IsIn(beginning);
        if (status is 400 or 404) return true;
        if (status is 401 or 402 or 403) return true;
        return status == 429;
    }

    /// <summary>
    /// After a failure: only where no byte of the request can have arrived, and not where the time for it is over.
    /// </summary>
    public static bool MayFollowFailure(UpstreamFailure failure)
    {
        if (failure == UpstreamFailure.NameNotFound) return true;
        if (failure == UpstreamFailure.NotConnected) return true;
        return failure == UpstreamFailure.NotSecured;
    }

    /// <summary>
    /// What a failure of HttpClient was; <see cref="UpstreamFailure.Broken"/> where that is not certain.
    /// </summary>
    public static UpstreamFailure FailureOf(Exception exception)
    {
        // The only time that HttpClient itself keeps is that for a connection.
        if (exception is OperationCanceledException) return UpstreamFailure.NotConnectedInTime;
        return (exception as HttpRequestException)?.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => UpstreamFailure.NameNotFound,
            HttpRequestError.ConnectionError => UpstreamFailure.NotConnected,
            HttpRequestError.ProxyTunnelError => UpstreamFailure.RefusedByProxy,
            HttpRequestError.SecureConnectionError => UpstreamFailure.NotSecured,
            HttpRequestError.InvalidResponse => UpstreamFailure.Invalid,
            HttpRequestError.ConfigurationLimitExceeded => UpstreamFailure.Invalid,
            _ => UpstreamFailure.Broken,
        };
    }

    /// <summary>
    /// Whether HttpClient may repeat a request by itself when an idle connection turns out to be closed. It does so
    /// only if the request has no content object; even an empty one prevents it.
    /// </summary>
    public static bool HttpClientMayRepeat(string method) => method is "GET" or "HEAD";
}

/// <summary>What kept an upstream from answering.</summary>
internal enum UpstreamFailure
{
    NameNotFound,
    NotConnected,
    NotConnectedInTime,
    RefusedByProxy,
    NotSecured,
    Broken,
    Invalid,
}
