using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Rotato.Tests.Infra;

/// <summary>One answer as a strict client reads it. It is complete where its framing says so: length, last chunk, or an orderly close.</summary>
internal sealed record RawResponse(int Status, string Line, IReadOnlyList<(string Name, string Value)> Fields, byte[] Body, bool IsComplete)
{
    public string Text => Encoding.Latin1.GetString(Body);
    public string? this[string name] => Values(name) is { Length: > 0 } values ? string.Join(", ", values) : null;

    /// <summary>The code of one of Rotato's own errors; null where it is not in exactly the form that the contract gives it.</summary>
    public string? ErrorCode
    {
        get
        {
            if (this["Content-Type"] != "application/json" || !IsComplete) return null;
            using var json = JsonDocument.Parse(Body);
            if (json.RootElement.GetProperty("error") is not { ValueKind: JsonValueKind.Object } error) return null;
            var isWhole = error.GetProperty("type").ValueEquals("rotato_error") && error.GetProperty("message").GetString()!.Length > 10;
            return isWhole ? error.GetProperty("code").GetString() : null;
        }
    }

    public string[] Values(string name) =>
        [.. Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value)];
}

/// <summary>A client that sends the bytes it is told to and takes nothing for granted in what it gets.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly MemoryStream _received = new();
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _taken;

    private RawClient()
    {
    }

    /// <summary>All bytes that ever came.</summary>
    public byte[] Received => _received.ToArray();

    /// <summary>Null while the connection is open, then whether it ended in order and not by a reset.</summary>
    public bool? EndedInOrder { get; private set; }

    /// <param name="to">Where to.</param>
    /// <param name="room">How much may come unread, about; null leaves it to the system.</param>
    public static async Task<RawClient> ConnectAsync(IPEndPoint to, int? room = null)
    {
        var client = new RawClient();
        if (room is { } size) client._socket.ReceiveBufferSize = size;
        await client._socket.ConnectAsync(to).WaitAsync(Hang.Limit);
        return client;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        for (var left = bytes; left.Length > 0;) left = left[await _socket.SendAsync(left).AsTask().WaitAsync(Hang.Limit)..];
    }

    /// <summary>Each byte in a segment of its own.</summary>
    public async Task SendByteByByteAsync(string text)
    {
        foreach (var character in text) await SendAsync(character.ToString());
    }

    /// <summary>Sends and reads one answer.</summary>
    public async Task<RawResponse> AskAsync(string text)
    {
        await SendAsync(text);
        return await ReadAsync(isHead: text.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    public async Task<RawResponse> ReadAsync(bool isHead = false)
    {
        var head = Encoding.Latin1.GetString(await TakeThroughAsync("\r\n\r\n"))[..^4].Split("\r\n");
        if (head[0].Length < 12 || !head[0].StartsWith("HTTP/1.1 ", StringComparison.Ordinal)) throw new FormatException(head[0]);
        var status = int.Parse(head[0][9..12], CultureInfo.InvariantCulture);
        var fields = head.Skip(1).Select(line => (Name: line[..line.IndexOf(':', StringComparison.Ordinal)], Value: line.Split(':', 2)[1].Trim())).ToList();
        var response = new RawResponse(status, head[0], fields, [], true);
        if (isHead || status is < 200 or 204 or 304) return response;
        var (length, coding) = (response["Content-Length"], response["Transfer-Encoding"]);
        if (length is not null && coding is not null) throw new FormatException("both a length and a coding");
        if (coding is not null and not "chunked") throw new FormatException(coding);
        if (length is not null && !length.All(char.IsAsciiDigit)) throw new FormatException(length);
        if (coding is not null) return await ReadChunksAsync(response);
        var wanted = length is null ? int.MaxValue : int.Parse(length, CultureInfo.InvariantCulture);
        while (_received.Length - _taken < wanted && await ReceiveAsync()) { }
        var body = Take((int)Math.Min(wanted, _received.Length - _taken));
        return response with { Body = body, IsComplete = length is null ? EndedInOrder == true : body.Length == wanted };
    }

    /// <summary>Reads on until what has come and was not yet read ends so, and takes it.</summary>
    public async Task<string> ReadThroughAsync(string end) => Encoding.Latin1.GetString(await TakeThroughAsync(end));

    /// <summary>Waits until this has come, and takes nothing.</summary>
    public async Task SeeAsync(string text)
    {
        while (Unread().IndexOf(Encoding.Latin1.GetBytes(text)) < 0)
            if (!await ReceiveAsync()) throw new EndOfStreamException($"closed before {text}: {Encoding.Latin1.GetString(Unread())}");
    }

    /// <summary>Reads until the other side closes or resets; see <see cref="EndedInOrder"/>.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await ReceiveAsync()) { }
        return Encoding.Latin1.GetString(Take((int)_received.Length - _taken));
    }

    /// <summary>Says that nothing more will be sent, and goes on reading.</summary>
    public void HalfClose() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Goes away without a word.</summary>
    public void Reset() => _socket.Close(0);

    public void Dispose()
    {
        Reset();
        _socket.Dispose();
    }

    private async Task<RawResponse> ReadChunksAsync(RawResponse response)
    {
        using var body = new MemoryStream();
        try
        {
            while (true)
            {
                var size = int.Parse((await TakeThroughAsync("\r\n")).AsSpan(..^2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                while (_received.Length - _taken < size + 2)
                {
                    if (await ReceiveAsync()) continue;
                    body.Write(Take(Math.Min(size, (int)_received.Length - _taken)));
                    return response with { Body = body.ToArray(), IsComplete = false };
                }

                body.Write(Take(size));
                if (Encoding.Latin1.GetString(Take(2)) != "\r\n") throw new FormatException("a chunk without its end");
                if (size == 0) return response with { Body = body.ToArray() };
            }
        }
        catch (EndOfStreamException)
        {
            return response with { Body = body.ToArray(), IsComplete = false };
        }
    }

    private async Task<byte[]> TakeThroughAsync(string end)
    {
        var bytes = Encoding.Latin1.GetBytes(end);
        for (var searched = 0; ;)
        {
            if (Unread()[searched..].IndexOf(bytes) is >= 0 and var found) return Take(searched + found + bytes.Length);
            searched = Math.Max(0, Unread().Length - bytes.Length);
            if (!await ReceiveAsync()) throw new EndOfStreamException($"closed before {end}: {Encoding.Latin1.GetString(Unread())}");
        }
    }

    private Span<byte> Unread() => _received.GetBuffer().AsSpan(_taken, (int)_received.Length - _taken);

    private byte[] Take(int count)
    {
        var taken = Unread()[..count].ToArray();
        _taken += count;
        return taken;
    }

    private async Task<bool> ReceiveAsync()
    {
        if (EndedInOrder is not null) return false;
        try
        {
            var count = await _socket.ReceiveAsync(_buffer).WaitAsync(Hang.Limit);
            _received.Write(_buffer.AsSpan(0, count));
            if (count == 0) EndedInOrder = true;
            return count > 0;
        }
        catch (SocketException)
        {
            EndedInOrder = false;
            return false;
        }
    }
}
