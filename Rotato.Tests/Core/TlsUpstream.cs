using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>An upstream behind TLS with a certificate of its own making. It answers every request with 200.</summary>
internal sealed class TlsUpstream : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly StringBuilder _received = new();

    /// <param name="name">Whom the certificate is for.</param>
    /// <param name="firstDay">From when it is valid, in days from now.</param>
    /// <param name="lastDay">Until when.</param>
    public TlsUpstream(string name, int firstDay, int lastDay)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = DateTimeOffset.UtcNow;
        using var made = request.CreateSelfSigned(now.AddDays(firstDay), now.AddDays(lastDay));
        _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
    public string Pem => _certificate.ExportCertificatePem();
    public DateTime NotBefore => _certificate.NotBefore;
    public DateTime NotAfter => _certificate.NotAfter;

    /// <summary>All that ever came through TLS.</summary>
    public string Received
    {
        get { lock (_received) return _received.ToString(); }
    }

    public void Dispose()
    {
        _listener.Dispose();
        _certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(Socket socket)
    {
        await using var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsServerAsync(_certificate);
            var room = new byte[4096];
            while (await stream.ReadAsync(room) is > 0 and var count)
            {
                lock (_received) _received.Append(Encoding.Latin1.GetString(room, 0, count));
                if (Received.EndsWith("\r\n\r\n", StringComparison.Ordinal))
                    await stream.WriteAsync(Encoding.Latin1.GetBytes(Ok("through TLS")));
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException) { }
    }
}
