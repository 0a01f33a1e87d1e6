/// <summary>
/// Writes one answer. The framing is made here from what arrives and never copied, so whatever an upstream claims, its
/// answer ends where this one does. Nothing is held back while the upstream pauses; what has come without a pause goes
/// in few sends. Where it throws, the answer is incomplete and the connection must be cut.
/// </summary>
/// <param name="socket">The client.</param>
/// <param name="enter">Moves the connection's deadline on.</param>
internal sealed class ResponseWriter(Socket socket, Action<Phase> enter)
{
    // Kept from one answer to the next, if small: making them anew was a tenth of a request's processor time.
    private ArrayBufferWriter<byte> _unsent = new();
    private StringBuilder _text = new();
    private byte[] _buffer = new byte[Limits.LeastRead];

    public async Task WriteAsync(Answer answer, RequestHead? head, bool keepAlive, CancellationToken ended)
    {
        using var response = answer.Response;
        var bodiless = head?.Method == "HEAD" || answer.Status is 204 or 304;
        var length = response.Headers.TransferEncodingChunked == true ? null : response.Content.Headers.ContentLength;
        var chunked = length is null && !bodiless && answer.Status != 101 && head is { Http11: true };
        _text.Clear().Append($"HTTP/1.1 {answer.Status} {response.ReasonPhrase}\r\n");
        response.Headers.NonValidated.TryGetValues("Connection", out var listed);
        var connection = listed.ToString().Split(',', TrimEntries);
        foreach (var fields in (HttpHeaders[])[response.Headers, response.Content.Headers])
        {
            foreach (var (name, values) in fields.NonValidated)
            {
                if (Forwarder.EndsHere(name, connection)) continue;
                // What ends a line would begin a field of the upstream's own making. HttpClient lets none pass either.
                foreach (var value in values)
                    if (!value.AsSpan().ContainsAny('\r', '\n', '\0')) _text.Append($"{name}: {value}\r\n");
            }
        }

        // Neither in a field nor in the reason may the upstream hand the key back. A short one, as self-hosted servers
        // have, would be found in any word. As a sub-protocol it becomes the client's own again: a WebSocket client
        // takes none that it has not offered.
        var echo = head?.Keys.FirstOrDefault(sent => sent.Field == Credentials.Protocols).Secret ?? "[key]";
        if (answer.Key is { Secret.Length: >= 16 } key) _text.Replace(key.Secret, echo);
        if (answer.Key?.Number is { } n) _text.Append($"x-rotato-key: {n}\r\nx-rotato-tries: {answer.Tries}\r\n");
        if (answer is { Status: 401, Key: null }) _text.Append("WWW-Authenticate: Basic realm=\"Rotato\"\r\n");
        if (length is not null && answer.Status is not (101 or 204)) _text.Append($"Content-Length: {length}\r\n");
        if (chunked) _text.Append("Transfer-Encoding: chunked\r\n");
        if (answer.Status == 101) _text.Append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
        _text.Append(keepAlive || answer.Status == 101 ? "\r\n" : "Connection: close\r\n\r\n");
        Encoding.Latin1.GetBytes(_text.ToString(), _unsent);
        // HTTP/1.1 shows where an answer ends. Where nothing does, a reset keeps one that was cut short from passing
        // for complete: until all of it is on its way, whatever closes the socket resets the connection.
        if (head is { Http11: false }) socket.LingerState = new(true, 0);
        await CopyAsync(bodiless ? Stream.Null : await response.Content.ReadAsStreamAsync(ended), chunked, ended);
        if (head is { Http11: false }) socket.LingerState = new(false, 0);
    }

    private async Task CopyAsync(Stream body, bool chunked, CancellationToken ended)
    {
        for (var count = 1; count > 0;)
        {
            var read = body.ReadAsync(_buffer, ended);
            // What has come is the client's, also where the upstream breaks off behind it.
            if (!read.IsCompletedSuccessfully || _unsent.WrittenCount > _buffer.Length) await FlushAsync(ended);
            // Sent though more was there already: what comes without a pause must not keep the thread from all others.
            if (read.IsCompletedSuccessfully && _unsent.WrittenCount == 0) await Task.Yield();
            enter(Phase.Upstream);
            count = await read;
            // The last chunk is one of no bytes, and its end that of the trailers, of which there are none.
            if (chunked) Encoding.ASCII.GetBytes($"{count:x}\r\n", _unsent);
            _unsent.Write(_buffer.AsSpan(0, count));
            if (chunked) _unsent.Write("\r\n"u8);
            // A stream of events keeps the small buffer, for there may be thousands; a file gets larger ones.
            if (count == _buffer.Length && count < Limits.MostRead) _buffer = new byte[4 * count];
        }

        await FlushAsync(ended);
        // Else thousands of idle connections would each hold what their largest answer took.
        if (_unsent.Capacity > 4 * Limits.LeastRead)
            (_unsent, _text, _buffer) = (new(), new(), new byte[Limits.LeastRead]);
    }

    private async ValueTask FlushAsync(CancellationToken ended)
    {
        enter(Phase.Client);
        await socket.SendAsync(_unsent.WrittenMemory, ended);
        _unsent.ResetWrittenCount();
    }
}
