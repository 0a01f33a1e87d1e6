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

    // Failures before a byte of the request can have arrived. After one of any other kind it may have been worked on,
    // and paid for.
    private static readonly HttpRequestError[] Unsent = [HttpRequestError.ConnectionError,
        HttpRequestError.NameResolutionError, HttpRequestError.SecureConnectionError];

    // A client that does nothing by itself: no redirect (it would carry x-api-key to another host), no cookies (keys
    // would share a jar), no decompression, no tracing. A proxy of the environment serves https alone, through a
    // tunnel it cannot look into. A connection's life is bounded so that DNS is asked again, its idling so that it is
    // not used when the upstream has dropped it.
    private readonly HttpMessageInvoker _upstream = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, AutomaticDecompression = DecompressionMethods.None,
        UseProxy = options.Upstream.Scheme == Uri.UriSchemeHttps && !options.Upstream.IsLoopback,
        ConnectTimeout = Limits.Connect, ConnectCallback = ConnectAsync, ActivityHeadersPropagator = null,
        PooledConnectionLifetime = Limits.ConnectionLife, PooledConnectionIdleTimeout = Limits.ConnectionIdle,
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
                if (!IsSound(response, head)) throw new HttpRequestException(HttpRequestError.InvalidResponse);
                var (answer, sign) = (new Answer(response, key, turn.Tries), await JudgeAsync(response, gone));
                Ring.Report(key, turn, answer.Status, sign);
                if (!sign.Refused) return answer;
                // A rate limit outlives another key's 401: it tells the client when to come back.
                held = held is { Status: 429 } && answer.Status != 429 ? held : answer;
                enter(Phase.Line);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                response?.Dispose();
                var (error, left) = ((e as HttpRequestException)?.HttpRequestError, gone.IsCancellationRequested);
                // 499, as in the log, for a client that has not waited; a key is not to blame for either.
                Ring.Report(key, turn, left ? 499 : error is null ? 504 : 502, default);
                if (left) throw;
                if (!Unsent.Contains(error ?? HttpRequestError.ConnectionError) || unsent++ > 0) throw Failed(error);
                // However long it has waited.
                turn.Deadline = Math.Max(turn.Deadline, Ring.Now + 1);
                await Task.Delay(Limits.Again, clock, gone);
            }
        }

        held ??= new Refusal(AllKeysResting, $"All keys rest for {Math.Ceiling(turn.Soonest)} s at least. "
            + "Come back then, add keys, or let requests wait longer with --wait.").ToAnswer();
        if (held.Status == 429) ComeBackIn(turn.Soonest, held.Response.Headers);
        return held with { Tries = turn.Tries };
    }

    // What the upstream said about that was about one key.
    private static void ComeBackIn(double seconds, HttpResponseHeaders fields)
    {
        Array.ForEach(["Retry-After", "retry-after-ms"], name => fields.Remove(name));
        fields.TryAddWithoutValidation("Retry-After", $"{Math.Max(1, Math.Ceiling(Math.Round(seconds, 3)))}");
        fields.TryAddWithoutValidation("retry-after-ms", $"{Math.Ceiling(Math.Round(seconds * 1000, 3))}");
        // The SDKs replace a longer hint by a short one of their own, unless told not to (providers.md 4).
        if (seconds <= 60) return;
        fields.Remove("x-should-retry");
        fields.TryAddWithoutValidation("x-should-retry", "false");
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
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // The body of an error that may mean the key is read whole: to judge it, and to give it to the client later if no
    // other key serves.
    private async ValueTask<Sign> JudgeAsync(HttpResponseMessage response, CancellationToken gone)
    {
        if (!Signs.AreInBody(response.StatusCode)) return Signs.Read(response, [], clock.GetUtcNow());
        await response.Content.LoadIntoBufferAsync(Limits.ErrorBody, gone);
        var isPlain = !response.Content.Headers.NonValidated.Contains("Content-Encoding");
        var body = await response.Content.ReadAsByteArrayAsync(gone);
        return Signs.Read(response, isPlain ? body : [], clock.GetUtcNow());
    }

    // Strip, then set: what ends here and every credential goes first, the key comes last.
    private HttpRequestMessage ToUpstream(RequestHead head, ReadOnlyMemory<byte> body, ApiKey key)
    {
        var uri = new Uri(options.UpstreamText + head.Target, Raw);
        // A target that changes the host is the shortest way to lose every key. The parser lets none pass; this is
        // the second lock.
        if (uri.Scheme != options.Upstream.Scheme || uri.Authority != options.Upstream.Authority)
            throw RequestHead.Bad("it names another host");
        // Without a content, be it empty, HttpClient sends again by itself when a connection ends: harmless only for
        // these methods.
        var bare = body.IsEmpty && head.Method is "GET" or "HEAD" or "OPTIONS";
        var content = bare ? null : new ReadOnlyMemoryContent(body);
        var request = new HttpRequestMessage(HttpMethod.Parse(head.Method), uri) { Content = content };
        foreach (var (name, value) in head.Fields)
        {
            if (EndsHere(name, head.Connection) || request.Headers.TryAddWithoutValidation(name, value)) continue;
            (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        if (head.Upgrades) request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        if (head.Upgrades) request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        // Where the client had several, ours takes the usual place.
        var usual = options.KeyField;
        var field = head.Keys.Select(sent => sent.Field).DefaultIfEmpty(usual).MaxBy(name => name == usual)!;
        request.Headers.TryAddWithoutValidation(field, Credentials.Prefix(field) + key.Secret);
        return request;
    }
}
