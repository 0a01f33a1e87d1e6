namespace Rotato;

/// <summary>
/// Writes one answer. The framing is made here from what arrives and never copied, so whatever an upstream claims, its
/// answer ends where this one does. Nothing is held back while the upstream pauses; what has come without a pause goes
/// in one send. Where it throws, the answer is incomplete and the connection must be cut.
/// </summary>
/// <param name="socket">The client.</param>
/// <param name="enter">Moves the connection's deadline on.</param>
/// <param name="ended">The end of the connection, whatever its reason.</param>
internal sealed class ResponseWriter(Socket socket, Action<Phase> enter, CancellationToken ended)
{
    private const int Room = 3 << 10, ChunkHead = 6, ChunkEnd = 7, LargestChunk = 0xFFFF;

    public async Task WriteAsync(Answer answer, RequestHead? head, bool keepAlive)
    {
        var (response, status) = (answer.Response, answer.Status);
        var bodiless = head?.Method == "HEAD" || status is 204 or 304;
        var length = response.Headers.TransferEncodingChunked == true ? null : response.Content.Headers.ContentLength;
        var chunked = length is null && !bodiless && status != 101 && head is { Http11: true };
        var text = new StringBuilder($"HTTP/1.1 {status:000} {response.ReasonPhrase}\r\n", capacity: 1024);
        string[] connection = [.. response.Headers.Connection];
        AppendFields(text, response.Headers.NonValidated, connection);
        AppendFields(text, response.Content.Headers.NonValidated, connection);
        // Neither in a field nor in the reason may the upstream hand the key back. A short one, as self-hosted servers
        // have, would be found in any word.
        if (answer.Key is { Secret.Length: >= 16 } key) text.Replace(key.Secret, "[key]");
        if (answer.Key?.Number is { } n) text.Append($"x-rotato-key: {n}\r\nx-rotato-tries: {answer.Tries}\r\n");
        if (status == 401 && head?.Path == Status.Page) text.Append("WWW-Authenticate: Basic realm=\"Rotato\"\r\n");
        if (length is not null && status is not (101 or 204)) text.Append($"Content-Length: {length}\r\n");
        if (chunked) text.Append("Transfer-Encoding: chunked\r\n");
        if (status == 101) text.Append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
        text.Append(keepAlive || status == 101 ? "\r\n" : "Connection: close\r\n\r\n");
        var buffer = ArrayPool<byte>.Shared.Rent(text.Length + Room);
        var (sent, filled) = (0, Encoding.Latin1.GetBytes(text.ToString(), buffer));
        var body = await response.Content.ReadAsStreamAsync(ended);
        for (var left = bodiless ? 0 : length ?? long.MaxValue; left > 0;)
        {
            if (filled > Room / 2) await FlushAsync();
            if (sent == filled) sent = filled = 0;
            var start = chunked ? filled + ChunkHead : filled;
            var room = (int)Math.Min(left, Math.Min(buffer.Length - start - ChunkEnd, LargestChunk));
            var read = body.ReadAsync(buffer.AsMemory(start, room), ended);
            if (!read.IsCompleted) await FlushAsync();
            enter(Phase.Upstream);
            var count = await read;
            if (count == 0) break;
            // chunk-size in four digits, so that its place is known before the data is; the grammar allows leading
            // zeros.
            if (chunked) Encoding.ASCII.GetBytes($"{count:x4}\r\n", buffer.AsSpan(filled));
            if (chunked) "\r\n"u8.CopyTo(buffer.AsSpan(start + count));
            (filled, left) = (start + count + (chunked ? 2 : 0), left - count);
        }

        if (chunked) filled += Encoding.ASCII.GetBytes("0\r\n\r\n", buffer.AsSpan(filled));
        await FlushAsync();
        // Only here, not in a finally: after an exception a read that was under way may still write into it.
        ArrayPool<byte>.Shared.Return(buffer);

        async ValueTask FlushAsync()
        {
            if (sent == filled) return;
            enter(Phase.Client);
            await socket.SendAsync(buffer.AsMemory(sent, filled - sent), ended);
            sent = filled;
        }
    }

    private static void AppendFields(StringBuilder text, HttpHeadersNonValidated fields, string[] connection)
    {
        foreach (var (name, values) in fields)
        {
            if (Forwarder.EndsHere(name, connection)) continue;
            foreach (var value in values)
                if (!value.AsSpan().ContainsAny(RequestHead.Controls)) text.Append($"{name}: {value}\r\n");
        }
    }
}
