namespace Rotato.Http;

/// <summary>What a client is told where an upstream gave no answer: which host, what happened, what to check.</summary>
internal static class FailureText
{
    /// <param name="failure">What happened.</param>
    /// <param name="host">Where.</param>
    /// <param name="detail">What is wrong with a certificate; null where nothing is known.</param>
    /// <param name="proxy">The proxy that lies between; null where none does.</param>
    public static Refusal ToRefusal(UpstreamFailure failure, string host, string? detail, string? proxy)
    {
        var isTimeout = failure == UpstreamFailure.NotConnectedInTime;
        var through = proxy is null ? "" : $" (through the proxy {proxy})";
        var more = detail is null ? "" : $" In detail: {detail}.";
        return new(isTimeout ? ErrorCode.UpstreamTimeout : ErrorCode.UpstreamUnreachable,
            $"{host}{through} {Of(failure, isCertificateKnown: detail is not null)}{more}");
    }

    // The rest of a sentence that begins with the host.
    private static string Of(UpstreamFailure failure, bool isCertificateKnown) => failure switch
    {
        UpstreamFailure.NameNotFound => "was not found (DNS); check the URL and the network of this machine.",
        UpstreamFailure.NotConnected => "refused the connection; check the URL, and whether a proxy is needed.",
        UpstreamFailure.NotConnectedInTime => "took no connection within 10 seconds; check the URL and the network.",
        UpstreamFailure.RefusedByProxy => "was not reached: the proxy has turned the request down; check its user and"
            + " password, and whether it allows this host.",
        UpstreamFailure.NotSecured when !isCertificateKnown => "did not speak TLS as expected; check the URL: its port"
            + " may be one for plain HTTP.",
        UpstreamFailure.NotSecured => "offered no certificate that this machine trusts (TLS); check the URL, the clock,"
            + " and SSL_CERT_FILE where a proxy of the company looks into TLS.",
        UpstreamFailure.Invalid => "gave an answer that is no sound HTTP; check the URL.",
        _ => "broke off before it answered; the request was not sent again, for it may have been worked on.",
    };
}
