using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Rotato.Tests.Infra;

/// <summary>
/// An upstream on a raw socket. It records each request exactly as it comes. What the given function returns is sent as the answer; where
/// there is none, or it returns null, the test answers by <see cref="UpstreamRequest.SendAsync(string)"/> in its own time, in any broken way.
/// </summary>
internal sealed class ScriptedUpstream : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Channel<UpstreamRequest> _arrived = Channel.CreateUnbounded<UpstreamRequest>();
    private readonly List<UpstreamRequest> _requests = [];
    private readonly List<Socket> _connections = [];
    private readonly Func<UpstreamRequest, string?> _answer;

    /// <param name="answer">What to answer, or null where the test does it.</param>
    /// <param name="isListening">If not, connections are refused until <see cref="Listen"/>.</param>
    public ScriptedUpstream(Func<UpstreamRequest, string?>? answer = null, bool isListening = true)
    {
        _answer = answer ?? (_ => null);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}";
        if (isListening) Listen();
    }

    public string Url { get; }

    /// <summary>How many connections have been opened so far.</summary>
    public int Connections
    {
        get { lock (_connections) return _connections.Count; }
    }

    /// <summary>All requests so far, in the order in which they were complete.</summary>
    public UpstreamRequest[] Requests
    {
        get { lock (_requests) return [.. _requests]; }
    }

    /// <summary>A complete answer with this body.</summary>
    public static string Ok(string body = "ok", string fields = "") => Answer("200 OK", body, fields);

    /// <summary>A complete answer; further fields as lines that end with CR LF.</summary>
    public static string Answer(string status, string body = "", string fields = "") =>
        $"HTTP/1.1 {status}\r\n{fields}Content-Length: {body.Length}\r\n\r\n{body}";

    public void Listen()
    {
        _listener.Listen();
        _ = AcceptAsync();
    }

    /// <summary>The next request that nobody has taken yet, when it has come.</summary>
    public Task<UpstreamRequest> NextAsync() => _arrived.Reader.ReadAsync().AsTask().WaitAsync(Hang.Limit);

    public void Dispose()
    {
        _listener.Dispose();
        DropConnections();
    }

    /// <summary>Resets all that are open.</summary>
    public void DropConnections()
    {
        lock (_connections) _connections.ForEach(connection => connection.Close(0));
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                socket.NoDelay = true;
                lock (_connections) _connections.Add(socket);
                _ = ServeAsync(socket);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException) { }
    }

    private async Task ServeAsync(Socket socket)
    {
        var (peer, closed) = (new Peer(socket), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            while (true)
            {
                var head = Encoding.Latin1.GetString(await peer.TakeThroughAsync("\r\n\r\n"));
                var request = new UpstreamRequest(head, await ReadBodyAsync(peer, head), socket, closed.Task);
                lock (_requests) _requests.Add(request);
                if (_answer(request) is { } answer) await request.SendAsync(answer);
                _arrived.Writer.TryWrite(request);
                await peer.WaitAsync();
                while (request.IsSwitched) request.AddAfter(await peer.TakeAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or EndOfStreamException)
        {
            closed.SetResult();
        }
    }

    private static async Task<byte[]> ReadBodyAsync(Peer peer, string head)
    {
        var fields = UpstreamRequest.ParseFields(head);
        if (fields.FirstOrDefault(field => field.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Value is { } length)
            return await peer.TakeAsync(int.Parse(length, CultureInfo.InvariantCulture));
        // Rotato sends lengths; a chunked request would be recorded as it is, with an empty body and then garbage for a head.
        return [];
    }

    /// <summary>Reads from a connection what it is asked for.</summary>
    private sealed class Peer(Socket socket)
    {
        private readonly byte[] _buffer = new byte[64 << 10];
        private readonly MemoryStream _bytes = new();

        public async Task<byte[]> TakeThroughAsync(string end)
        {
            var bytes = Encoding.Latin1.GetBytes(end);
            int at;
            while ((at = _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length).IndexOf(bytes)) < 0) await ReceiveAsync();
            return Take(at + bytes.Length);
        }

        public async Task<byte[]> TakeAsync(int count)
        {
            while (_bytes.Length < count) await ReceiveAsync();
            return Take(count);
        }

        /// <summary>Until there is something to take.</summary>
        public async Task WaitAsync()
        {
            if (_bytes.Length == 0) await ReceiveAsync();
        }

        public async Task<byte[]> TakeAsync()
        {
            await WaitAsync();
            return Take((int)_bytes.Length);
        }

        private byte[] Take(int count)
        {
            var all = _bytes.ToArray();
            _bytes.SetLength(0);
            _bytes.Write(all.AsSpan(count));
            return all[..count];
        }

        private async Task ReceiveAsync()
        {
            var count = await socket.ReceiveAsync(_buffer);
            if (count == 0) throw new EndOfStreamException();
            _bytes.Write(_buffer.AsSpan(0, count));
        }
    }
}

/// <summary>One request as it came to the upstream, and the connection to answer it on.</summary>
internal sealed class UpstreamRequest(string head, byte[] body, Socket socket, Task closed)
{
    private readonly Channel<byte[]> _after = Channel.CreateUnbounded<byte[]>();

    /// <summary>From the request line to the blank line, as it came.</summary>
    public string Head => head;
    public byte[] Body => body;
    public string Line { get; } = head.Split("\r\n")[0];
    public string Target => Line.Split(' ')[1];
    public IReadOnlyList<(string Name, string Value)> Fields { get; } = ParseFields(head);

    /// <summary>The field's value; those of several lines joined by commas; null where there is none.</summary>
    public string? this[string name] =>
        Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value).ToArray() is { Length: > 0 } values
            ? string.Join(", ", values) : null;

    /// <summary>Whether a 101 has been sent, so that what comes next is no request.</summary>
    public bool IsSwitched { get; private set; }

    /// <summary>Ends when the peer has closed or reset the connection.</summary>
    public Task PeerClosedAsync => closed.WaitAsync(Hang.Limit);

    public static List<(string Name, string Value)> ParseFields(string head) =>
        [.. head[..^4].Split("\r\n").Skip(1).Select(line => (line.Split(':')[0], line.Split(':', 2)[1].Trim()))];

    public Task SendAsync(string text)
    {
        IsSwitched |= text.StartsWith("HTTP/1.1 101", StringComparison.Ordinal);
        return SendAsync(Encoding.Latin1.GetBytes(text));
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        for (var left = bytes; left.Length > 0;) left = left[await socket.SendAsync(left).AsTask().WaitAsync(Hang.Limit)..];
    }

    /// <summary>Sends the answer and closes the connection in order.</summary>
    public async Task SendAndCloseAsync(string text)
    {
        await SendAsync(text);
        Close();
    }

    public void Close()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        // The peer was faster: it resets the connection at once where it cannot make anything of an answer.
        catch (SocketException e) when (e.SocketErrorCode == SocketError.NotConnected) { }
    }

    public void Reset() => socket.Close(0);

    /// <summary>What came behind the request on an upgraded connection.</summary>
    public async Task<string> ReadAfterAsync() => Encoding.Latin1.GetString(await _after.Reader.ReadAsync().AsTask().WaitAsync(Hang.Limit));

    public void AddAfter(byte[] bytes) => _after.Writer.TryWrite(bytes);
}
