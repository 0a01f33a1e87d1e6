namespace Rotato;

/// <summary>
/// One request's body in memory (it must be repeatable for the next key), taken from the bytes behind the head without I/O;
/// never a byte past its end. Counts against the bodies of all requests until it is disposed of.
/// </summary>
internal sealed class RequestBody(RequestHead head, long max) : IDisposable
{
    private static long _heldInAll;

    private long _left = head.Length;
    private State _state = head.Chunked ? State.Size : State.Data;
    private byte[] _bytes = [];
    private int _count;
    private int _trailers;

    // chunked-body = *( chunk-size CRLF chunk-data CRLF ) 1*"0" CRLF trailer-section CRLF (RFC 9112 s7.1)
    private enum State { Size, Data, DataEnd, Trailer, Done }

    // A new array each time, never a pooled one: an upstream that answers early leaves HttpClient still reading from it.
    public ReadOnlyMemory<byte> Content => _bytes.AsMemory(0, _count);

    /// <summary>Where the next bytes of the body may be received straight away, to save the copy; empty between chunks.</summary>
    public Memory<byte> Room => _state == State.Data ? _bytes.AsMemory(_count, (int)Math.Min(_left, _bytes.Length - _count)) : default;

    /// <summary>
    /// The model that the request names, which is what limits count by: the top-level "model" of a JSON body or NAME in a path
    /// with /models/NAME; "" where there is none. Stops reading at the name, copies nothing else.
    /// </summary>
    public string Model
    {
        get
        {
            if (head.Path.Split("/models/") is [_, var tail]) return Plain(tail.Split('/', ':')[0]);
            if (Content.Span is not [(byte)'{', ..]) return "";
            try
            {
                var json = new Utf8JsonReader(Content.Span);
                json.Read();
                while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                {
                    var found = json.ValueTextEquals("model"u8);
                    json.Read();
                    if (found) return json.TokenType == JsonTokenType.String ? Plain(json.GetString()!) : "";
                    json.Skip();
                }
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                // The upstream says what is wrong with it.
            }

            return "";
        }
    }

    public void Received(int count)
    {
        _count += count;
        _left -= count;
    }

    /// <summary>Takes what belongs to the body from the start of <paramref name="input"/>. True: the body is complete.</summary>
    /// <exception cref="Refusal">Not a chunked body, or more than the limits allow.</exception>
    public bool TryRead(ReadOnlySpan<byte> input, out int used)
    {
        used = 0;
        while (true)
        {
            if (_state == State.Data)
            {
                Reserve(_left);
                var part = input[used..][..(int)Math.Min(_left, input.Length - used)];
                part.CopyTo(_bytes.AsSpan(_count));
                used += part.Length;
                Received(part.Length);
                if (_left > 0) return false;
                if (!head.Chunked) return true;
                _state = State.DataEnd;
            }

            var length = input[used..].IndexOf((byte)'\n');
            if (length < 0 ? input.Length - used > Limits.RequestLine : length == 0 || input[used + length - 1] != '\r') throw Bad();
            if (length < 0) return false;
            var line = input.Slice(used, length - 1);
            used += length + 1;
            _state = (_state, line.IsEmpty) switch
            {
                (State.Size, _) => ParseSize(line),
                (State.DataEnd, true) => State.Size,
                (State.Trailer, true) => State.Done,
                (State.Trailer, false) => ParseTrailer(line),
                _ => throw Bad(),
            };
            if (_state == State.Done) return true;
        }
    }

    public void Dispose() => Interlocked.Add(ref _heldInAll, -_bytes.Length);

    // 1*HEXDIG, at most eight of them: sixteen would wrap around to a negative number. Chunk extensions are refused, not
    // skipped: no client of an LLM API sends them, and reading past them is where other parsers went wrong.
    private State ParseSize(ReadOnlySpan<byte> line)
    {
        if (line.Length > 8 || !long.TryParse(line, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
            throw Bad();
        return _left > 0 ? State.Data : State.Trailer;
    }

    // Trailers must be fields and are dropped: nothing behind the body may still change what was said in the head.
    private State ParseTrailer(ReadOnlySpan<byte> line)
    {
        RequestHead.ParseField(line);
        return ++_trailers <= Limits.HeadFields ? State.Trailer : throw Bad();
    }

    // The name is shown to users: one that could not be a model's name, or could do something to a terminal, is none.
    private static string Plain(string name) => name.Length <= 128 && !name.AsSpan().ContainsAnyExceptInRange('!', '~') ? name : "";

    private static Refusal Bad() => new(ErrorCode.BadRequest, "Not a request that Rotato accepts: the chunked body is malformed.");

    // All at once for a known length; chunk by chunk it doubles, so that many small chunks do not copy the body many times.
    private void Reserve(long more)
    {
        var needed = _count + more;
        if (needed <= _bytes.Length) return;
        if (needed > max) throw new Refusal(ErrorCode.PayloadTooLarge, "The body is larger than --max-body allows; raise it or send less.");
        var bigger = GC.AllocateUninitializedArray<byte>((int)(head.Chunked ? Math.Min(max, Math.Max(needed, 2L * _bytes.Length)) : needed));
        var all = Interlocked.Add(ref _heldInAll, bigger.Length - _bytes.Length);
        Content.CopyTo(bigger);
        _bytes = bigger;
        if (all > Limits.BodiesInAll) throw new Refusal(ErrorCode.TooBusy, "The bodies under way fill the memory for them; try again soon.");
    }
}
