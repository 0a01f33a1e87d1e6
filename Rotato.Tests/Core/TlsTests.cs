using System.Globalization;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;

namespace Rotato.Tests.Core;

/// <summary>
/// A key goes only to an upstream whose certificate this machine trusts; else people are told what is wrong.
/// </summary>
internal sealed class TlsTests
{
    // Whom a certificate is for, from when and until when in days; then what is said of it.
    [TestCase("localhost", -1, 1, "localhost.* does not trust")]
    [TestCase("other.example", -1, 1, "is for other\\.example")]
    [TestCase("localhost", -9, -2, "expired on END")]
    [TestCase("localhost", 2, 9, "not valid before BEGIN")]
    public async Task SaysWhatIsWrongWithACertificate(string name, int firstDay, int lastDay, string words)
    {
        using var upstream = new TlsUpstream(name, firstDay, lastDay);
        var rotato = new RunningRotato(null, $"--upstream https://localhost:{upstream.Port}");
        RawResponse response;
        await using (rotato)
        {
            var asking = rotato.AskAsync(Post("x"));
            await rotato.Clock.TimerAsync(0.25);
            rotato.Clock.Advance(0.25);
            response = await asking;
        }

        var expected = words.Replace("END", Day(upstream.NotAfter), StringComparison.Ordinal)
            .Replace("BEGIN", Day(upstream.NotBefore), StringComparison.Ordinal);
        Assert.That((response.Status, response.ErrorCode), Is.EqualTo((502, "upstream_unreachable")));
        Assert.That(response.Text, Does.Match(expected).And.Contain($"localhost:{upstream.Port}"));
        Assert.That(response.Text, Does.Contain("SSL_CERT_FILE"));
        Assert.That(rotato.Errors.First(), Does.Match(expected));
        Assert.That(upstream.Received, Is.Empty, "no key goes there");
    }

    [Test, Platform("Linux")]
    public async Task TrustsWhatTheOwnerOfTheMachineTrusts()
    {
        using var upstream = new TlsUpstream("localhost", -1, 1);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, upstream.Pem);
        var secrets = new Secrets();
        var key = secrets.New();
        using var rotato = new RunningExecutable(
            ["--port", "0", "--upstream", $"https://localhost:{upstream.Port}"], "", ("ROTATO_KEYS", key),
                ("SSL_CERT_FILE", file))
        {
            Secrets = secrets,
        };
        using var client = await RawClient.ConnectAsync(await rotato.ListeningAsync());

        Assert.That((await client.AskAsync(Get())).Text, Is.EqualTo("through TLS"));
        Assert.That(upstream.Received, Does.Contain($"Authorization: Bearer {key}\r\n"));
        File.Delete(file);
    }

    private static string Day(DateTime time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
