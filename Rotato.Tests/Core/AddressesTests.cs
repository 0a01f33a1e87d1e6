using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.RunningRotato;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>
/// An upstream whose name has two addresses, of which the first is dead. The executable is started where the name
/// "localhost" has them, which needs a mount namespace of its own and so the rights to make one.
/// </summary>
[Platform("Linux")]
internal sealed class AddressesTests
{
    private readonly Secrets _secrets = new();

    [Test]
    public async Task ReachesAnUpstreamAtTheAddressThatAnswers([Values("refuses", "swallows")] string first)
    {
        using var upstream = new ScriptedUpstream(_ => Ok("here"));
        var port = new Uri(upstream.Url).Port;
        using var full = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        using var queued = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        if (first == "swallows")
        {
            // A full queue: the system drops what more comes, as a dead host would.
            full.Bind(new IPEndPoint(IPAddress.IPv6Loopback, port));
            full.Listen(0);
            await queued.ConnectAsync(full.LocalEndPoint!);
        }

        using var rotato = Start($"http://localhost:{port}");
        var line = await rotato.StandardOutput.ReadLineAsync().WaitAsync(Hang.Limit);
        if (line is null) Assert.Ignore("No namespace for mounts can be made here.");
        var address = new IPEndPoint(IPAddress.Loopback, int.Parse(line!.Split(':')[^1], CultureInfo.InvariantCulture));
        using var client = await RawClient.ConnectAsync(address);

        var response = await client.AskAsync(Post("x"));

        rotato.Kill();
        Assert.That((response.Status, response.Text), Is.EqualTo((200, "here")));
    }

    private Process Start(string url)
    {
        var hosts = Path.GetTempFileName();
        File.WriteAllText(hosts, "::1 localhost\n127.0.0.1 localhost\n");
        var script = $"mount --bind {hosts} /etc/hosts && rm {hosts}; exec '{RunningExecutable.Program}' --port 0 --upstream {url}";
        var start = new ProcessStartInfo("unshare", ["-m", "sh", "-ec", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ROTATO_KEYS"] = _secrets.New();
        return Process.Start(start)!;
    }
}
