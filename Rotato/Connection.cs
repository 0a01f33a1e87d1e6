namespace Rotato;

/// <summary>
/// The story of one client connection: read a head, let it in or not, read its body, have it forwarded, answer, and again.
/// While an answer is under way the client's next bytes are already being received: that is how its going away is noticed.
/// </summary>
internal sealed class Connection(Socket socket, Server server) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private byte[] _input = new byte[4 * 1024];
    private int _start;
    private int _end;
    private Task? _ahead;
    private Phase _phase = Phase.Idle;
    private TimeSpan _deadline = TimeSpan.MaxValue;
    private bool _expired;

    /// <summary>Whether a request of this connection is with the forwarder or its answer on the way.</summary>
    public bool IsForwarding { get; private set; }

    private bool IsReceiving => _ahead is { IsCompleted: false };

    public async Task RunAsync()
    {
        var complete = false;
        try
        {
            for (Enter(Phase.Idle); await ExchangeAsync();) Enter(Phase.Idle);
            complete = true;
            // Closing with bytes unread resets the connection and could take the answer with it. So: say that this was all, and
            // read past what still comes until the client closes or the deadline is over.
            socket.Shutdown(SocketShutdown.Send);
            for (Enter(Phase.Goodbye); ; _start = _end) await ReceiveAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or HttpRequestException or OperationCanceledException)
        {
            // A reset where an answer was cut short, so that it cannot pass for a complete one.
            if (!complete) socket.Close(0);
        }
    }

    /// <summary>Called from time to time: ends what has taken longer than its phase allows, and what idles while Rotato stops.</summary>
    public void Sweep(TimeSpan now, bool stopping)
    {
        if (now < _deadline && !(stopping && _phase == Phase.Idle)) return;
        _expired = true;
        _ended.Cancel();
    }

    public void Dispose()
    {
        // Not _ended itself: a late sweep or receive may still cancel it, and it holds nothing to give back.
        _ended.Cancel();
        socket.Dispose();
    }

    private async Task<bool> ExchangeAsync()
    {
        RequestHead? head = null;
        RequestBody? body = null;
        Answer? answer = null;
        var (whole, began) = (false, server.Now);
        try
        {
            try
            {
                head = await ReadHeadAsync();
                began = server.Now;
                server.Gate.Check(head);
                body = new(head, server.Options.MaxBody);
                await ReadBodyAsync(head, body);
                whole = true;
                if (!IsReceiving) _ahead = FillAsync();
                Enter(Phase.Upstream);
                answer = server.Status.Answer(head) ?? await ForwardAsync(head, body);
            }
            catch (Refusal refusal)
            {
                answer = refusal.ToAnswer();
            }
            catch (OperationCanceledException) when (_expired && _phase.Code is { } code)
            {
                answer = new Refusal(code, _phase.Message).ToAnswer();
            }

            var keepAlive = whole && head!.KeepAlive && !server.IsStopping && !_expired && !answer.IsUpgrade;
            await new ResponseWriter(socket, Enter, _expired ? CancellationToken.None : _ended.Token).WriteAsync(answer, head, keepAlive);
            return keepAlive;
        }
        finally
        {
            if (head is not null && !Status.Owns(head)) server.Log.Request(head, answer, server.Now - began);
            answer?.Response.Dispose();
            body?.Dispose();
            IsForwarding = false;
        }
    }

    private async Task<Answer> ForwardAsync(RequestHead head, RequestBody body)
    {
        IsForwarding = true;
        var answer = await server.Forwarder.SendAsync(head, body, _ended.Token);
        if (answer.IsUpgrade) _ = PumpAsync(await answer.Response.Content.ReadAsStreamAsync(_ended.Token));
        return answer;
    }

    private async Task<RequestHead> ReadHeadAsync()
    {
        while (true)
        {
            if (RequestHead.TryParse(_input.AsSpan(_start, _end - _start), out var used) is { } head)
            {
                _start += used;
                return head;
            }

            if (_end > _start && _phase == Phase.Idle) Enter(Phase.Head);
            await ReceiveAsync();
        }
    }

    private async Task ReadBodyAsync(RequestHead head, RequestBody body)
    {
        for (var asked = !head.Expects100; !body.TryRead(_input.AsSpan(_start, _end - _start), out var used); asked = true)
        {
            _start += used;
            Enter(Phase.Body);
            if (!asked) await socket.SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _ended.Token);
            if (body.Room.IsEmpty || IsReceiving) await ReceiveAsync();
            else body.Received(await ReceiveAsync(body.Room));
        }
    }

    // After a 101 the bytes of the client go up here, while the writer brings those of the upstream down as it does for any answer.
    private async Task PumpAsync(Stream upstream)
    {
        try
        {
            while (true)
            {
                await upstream.WriteAsync(_input.AsMemory(_start, _end - _start), _ended.Token);
                _start = _end;
                await ReceiveAsync();
                Enter(Phase.Upstream);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            await _ended.CancelAsync();
        }
    }

    private void Enter(Phase phase)
    {
        _phase = phase;
        _deadline = server.Now + TimeSpan.FromSeconds(phase.Seconds);
    }

    // Takes over the receive that is under way, where there is one: a second beside it would mix up their bytes.
    private Task ReceiveAsync()
    {
        var receive = IsReceiving ? _ahead! : FillAsync();
        _ahead = null;
        return receive;
    }

    private async Task FillAsync()
    {
        if (_start == _end) _start = _end = 0;
        if (_end == _input.Length)
        {
            // The parser refuses a head that is longer than its limits, so this ends.
            if (_start == 0) Array.Resize(ref _input, 2 * _input.Length);
            _input.AsSpan(_start, _end - _start).CopyTo(_input);
            (_start, _end) = (0, _end - _start);
        }

        _end += await ReceiveAsync(_input.AsMemory(_end));
    }

    // Zero bytes or an error: the client has gone, and whatever runs for it ends at once.
    private async ValueTask<int> ReceiveAsync(Memory<byte> room)
    {
        try
        {
            if (await socket.ReceiveAsync(room, _ended.Token) is > 0 and var count) return count;
        }
        catch (SocketException)
        {
        }

        await _ended.CancelAsync();
        throw new OperationCanceledException();
    }
}
