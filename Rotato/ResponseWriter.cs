namespace Rotato;

/// <summary>
/// Writes one answer: the only place that sends to a client. The framing is made here from what arrives and never copied, so whatever
/// an upstream claims, its answer ends where this one ends. Nothing is held back while the upstream pauses, and what has come
/// without a pause goes in one send.
/// </summary>
/// <param name="socket"></param>
/// <param name="enter">Moves the connection's deadline on, at every step.</param>
/// <param name="cut"></param>
internal sealed class ResponseWriter(Socket socket, Action<Phase> enter, CancellationToken cut)
{
    private static readonly string[] RetryFields = ["Retry-After", "retry-after-ms", "x-should-retry"];

    private const int FirstRead = 4 * 1024;
    private const int LongestRead = 60 * 1024;
    private const int ChunkFrame = 6;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(FirstRead);
    private int _sent;
    private int _filled;

    /// <summary>
    /// The head, then the body as it comes. Where it throws, the answer on the wire is incomplete: the connection must be cut.
    /// </summary>
    public async Task WriteAsync(Answer answer, RequestHead? head, bool keepAlive)
    {
        var response = answer.Response;
        var status = (int)response.StatusCode;
        var bodiless = head?.Method == "HEAD" || status is 204 or 304;
        var length = response.Headers.TransferEncodingChunked == true ? null : response.Content.Headers.ContentLength;
        var chunked = length is null && !bodiless && status != 101 && head?.Http11 == true;
        WriteHead(answer);
        if (length is not null && status is not (101 or 204)) WriteField("Content-Length", Number(length.Value));
        if (chunked) WriteField("Transfer-Encoding", "chunked");
        if (status == 101) WriteField("Upgrade", "websocket");
        if (status == 101 || !keepAlive) WriteField("Connection", status == 101 ? "Upgrade" : "close");
        Write("\r\n");
        if (!bodiless) await CopyAsync(await response.Content.ReadAsStreamAsync(cut), length, chunked);
        await FlushAsync();
        // Only here, not on an exception: a read that was under way then may still write into it.
        ArrayPool<byte>.Shared.Return(_buffer);
    }

    private async Task CopyAsync(Stream source, long? length, bool chunked)
    {
        var left = length ?? long.MaxValue;
        var want = FirstRead;
        while (left > 0)
        {
            if (_filled > LongestRead) await FlushAsync();
            Reserve(ChunkFrame + want + ChunkFrame);
            var start = _filled + (chunked ? ChunkFrame : 0);
            enter(Phase.Upstream);
            var read = source.ReadAsync(_buffer.AsMemory(start, (int)Math.Min(want, left)), cut);
            if (!read.IsCompleted) await FlushAsync();
            var count = await read;
            if (count == 0) break;
            left -= count;
            // chunk-size in four digits, so that its place is known before the data is: leading zeros are part of the grammar.
            if (chunked) count.TryFormat(_buffer.AsSpan(_filled), out _, "x4", CultureInfo.InvariantCulture);
            if (chunked) "\r\n"u8.CopyTo(_buffer.AsSpan(start - 2));
            _filled = start + count;
            if (chunked) Write("\r\n");
            // A stream of small events keeps its small buffer, a download gets fewer and larger reads.
            if (count == want) want = Math.Min(2 * want, LongestRead);
        }

        if (length is not null && left > 0) throw new IOException("the upstream's body ended early");
        if (chunked) Write("0\r\n\r\n");
    }

    private void WriteHead(Answer answer)
    {
        var (response, key, tries, retry) = answer;
        Write($"HTTP/1.1 {(int)response.StatusCode} {response.ReasonPhrase}\r\n");
        WriteFields(response.Headers.NonValidated, answer);
        WriteFields(response.Content.Headers.NonValidated, answer);
        if (key is not null)
        {
            WriteField("x-rotato-key", Number(key.Number));
            WriteField("x-rotato-tries", Number(tries));
        }

        if (retry is not { } wait) return;
        WriteField("Retry-After", Number(Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds))));
        WriteField("retry-after-ms", Number((long)Math.Ceiling(wait.TotalMilliseconds)));
        // The SDKs replace a longer hint by a short one of their own and come back at once, unless told not to (providers.md 4).
        if (wait > TimeSpan.FromMinutes(1)) WriteField("x-should-retry", "false");
    }

    private void WriteFields(HttpHeadersNonValidated fields, Answer answer)
    {
        foreach (var (name, values) in fields)
        {
            if (Hop.Ends(name, answer.Response.Headers.Connection)) continue;
            if (answer.Retry is not null && RetryFields.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            // A field that could end early on the wire, or that gives the key back, goes no further.
            foreach (var value in values)
            {
                if (!value.AsSpan().ContainsAny('\r', '\n', '\0') && (answer.Key is not { } key || !value.Contains(key.Secret, StringComparison.Ordinal)))
                    WriteField(name, value);
            }
        }
    }

    private void WriteField(string name, string value)
    {
        Write(name);
        Write(": ");
        Write(value);
        Write("\r\n");
    }

    private void Write(string text)
    {
        Reserve(text.Length);
        _filled += Encoding.Latin1.GetBytes(text, _buffer.AsSpan(_filled));
    }

    private void Reserve(int count)
    {
        if (_sent == _filled) _sent = _filled = 0;
        if (_filled + count <= _buffer.Length) return;
        var bigger = ArrayPool<byte>.Shared.Rent(Math.Max(_filled + count, 2 * _buffer.Length));
        _buffer.AsSpan(0, _filled).CopyTo(bigger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = bigger;
    }

    private async ValueTask FlushAsync()
    {
        if (_sent == _filled) return;
        enter(Phase.Client);
        await socket.SendAsync(_buffer.AsMemory(_sent, _filled - _sent), cut);
        _sent = _filled;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
