using System.Buffers;
using System.Text;

namespace Rotato.Tests.Infra;

/// <summary>
/// A client that sends these bytes, and then nothing more. They come in pieces as large as <paramref name="piece"/>
/// says at most, given how many have come before.
/// </summary>
internal sealed class Feed(byte[] bytes, Func<int, int> piece)
{
    public Feed(byte[] bytes) : this(bytes, _ => int.MaxValue) { }

    public Feed(byte[] bytes, int cut) : this(bytes, given => given < cut ? cut - given : int.MaxValue) { }

    public Feed(string text, int piece = int.MaxValue) : this(Encoding.Latin1.GetBytes(text), _ => piece) { }

    public int Given { get; private set; }
    public Input Input => field ??= new Input(Receive);

    /// <summary>
    /// Takes what is left as the body of a fixed length that it must be: shows that no byte was taken or changed
    /// before.
    /// </summary>
    public async Task<string> RestAsync(int length)
    {
        var head = await HeadReader.ReadAsync(new Feed($"POST / HTTP/1.0\r\nContent-Length: {length}\r\n\r\n").Input);
        using var body = new RequestBody(length);
        await body.ReadAsync(head, Input);
        return Encoding.Latin1.GetString(body.Content.ToArray())
            + (Given == bytes.Length ? "" : " and bytes that nobody asked for");
    }

    // A socket that is asked to receive into no room answers as it does at the end of the connection.
    private ValueTask<int> Receive(Memory<byte> room)
    {
        if (room.IsEmpty) throw new InvalidOperationException("Asked to receive into no room.");
        if (Given == bytes.Length) throw new EndOfStreamException("All has been sent.");
        var count = Math.Min(Math.Min(room.Length, piece(Given)), bytes.Length - Given);
        bytes.AsMemory(Given, count).CopyTo(room);
        Given += count;
        return ValueTask.FromResult(count);
    }
}
