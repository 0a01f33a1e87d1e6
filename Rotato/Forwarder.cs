namespace Rotato;

/// <summary>
/// A request's way to the upstream: choose a key, send, judge the answer; the next key where it says "this key, not
/// now", else that is the answer. While this runs nothing of an answer has gone to the client, so trying again is
/// always honest.
/// </summary>
internal sealed class Forwarder(Options options, KeyRing ring, HttpMessageInvoker upstream, TimeProvider clock)
{
    // The Uri class would rewrite the path ("/a/../b", "%41"). What is dangerous without that, the head's parser has
    // refused.
    private static readonly UriCreationOptions ByteForByte =
        new() { DangerousDisablePathAndQueryCanonicalization = true };

    // Failures before a byte of the request can have arrived. After one of any other kind it may have been worked on,
    // and paid for.
    private static readonly HttpRequestError[] Unsent = [HttpRequestError.ConnectionError,
        HttpRequestError.NameResolutionError, HttpRequestError.SecureConnectionError];

    /// <summary>
    /// The client, which does nothing by itself: no redirect (it would carry x-api-key to another host), no cookies
    /// (keys would share a jar), no decompression, no tracing. A proxy of the environment serves https alone, through
    /// a tunnel it cannot look into.
    /// </summary>
    public static HttpMessageInvoker CreateUpstream(Uri upstream) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        UseProxy = upstream.Scheme == Uri.UriSchemeHttps && !upstream.IsLoopback,
        ConnectTimeout = Limits.Connect,
        ConnectCallback = ConnectAsync,
        // A connection's life is bounded so that DNS is asked again, its idling so that it is not used when the
        // upstream has dropped it.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    });

    /// <exception cref="Refusal">The upstream gave no answer.</exception>
    public async Task<Answer> SendAsync(RequestHead head, ReadOnlyMemory<byte> body, CancellationToken gone)
    {
        var turn = ring.Arrive(Model.Of(head, body.Span));
        var unsent = 0;
        Answer? held = null;
        while (await ring.NextAsync(turn, gone) is { } key)
        {
            try
            {
                var answer = new Answer(await upstream.SendAsync(ToUpstream(head, body, key), gone), key, turn.Tries);
                var sign = await JudgeAsync(answer.Response, gone);
                ring.Report(key, turn, answer.Status, sign);
                if (!sign.Refused)
                    return IsSound(answer.Response, head) ? answer : throw Failed(HttpRequestError.InvalidResponse);
                // A rate limit outlives another key's 401: it tells the client when to come back.
                held = held is { Status: 429 } && answer.Status != 429 ? held : answer;
            }
            catch (Exception e)
                when (e is HttpRequestException or OperationCanceledException && !gone.IsCancellationRequested)
            {
                var error = (e as HttpRequestException)?.HttpRequestError;
                ring.Report(key, turn, error is null ? 504 : 502, new(Refused: false));
                if (!Unsent.Contains(error ?? HttpRequestError.ConnectionError) || ++unsent > 1) throw Failed(error);
                turn.Tried.Remove(key);
                await Task.Delay(Limits.ConnectAgain, clock, gone);
            }
        }

        held ??= new Refusal(AllKeysResting, $"All keys rest for {Math.Ceiling(turn.Soonest.TotalSeconds)} s at least. "
            + "Come back then, add keys, or let requests wait longer with --wait.").ToAnswer();
        return held.Status == 429 ? held with { Retry = turn.Soonest } : held;
    }

    // What HttpClient lets pass though it is none: a 101 that nobody asked for, a status below 200, two lengths.
    private static bool IsSound(HttpResponseMessage response, RequestHead head) =>
        ((int)response.StatusCode >= 200 || (response.StatusCode == HttpStatusCode.SwitchingProtocols && head.Upgrades))
        && !(response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var values) && values.Count > 1);

    // The kind of failure is a fixed word of the framework. Its message is not shown: it may quote what the upstream
    // has sent.
    private static Refusal Failed(HttpRequestError? error) => error is null
        ? new(UpstreamTimeout, "The upstream took no connection within 10 s; check --upstream and the network.")
        : new(UpstreamUnreachable, $"The upstream gave no answer ({error}); check --upstream and the network.");

    // As the framework connects, but with keep-alive probes: without them a dead peer is noticed only after the
    // silence that a thinking model is allowed, and home routers forget a connection that is silent for minutes.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        await using var cancelled = cancel.Register(socket.Dispose);
        await socket.ConnectAsync(context.DnsEndPoint, cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    // The body of an error that may mean the key is read whole: to judge it, and to give it to the client later if no
    // other key serves.
    private async Task<Sign> JudgeAsync(HttpResponseMessage response, CancellationToken gone)
    {
        if (!Signs.AreInBody(response.StatusCode) || response.Content.Headers.ContentLength > Limits.ErrorBody)
            return Signs.Read(response, [], clock.GetUtcNow());
        await response.Content.LoadIntoBufferAsync(Limits.ErrorBody, gone);
        var plain = !response.Content.Headers.NonValidated.Contains("Content-Encoding");
        return Signs.Read(response, plain ? await response.Content.ReadAsByteArrayAsync(gone) : [], clock.GetUtcNow());
    }

    // Strip, then set: what ends here and every credential goes first, the key comes last.
    private HttpRequestMessage ToUpstream(RequestHead head, ReadOnlyMemory<byte> body, ApiKey key)
    {
        var uri = new Uri(options.UpstreamText + Fields.TargetOf(head), ByteForByte);
        // A target that changes the host is the shortest way to lose every key. The parser lets none pass; this is
        // the second lock.
        if (uri.Scheme != options.Upstream.Scheme || uri.Authority != options.Upstream.Authority)
            throw RequestHead.Bad("it names another host");
        // Without a content, be it empty, HttpClient sends again by itself when a connection ends: harmless only for
        // these methods.
        var bare = body.IsEmpty && head.Method is "GET" or "HEAD" or "OPTIONS";
        var request = new HttpRequestMessage(HttpMethod.Parse(head.Method), uri);
        if (!bare) request.Content = new ReadOnlyMemoryContent(body);
        foreach (var (name, value) in Fields.Passing(head))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        if (head.Upgrades) request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        if (head.Upgrades) request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        Fields.PutKey(request.Headers, head, options.KeyField, key.Secret);
        return request;
    }
}
