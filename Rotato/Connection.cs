using System.IO;
using System.Net.Sockets;
using Rotato.Http;
using Rotato.Monitoring;

namespace Rotato;

/// <summary>
/// The story of one client connection: read a head, let it in or not, read its body, have it forwarded, answer, and
/// again. While an answer is under way the client's next bytes are already being received: that is how its going away
/// is noticed.
/// </summary>
internal sealed class Connection(Socket socket, Server server, Services services)
{
    private static readonly byte[] ContinueLine = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();

    private const int Room = 16 << 10;

    // Brings the client's bytes to the upstream after an upgrade; null before.
    private Task? _tunnel;

    public Deadline Deadline { get; } = new(services.Clock);
    private ClientSocket Client => field ??= new(socket, Deadline, services.Clock);
    private Input Input => field ??= new(Client.ReceiveAsync);
    private Output Output => field ??= new(Client.SendAsync, Deadline);

    /// <summary>
    /// Serves one exchange after the other. It always ends by throwing: the client goes, a deadline is over, or an
    /// answer is cut short.
    /// </summary>
    public async Task RunAsync()
    {
        var stays = true;
        while (stays) stays = await ExchangeAsync();
        // To close with bytes unread would reset the connection and could take the answer with it. So: say that this
        // was all, and read past what still comes, until the client closes or the deadline is over.
        Client.EndSending();
        Deadline.Enter(Phase.Goodbye);
        await (_tunnel ?? DiscardInputAsync());
    }

    /// <summary>Ends a receive that is under way: a socket closed with one would reset the connection.</summary>
    public void End()
    {
        // A client that reads nothing gets that reset: otherwise the system would keep the unread bytes for it.
        if (Deadline.IsExpired && Deadline.Phase == Phase.Client) Client.ResetOnClose(true);
        Deadline.EndForGood();
    }

    // One request and its answer. Gives whether the connection stays open for another.
    private async Task<bool> ExchangeAsync()
    {
        Deadline.Enter(Phase.Idle);
        await Input.WaitForRequestAsync();
        Deadline.Enter(Phase.Head);
        var exchange = new Exchange(services.Clock.GetUtcNow(), services.Ring.Now);
        using var body = new RequestBody(services.MaxBody);
        try
        {
            var answer = await AnswerAsync(exchange, body);
            // Answers that wait for no upstream, asked for in one go, must not keep the thread from all others.
            if (answer.Key is null) await Task.Yield();
            exchange.Begin(answer, services.Ring.Now);
            var stays = MayStay(exchange);
            if (Deadline.IsExpired) Deadline.Restart();
            await WriteAsync(answer, exchange, stays);
            exchange.IsComplete = true;
            return stays;
        }
        finally
        {
            Input.StopWatching();
            services.Record(exchange, clientHasGone: Deadline.ClientHasGone);
        }
    }

    private async Task<Answer> AnswerAsync(Exchange exchange, RequestBody body)
    {
        try
        {
            var head = await HeadReader.ReadAsync(Input);
            exchange.Head = head;
            services.Gate.AdmitPage(head);
            exchange.IsAdmitted = true;
            services.Gate.AdmitClient(head);
            await ReadBodyAsync(head, body);
            exchange.IsRead = true;
            if (CrossOrigin.IsPreflight(head) || StatusPages.IsOwn(head.Path)) return AnswerByItself(head);
            return await ForwardAsync(exchange, body);
        }
        catch (Exception e) when (e is Refusal || Deadline.IsExpired)
        {
            var refusal = e as Refusal ?? Deadline.Phase.TooLate;
            if (refusal.IsMisdirected) services.Log.WarnNowAndThen(refusal.Message);
            return OwnAnswers.Error(refusal, exchange.Head);
        }
    }

    private async Task ReadBodyAsync(RequestHead head, RequestBody body)
    {
        Client.BeginBody();
        body.CheckAnnounced(head.BodyLength);
        // A client that has sent its body already does not wait for this.
        var isWaiting = head.ExpectsContinue && head.BodyLength != 0 && Input.IsEmpty;
        if (isWaiting) await Client.SendAsync(ContinueLine);
        await body.ReadAsync(head, Input);
    }

    private Answer AnswerByItself(RequestHead head)
    {
        if (CrossOrigin.IsPreflight(head)) return OwnAnswers.Preflight(head);
        return services.Pages.AnswerTo(head, server.InFlight);
    }

    private async Task<Answer> ForwardAsync(Exchange exchange, RequestBody body)
    {
        // The body is complete: what comes from now on is not measured as one.
        Deadline.Enter(Phase.Line);
        Input.Watch();
        var answer = await services.Forwarder.SendAsync(exchange, body, Deadline);
        if (answer.Status != 101) return answer;
        // From now on the client's bytes go up here, and the upstream's come down like those of any answer.
        Input.StopWatching();
        _tunnel = TunnelInputAsync(await answer.Response.Content.ReadAsStreamAsync());
        return answer;
    }

    private bool MayStay(Exchange exchange)
    {
        if (exchange.Head is not { KeepsConnection: true }) return false;
        if (!exchange.IsRead) return false;
        if (exchange.Answer!.Status == 101) return false;
        return !server.IsStopping && !Deadline.IsExpired;
    }

    private async Task WriteAsync(Answer answer, Exchange exchange, bool stays)
    {
        using var ending = answer;
        var head = exchange.Head;
        var framing = AnswerFraming.Of(answer.Response, head?.Method, head?.IsHttp11 ?? false);
        ResponseHead.Write(answer, exchange.IsAdmitted ? head : null, framing, stays, Output.Head);
        services.BlankOutKey(answer, head, Output.Head);
        // Where closing is the only sign of the end, a reset keeps an answer that was cut short from passing for
        // complete: until all of it is on its way, whatever closes the socket resets the connection.
        if (framing.EndsByClosing) Client.ResetOnClose(true);
        await Output.WriteAsync(answer.Body, framing);
        if (framing.EndsByClosing) Client.ResetOnClose(false);
    }

    private async Task DiscardInputAsync()
    {
        var room = new byte[Room];
        while (true)
        {
            await Input.ReadAsync(room);
            // A client that sends without a pause must not keep the thread from all others.
            await Task.Yield();
        }
    }

    private async Task TunnelInputAsync(Stream upstream)
    {
        var room = new byte[Room];
        while (true)
        {
            var count = await Input.ReadAsync(room);
            await upstream.WriteAsync(room.AsMemory(0, count), Deadline.Token);
            Deadline.Enter(Phase.Upstream);
            // Nor must one that sends frames without a pause.
            await Task.Yield();
        }
    }
}
