using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;

namespace Rotato;

/// <summary>Opens connections to upstreams: to the first of a name's addresses that answers.</summary>
internal static class Dialer
{
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(10);

    // RFC 8305 section 5.
    private static readonly TimeSpan HeadStart = TimeSpan.FromMilliseconds(250);

    public static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var addresses = await AddressesOf(context, cancel);
        return await ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
    }

    /// <summary>For names of this machine: whoever answers for such a name in DNS must not get a key.</summary>
    /// <exception cref="SocketException">The name has no loopback address.</exception>
    public static async ValueTask<Stream> ConnectToThisMachineAsync(
        SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var addresses = Array.FindAll(await AddressesOf(context, cancel), IPAddress.IsLoopback);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        return await ConnectAsync(addresses, context.DnsEndPoint.Port, cancel);
    }

    // An IP address is returned unchanged.
    private static Task<IPAddress[]> AddressesOf(SocketsHttpConnectionContext context, CancellationToken cancel) =>
        Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancel);

    private static async Task<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancel)
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var attempts = new List<Task<Socket>>();
        for (var i = 0; i < addresses.Length; i++)
        {
            var attempt = DialAsync(new IPEndPoint(addresses[i], port), others.Token);
            attempts.Add(attempt);
            var isLast = i == addresses.Length - 1;
            if (!isLast) await Task.WhenAny(attempt, Task.Delay(HeadStart, cancel));
            // Perhaps an earlier one has, meanwhile.
            if (attempts.Exists(each => each.IsCompletedSuccessfully)) break;
        }

        var socket = await FirstOf(attempts, cancel);
        await others.CancelAsync();
        foreach (var attempt in attempts) _ = attempt.ContinueWith(done => Drop(done, socket), TaskScheduler.Default);
        return new UpstreamStream(socket);
    }

    // The first that succeeds; where none does, the last one's failure.
    private static async Task<Socket> FirstOf(List<Task<Socket>> attempts, CancellationToken cancel)
    {
        await foreach (var attempt in Task.WhenEach(attempts))
            if (attempt.IsCompletedSuccessfully) return await attempt;
        // HttpClient knows its own cancellation, which is that of its time for a connection, by the token alone.
        cancel.ThrowIfCancellationRequested();
        return await attempts[^1];
    }

    private static void Drop(Task<Socket> attempt, Socket kept)
    {
        if (attempt.IsCompletedSuccessfully && attempt.Result != kept) attempt.Result.Dispose();
    }

    private static async Task<Socket> DialAsync(IPEndPoint end, CancellationToken cancel)
    {
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            KeepAlive(socket);
            await socket.ConnectAsync(end, cancel);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // Otherwise a dead peer is noticed only after the silence that a thinking model is allowed, and routers forget a
    // connection that is silent for minutes.
    private static void KeepAlive(Socket socket)
    {
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        }
        catch (SocketException)
        {
            // An older system keeps numbers of its own.
        }
    }
}
