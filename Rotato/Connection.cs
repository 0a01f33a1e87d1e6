/// <summary>
/// The story of one client connection: read a head, let it in or not, read its body, have it forwarded, answer, and
/// again. While an answer is under way the client's next bytes are already being received: that is how its going away
/// is noticed.
/// </summary>
internal sealed class Connection(Socket socket, Server server)
{
    private CancellationTokenSource _ended = new(Timeout.InfiniteTimeSpan, server.Clock);
    private Phase _phase = Phase.Idle;
    private bool _gone;

    /// <summary>Whether a request stands in line or is with the upstream, or an answer on the way.</summary>
    public bool IsForwarding => _phase.Code == UpstreamTimeout;
    private bool IsExpired => _ended.IsCancellationRequested && !_gone;
    private Input Input => field ??= new(ReceiveAsync);
    private ResponseWriter Writer => field ??= new(socket, Enter);

    /// <summary>Throws where the client goes, a deadline is over, or an answer is cut short.</summary>
    public async Task RunAsync()
    {
        try
        {
            for (Enter(Phase.Idle); await ExchangeAsync(); Enter(Phase.Idle)) { }
            // To close with bytes unread would reset the connection and could take the answer with it. So: say that
            // this was all, and read past what still comes, until the client closes or the deadline is over.
            socket.Shutdown(SocketShutdown.Send);
            for (Enter(Phase.Goodbye); ;) await Input.TakeAsync();
        }
        finally
        {
            // What may still run beside ends too. _ended itself is not disposed of: a late receive may yet cancel it.
            _gone = true;
            _ended.Cancel();
        }
    }

    /// <summary>Ends what only waits for the next request.</summary>
    public void EndIdle()
    {
        if (_phase == Phase.Idle) _ended.Cancel();
    }

    private async Task<bool> ExchangeAsync()
    {
        await Input.MoreAsync(seen: 0);
        Enter(Phase.Head);
        var (began, stays, head, answer) = (server.Now, false, (RequestHead?)null, (Answer?)null);
        using var body = new RequestBody(server.MaxBody);
        try
        {
            try
            {
                head = await RequestHead.ReadAsync(Input);
                server.Gate.Check(head);
                Enter(head.Expects100 ? Phase.Continue : Phase.Body);
                await body.ReadAsync(head, Input);
                stays = head.KeepAlive;
                var page = server.Status.Answer(head);
                Enter(Phase.Line);
                var answering = page is not null ? Task.FromResult(page)
                    : server.Forwarder.SendAsync(head, body.Content, Enter, _ended.Token);
                if (page is null) _ = Input.FillAsync();
                answer = await answering;
                if (answer.Status == 101) _ = PumpAsync(await answer.Response.Content.ReadAsStreamAsync());
            }
            catch (Exception e) when (e is Refusal || (IsExpired && !server.IsStopping))
            {
                answer = (e as Refusal ?? new Refusal(_phase.Code, _phase.Message)).ToAnswer();
                // Once the deadline is over, this answer has those of its own phases.
                if (IsExpired) (stays, _ended) = (false, new(Timeout.InfiniteTimeSpan, server.Clock));
            }

            using var response = answer.Response;
            stays &= answer.Status != 101 && !server.IsStopping;
            await Writer.WriteAsync(answer, head, stays, _ended.Token);
            return stays;
        }
        // HTTP/1.1 shows where an answer ends. Where nothing does, a reset keeps one that was cut short from passing
        // for complete; and where the deadline is over, it frees what the client has not read.
        catch when (IsExpired || head is { Http11: false })
        {
            socket.Close(0);
            throw;
        }
        finally
        {
            if (head is not null && !Status.Owns(head)) server.Log.Request(head, answer, server.Now - began);
        }
    }

    // After a 101 the client's bytes go up here, while the writer brings those of the upstream down as it does for
    // any answer, and notices like there when the upstream ends.
    private async Task PumpAsync(Stream upstream)
    {
        for (; ; Enter(Phase.Upstream)) await upstream.WriteAsync(await Input.TakeAsync(), _ended.Token);
    }

    private void Enter(Phase phase)
    {
        _phase = phase;
        _ended.CancelAfter(1000 * phase.Seconds);
    }

    // Zero bytes or an error: the client has gone, and whatever runs for it ends at once.
    private async ValueTask<int> ReceiveAsync(Memory<byte> room)
    {
        if (_phase == Phase.Continue) await socket.SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _ended.Token);
        if (_phase == Phase.Continue || _phase == Phase.Body) Enter(Phase.Body);
        try
        {
            if (await socket.ReceiveAsync(room, _ended.Token) is > 0 and var count) return count;
        }
        catch (SocketException) { }
        _gone = true;
        _ended.Cancel();
        throw new OperationCanceledException();
    }
}
