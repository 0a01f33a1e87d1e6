/// <summary>
/// A request's way to the upstream: choose a key, send, judge the answer; the next key where it says "this key, not
/// now", else that is the answer. While this runs nothing of an answer has gone to the client, so trying again is
/// always honest.
/// </summary>
internal sealed class Forwarder(Options options, TimeProvider clock, Action<string> warn)
{
    // RFC 9110 s7.6.1, and what is made anew for the next hop. Alt-Svc and HSTS would bind Rotato's own name.
    private static readonly FrozenSet<string> HopByHop = FrozenSet.ToFrozenSet(
        ["Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
         "Upgrade", "Transfer-Encoding", "Content-Length", "Host", "Expect", "Alt-Svc", "Strict-Transport-Security",
         "x-rotato-key", "x-rotato-tries"], StringComparer.OrdinalIgnoreCase);

    // The Uri class would rewrite the path ("/a/../b", "%41"). What is dangerous without that, the head's parser has
    // refused.
    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    // A client that does nothing by itself: no redirect (it would carry x-api-key to another host), no cookies (keys
    // would share a jar); decompression is off anyway, and tracing left out of the build. A proxy of the environment
    // serves what leaves this machine, which is https alone, through a tunnel it cannot look into. A connection's life
    // is bounded so that DNS is asked again, its idling so that it is not used when the upstream has dropped it.
    private readonly HttpMessageInvoker _upstream = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = !options.Upstream.IsLoopback,
        ConnectTimeout = Limits.Connect, ConnectCallback = ConnectAsync,
        PooledConnectionLifetime = Limits.PooledLife, PooledConnectionIdleTimeout = Limits.PooledIdle,
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
    });

    public KeyRing Ring { get; } = new(options, clock, warn);

    public static bool EndsHere(string name, string[] connection) =>
        HopByHop.Contains(name) || connection.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The upstream's answer, or Rotato's own where no key is to be had in time. Every try moves the connection's
    /// deadline on by <paramref name="enter"/>; <paramref name="gone"/> is the connection's end, whatever its reason.
    /// </summary>
    /// <exception cref="Refusal">The upstream gave no answer.</exception>
    public async Task<Answer> SendAsync(
        RequestHead head, ReadOnlyMemory<byte> body, Action<Phase> enter, CancellationToken gone)
    {
        var (turn, unsent, held) = (Ring.Arrive(Model.Of(head, body.Span)), 0, (Answer?)null);
        while (await Ring.NextAsync(turn, gone) is { } key)
        {
            HttpResponseMessage? response = null;
            enter(Phase.Upstream);
            try
            {
                response = await _upstream.SendAsync(ToUpstream(head, body, key), gone);
                // What HttpClient lets pass: a status below 200, a 101 that nobody asked for, two lengths.
                response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths);
                if ((int)response.StatusCode < (head.Upgrades ? 101 : 200) || lengths.Count > 1)
                    throw new HttpRequestException(HttpRequestError.InvalidResponse);
                var sign = await Signs.ReadAsync(response, clock.GetUtcNow(), gone);
                var answer = new Answer(response, key, turn.Tried.Count);
                Ring.Report(key, turn, answer.Status, sign);
                if (!sign.Refused) return answer;
                // A rate limit outlives another key's 401: it tells the client when to come back.
                if (held?.Status != 429 || answer.Status == 429) held = answer;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                response?.Dispose();
                // No kind of error: no connection in time. 499, as in the log, where the client has not waited or its
                // time was over. A key is not to blame for any of them.
                var (error, left) = ((e as HttpRequestException)?.HttpRequestError, gone.IsCancellationRequested);
                var (code, kind) = error is null ? (UpstreamTimeout, "timeout") : (UpstreamUnreachable, $"{error}");
                Ring.Report(key, turn, left ? 499 : (int)code, default);
                if (left) throw;
                // The kinds that come before a byte of the request can have arrived: name, connection, TLS. After any
                // other it may have been worked on, and paid for.
                var isUnsent = error is null or (> HttpRequestError.Unknown and < HttpRequestError.HttpProtocolError);
                // The kind is a fixed word. The exception's message is not shown: it may quote what the upstream sent.
                if (!isUnsent || unsent++ > 0) throw new Refusal(code, $"Upstream failed ({kind}); check --upstream.");
                // However long it has waited.
                turn.Deadline = Math.Max(turn.Deadline, Ring.Now + 1);
                await Task.Delay(Limits.Again, clock, gone);
            }

            enter(Phase.Line);
        }

        held ??= new Refusal(AllKeysResting,
            $"All keys rest; come back in {Math.Ceiling(turn.Soonest)} s. GET /_rotato shows why.").ToAnswer();
        if (held.Status == 429) ComeBackIn(turn.Soonest, held.Response.Headers);
        return held with { Tries = turn.Tried.Count };
    }

    // What the upstream said about that was about one key. The SDKs replace a hint of more than a minute by a short one
    // of their own, unless told not to (providers.md 4).
    private static void ComeBackIn(double seconds, HttpResponseHeaders fields)
    {
        var milliseconds = Math.Ceiling(Math.Round(seconds * 1000, 3));
        fields.RetryAfter = new(TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(milliseconds / 1000))));
        fields.Remove("retry-after-ms");
        fields.Add("retry-after-ms", $"{milliseconds}");
        if (milliseconds > 60_000) fields.Remove("x-should-retry");
        if (milliseconds > 60_000) fields.Add("x-should-retry", "false");
    }

    // As the framework connects, but with keep-alive probes: without them a dead peer is noticed only after the
    // silence that a thinking model is allowed, and home routers forget a connection that is silent for minutes.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        finally
        {
            if (!socket.Connected) socket.Dispose();
        }
    }

    // Strip, then set: what ends here and every credential goes first, the key comes last.
    private HttpRequestMessage ToUpstream(RequestHead head, ReadOnlyMemory<byte> body, ApiKey key)
    {
        var (uri, known) = (new Uri(options.UpstreamText + head.Target, Raw), options.Upstream);
        // A target that changes the host is the shortest way to lose every key. The parser lets none pass; this is
        // the second lock.
        if (uri.IdnHost != known.IdnHost || uri.Port != known.Port) throw RequestHead.Bad("it names another host");
        // Without a content, be it empty, HttpClient sends again by itself when a connection ends: harmless only for
        // these methods.
        var request = new HttpRequestMessage(HttpMethod.Parse(head.Method), uri);
        if (!body.IsEmpty || head.Method is not ("GET" or "HEAD")) request.Content = new ReadOnlyMemoryContent(body);
        foreach (var (name, value) in head.Fields)
        {
            if (EndsHere(name, head.Connection) || request.Headers.TryAddWithoutValidation(name, value)) continue;
            (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        if (head.Upgrades) request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        if (head.Upgrades) request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        // Where the client had none, or in several places, ours takes the usual one.
        var field = head.Keys is [var sent] ? sent.Field : options.KeyField;
        request.Headers.TryAddWithoutValidation(field, Credentials.Prefix(field) + key.Secret);
        return request;
    }
}
