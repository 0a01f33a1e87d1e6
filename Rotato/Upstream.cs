using System.IO;
using System.Net.Http;
using Rotato.Http;

namespace Rotato;

/// <summary>The only way to the APIs, and the only place where a key leaves the program.</summary>
internal sealed class Upstream
{
    private readonly HttpMessageInvoker _direct = Client(useProxy: false, Dialer.ConnectToThisMachineAsync);
    private readonly HttpMessageInvoker _perhapsByProxy = Client(useProxy: true, Dialer.ConnectAsync);

    /// <summary>Sends a request with a key, and gives the answer as soon as its head is there.</summary>
    /// <param name="head">The request.</param>
    /// <param name="target">Path and query at the API.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="key">The key, with its API.</param>
    /// <param name="cancel">Cancelled when the client has gone or the time is over.</param>
    public async Task<HttpResponseMessage> SendAsync(
        RequestHead head, string target, ReadOnlySequence<byte> body, PooledKey key, CancellationToken cancel)
    {
        var request = Make(head, key.Api.AddressOf(target), body);
        // Last, so that no field of the client can replace it; the address is fixed by now.
        key.Key.PutInto(request, KnownApi.KeyFieldFor(key.Known, head, request.RequestUri!));
        // Not Uri.IsLoopback, which does not know "x.localhost": a proxy would then get the key in plain text.
        var client = key.Api.IsOnThisMachine ? _direct : _perhapsByProxy;
        var response = await client.SendAsync(request, cancel);
        // An answer remembers its request, and that has the key.
        response.RequestMessage = null;
        return response;
    }

    private static HttpRequestMessage Make(RequestHead head, Uri address, ReadOnlySequence<byte> body)
    {
        var request = new HttpRequestMessage(HttpMethod.Parse(head.Method), address);
        var needsContent = !body.IsEmpty || !Resending.HttpClientMayRepeat(head.Method);
        if (needsContent) request.Content = new BodyContent(body);
        foreach (var (name, value) in head.Fields)
        {
            if (!PassedFields.Pass(name, head.Connection)) continue;
            if (request.Headers.TryAddWithoutValidation(name, value)) continue;
            // A field of the body, which HttpClient keeps apart.
            request.Content ??= new ByteArrayContent([]);
            request.Content.Headers.TryAddWithoutValidation(name, value);
        }

        if (!head.IsUpgrade) return request;
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        return request;
    }

    // A client that does nothing by itself: no redirects (they would carry x-api-key to another host), no cookies (keys
    // would share a jar), no decompression, no tracing.
    private static HttpMessageInvoker Client(
        bool useProxy, Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect) =>
        new(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = useProxy,
            ActivityHeadersPropagator = null,
            SslOptions = Tls.Options,
            ConnectTimeout = Dialer.MostTime,
            ConnectCallback = connect,
            // So that names are looked up again, and that a connection is not used when the upstream has just dropped
            // it.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(useProxy ? 30 : 4),
            RequestHeaderEncodingSelector = (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = (_, _) => Encoding.Latin1,
        });
}
