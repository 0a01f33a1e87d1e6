using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rotato.Tests.Bench;

/// <summary>
/// One end of a connection: the clients before a proxy and the upstream behind it. It knows as much of HTTP as the two of them send: heads, bodies
/// with a length, chunks that come as they were sent.
/// </summary>
internal sealed class Peer(Socket socket) : IDisposable
{
    private readonly byte[] _buffer = new byte[256 << 10];
    private int _start, _end;

    public static async Task<Peer> ConnectAsync(IPEndPoint to)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(to);
        return new(socket);
    }

    /// <summary>Accepts for as long as the listener lives and does the same for each connection.</summary>
    public static Socket Listen(Func<Peer, Task> serve)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(4096);
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var socket = await listener.AcceptAsync();
                socket.NoDelay = true;
                _ = ServeAsync(new Peer(socket), serve);
            }
        });
        return listener;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes)..];
    }

    /// <summary>What the last head that was read begins with.</summary>
    public string FirstLine { get; private set; } = "";

    /// <summary>Reads a head and as many bytes of body as it announces; throws where the other side has closed.</summary>
    public async Task MessageAsync()
    {
        var length = await HeadAsync();
        while (length > 0)
        {
            if (_start == _end) await FillAsync();
            var taken = (int)Math.Min(length, _end - _start);
            (_start, length) = (_start + taken, length - taken);
        }
    }

    /// <summary>Reads a head and says how long the body is, 0 where it does not.</summary>
    public async Task<long> HeadAsync()
    {
        int end;
        while ((end = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8)) < 0) await FillAsync();
        var head = Encoding.Latin1.GetString(_buffer, _start, end);
        _start += end + 4;
        FirstLine = head.Split('\r')[0];
        const string Name = "\r\nContent-Length: ";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? 0 : long.Parse(head.AsSpan(at + Name.Length).ToString().Split('\r')[0], CultureInfo.InvariantCulture);
    }

    /// <summary>The next moment that an event tells in its data, as ticks of the system's clock.</summary>
    public async Task<long> EventAsync()
    {
        int at, end;
        while ((at = _buffer.AsSpan(_start, _end - _start).IndexOf("data: "u8)) < 0
            || (end = _buffer.AsSpan(_start + at, _end - _start - at).IndexOf("\n\n"u8)) < 0)
        {
            await FillAsync();
        }

        var text = Encoding.ASCII.GetString(_buffer, _start + at + 6, end - 6);
        _start += at + end + 2;
        return long.Parse(text, CultureInfo.InvariantCulture);
    }

    public void Dispose() => socket.Dispose();

    private static async Task ServeAsync(Peer peer, Func<Peer, Task> serve)
    {
        using (peer)
        {
            try
            {
                while (true) await serve(peer);
            }
            catch (Exception e) when (e is SocketException or EndOfStreamException or ObjectDisposedException) { }
        }
    }

    private async Task FillAsync()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var count = await socket.ReceiveAsync(_buffer.AsMemory(_end));
        if (count == 0) throw new EndOfStreamException();
        _end += count;
    }
}
