/// <summary>
/// The story of one client connection: read a head, let it in or not, read its body, have it forwarded, answer, and
/// again. While an answer is under way the client's next bytes are already being received: that is how its going away
/// is noticed.
/// </summary>
internal sealed class Connection(Socket socket, Server server)
{
    private CancellationTokenSource _ended = new(Timeout.InfiniteTimeSpan, server.Clock);
    private bool _gone;

    /// <summary>What it waits for.</summary>
    public Phase Phase { get; private set; } = Phase.Idle;

    private bool IsExpired => _ended.IsCancellationRequested && !_gone;
    private Input Input => field ??= new(ReceiveAsync);
    private ResponseWriter Writer => field ??= new(socket, Enter);

    /// <summary>Throws where the client goes, a deadline is over, or an answer is cut short.</summary>
    public async Task RunAsync()
    {
        for (Enter(Phase.Idle); await ExchangeAsync(); Enter(Phase.Idle)) { }
        // To close with bytes unread would reset the connection and could take the answer with it. So: say that this
        // was all, and read past what still comes, until the client closes or the deadline is over. Somebody who sends
        // without a pause must not keep the thread from all others meanwhile.
        socket.Shutdown(SocketShutdown.Send);
        for (Enter(Phase.Goodbye); ; await Task.Yield()) await Input.ReadAsync(new byte[Limits.Receive], 1);
    }

    /// <summary>Ends a receive that is under way: a socket closed with one would reset the connection.</summary>
    public void End()
    {
        // Who reads nothing gets that reset: else the system would keep for it what it has not read.
        if (IsExpired && Phase == Phase.Client) socket.LingerState = new(true, 0);
        _ended.Cancel();
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
                answer = server.Status.Answer(head);
                Enter(Phase.Line);
                if (answer is null) _ = Input.FillAsync();
                // Pages asked for in one go must not keep the thread from all others.
                else await Task.Yield();
                answer ??= await server.Forwarder.SendAsync(head, body.Content, Enter, _ended.Token);
                if (answer.Status == 101) _ = PumpAsync(await answer.Response.Content.ReadAsStreamAsync());
            }
            catch (Exception e) when (e is Refusal || IsExpired)
            {
                answer = (e as Refusal ?? Phase.Late).ToAnswer();
                // Once the deadline is over, this answer has those of its own phases.
                if (IsExpired) (stays, _ended) = (false, new(Timeout.InfiniteTimeSpan, server.Clock));
            }

            stays &= answer.Status != 101 && !server.IsStopping;
            await Writer.WriteAsync(answer, head, stays, _ended.Token);
            return stays;
        }
        finally
        {
            if (head is not null && !Status.Owns(head)) server.Log.Request(head, answer, server.Now - began);
        }
    }

    // After a 101 the client's bytes go up here, while the writer brings those of the upstream down as it does for
    // any answer, and notices like there when the upstream ends. Neither may keep the thread from other connections.
    private async Task PumpAsync(Stream upstream)
    {
        for (var room = new byte[Limits.MostRead]; ; Enter(Phase.Upstream), await Task.Yield())
            await upstream.WriteAsync(room.AsMemory(0, await Input.ReadAsync(room, 1)), _ended.Token);
    }

    private void Enter(Phase phase)
    {
        Phase = phase;
        _ended.CancelAfter(1000 * phase.Seconds);
    }

    // Zero bytes or an error: the client has gone, and whatever runs for it ends at once.
    private async ValueTask<int> ReceiveAsync(Memory<byte> room)
    {
        if (Phase == Phase.Continue) await socket.SendAsync("HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray(), _ended.Token);
        if (Phase == Phase.Continue || Phase == Phase.Body) Enter(Phase.Body);
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
