using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Rotato;

/// <summary>
/// TLS to the upstreams: the certificate must be one that this machine trusts, for the host that is dialled. Nothing is
/// trusted beyond that; this only says what is wrong with one that is not.
/// </summary>
internal static class Tls
{
    public static readonly SslClientAuthenticationOptions Options = new()
    {
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(certificate, chain, errors),
    };

    /// <exception cref="AuthenticationException">It is not; the message says why.</exception>
    private static bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        throw new UntrustedCertificateException(WhyNot((X509Certificate2?)certificate, chain, errors));
    }

    private static string WhyNot(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null) return "it showed no certificate";
        var name = ShownRequest.Visible(certificate.GetNameInfo(X509NameType.DnsName, forIssuer: false));
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return $"its certificate is for {name}";
        var end = certificate.NotAfter;
        if (end < DateTime.Now) return $"its certificate for {name} expired on {end:yyyy-MM-dd}";
        var begin = certificate.NotBefore;
        if (begin > DateTime.Now) return $"its certificate for {name} is not valid before {begin:yyyy-MM-dd}";
        var issuer = ShownRequest.Visible(certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: true));
        var status = chain?.ChainStatus.FirstOrDefault().Status;
        return $"its certificate for {name} comes from {issuer}, which this machine does not trust ({status})";
    }
}

/// <summary>A certificate that is not trusted. The message says why, in words that may be shown.</summary>
internal sealed class UntrustedCertificateException(string message) : AuthenticationException(message);
