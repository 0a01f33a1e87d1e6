namespace Rotato;

/// <summary>
/// A request's way to the upstream: choose a key, send, judge the answer; the next key where it says "this key, not now", else
/// that is the answer. Nothing of an answer has gone to the client while this runs, so trying again is always honest here.
/// </summary>
internal sealed class Forwarder(Options options, KeyRing ring, HttpMessageInvoker upstream, TimeProvider clock)
{
    // The Uri class would rewrite the path ("/a/../b", "%41"); the head's parser has refused what would be dangerous without that.
    private static readonly UriCreationOptions ByteForByte = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private static readonly HttpRequestError[] Unsent =
        [HttpRequestError.ConnectionError, HttpRequestError.NameResolutionError, HttpRequestError.SecureConnectionError];

    private readonly string _base = options.UpstreamText;

    /// <summary>
    /// The client to the upstream. It does nothing by itself: no redirect (it would carry x-api-key to another host), no cookies
    /// (keys would share one jar), no decompression (bytes pass as they are), no tracing fields. A proxy of the environment serves
    /// only https to other hosts, through a tunnel that it cannot look into.
    /// </summary>
    public static HttpMessageInvoker CreateUpstream(Uri upstream) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        UseProxy = upstream.Scheme == Uri.UriSchemeHttps && !upstream.IsLoopback,
        ConnectTimeout = Limits.Connect,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        // A new connection asks DNS again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        ConnectCallback = ConnectAsync,
    });

    /// <exception cref="Refusal">No key in time and no answer of the upstream to pass on, or the upstream did not answer.</exception>
    public async Task<Answer> SendAsync(RequestHead head, RequestBody body, CancellationToken gone)
    {
        var turn = ring.Arrive(body.Model);
        Answer? held = null;
        var failures = 0;
        while (await ring.NextAsync(turn, gone) is { } key)
        {
            try
            {
                using var request = ToUpstream(head, body.Content, key);
                var response = await upstream.SendAsync(request, gone);
                var answer = new Answer(response, key, turn.Tries);
                var sign = await JudgeAsync(response, gone);
                ring.Report(key, turn, (int)response.StatusCode, sign);
                if (!sign.Refused) return answer;
                // A rate limit is worth more to the client than another key's 401: it says when to come back.
                if (held?.Response.StatusCode != HttpStatusCode.TooManyRequests || response.StatusCode == HttpStatusCode.TooManyRequests)
                    held = answer;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !gone.IsCancellationRequested)
            {
                ring.Report(key, turn, 502, new(false, ""));
                // Sent again only where no byte of the request can have arrived: it may have been worked on, and paid for.
                var error = (e as HttpRequestException)?.HttpRequestError ?? HttpRequestError.ConnectionError;
                if (!Unsent.Contains(error) || ++failures > 1) throw Unreachable(e as HttpRequestException);
                turn.Tried.Remove(key);
                await Task.Delay(Limits.ConnectAgain, clock, gone);
            }
        }

        var seconds = Math.Ceiling(turn.Soonest.TotalSeconds);
        held ??= new Refusal(ErrorCode.AllKeysResting,
            $"All keys are resting; the soonest is ready in {seconds} s. Wait, add keys, or raise --wait.").ToAnswer();
        return held.Response.StatusCode == HttpStatusCode.TooManyRequests ? held with { Retry = turn.Soonest } : held;
    }

    // The kind of a failure is a fixed word of the framework; its message is not shown, it may quote what the upstream sent.
    private static Refusal Unreachable(HttpRequestException? failure) => failure is null
        ? new(ErrorCode.UpstreamTimeout, "The upstream did not accept a connection within 10 s; check --upstream and the network.")
        : new(ErrorCode.UpstreamUnreachable, $"The upstream gave no answer ({failure.HttpRequestError}); check --upstream and the network.");

    // The framework connects in the same way, but without keep-alive probes: a dead peer would be noticed only after the silence
    // that a thinking model is allowed, and home routers forget a connection that is silent for minutes.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Sign> JudgeAsync(HttpResponseMessage response, CancellationToken gone)
    {
        if (!Signs.AreInBody(response.StatusCode)) return Signs.Read(response, default, clock.GetUtcNow());
        await response.Content.LoadIntoBufferAsync(Limits.JudgedBody, gone);
        var body = response.Content.Headers.ContentEncoding.Count == 0 ? await response.Content.ReadAsByteArrayAsync(gone) : [];
        return Signs.Read(response, body, clock.GetUtcNow());
    }

    // Strip, then set: everything of the hop and every credential goes first, the key comes last.
    private HttpRequestMessage ToUpstream(RequestHead head, ReadOnlyMemory<byte> body, ApiKey key)
    {
        var uri = new Uri(_base + Credential.StripTarget(head.Target), ByteForByte);
        // The shortest way to lose every key is a target that changes the host. The parser allows none; this is the second lock.
        if (uri.Scheme != options.Upstream.Scheme || uri.Authority != options.Upstream.Authority)
            throw new Refusal(ErrorCode.BadRequest, "The target does not stay on the upstream's host.");
        var request = new HttpRequestMessage(HttpMethod.Parse(head.Method), uri);
        if (!body.IsEmpty) request.Content = new ReadOnlyMemoryContent(body);
        foreach (var (name, sent) in head.Fields)
        {
            if (Hop.Ends(name, head.Connection) || Credential.Strip(name, sent) is not { } value) continue;
            if (!request.Headers.TryAddWithoutValidation(name, value))
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
        }

        if (head.Upgrades)
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.Upgrade.Add(new("websocket"));
        }

        Credential.Put(request.Headers, head, options.KeyField, key.Secret);
        return request;
    }
}
