using System.Net;
using System.Net.Sockets;
using System.Text;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>
/// An upstream that answers each request as soon as its head has come, reads nothing of the body, and closes: the first
/// with the given status, those after it with 200.
/// </summary>
internal sealed class EarlyUpstream : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _status;
    private int _heads;

    public EarlyUpstream(string status)
    {
        _status = status;
        _listener.Start();
        Url = $"http://{_listener.LocalEndpoint}";
        _ = AcceptAsync();
    }

    public string Url { get; }

    /// <summary>How many requests have come.</summary>
    public int Heads => Volatile.Read(ref _heads);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = AnswerAsync(await _listener.AcceptSocketAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using var closing = socket;
        var head = "";
        var byteOfHead = new byte[1];
        while (!head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            if (await socket.ReceiveAsync(byteOfHead) == 0) return;
            head += (char)byteOfHead[0];
        }

        var isFirst = Interlocked.Increment(ref _heads) == 1;
        await socket.SendAsync(Encoding.Latin1.GetBytes(Answer(isFirst ? _status : "200 OK", "early",
            "Connection: close\r\n")));
    }
}
