using System.IO;
using System.Net;
using System.Net.Http;

namespace Rotato.Http;

/// <summary>What goes back to the client: the upstream's answer, or one of Rotato's own.</summary>
/// <param name="response">Status and fields.</param>
/// <param name="body">What follows them.</param>
internal sealed class Answer(HttpResponseMessage response, AnswerBody body) : IDisposable
{
    public HttpResponseMessage Response => response;
    public AnswerBody Body => body;
    public int Status => (int)response.StatusCode;

    /// <summary>The status that came from the API, before an error that is hidden in a 200 has changed it.</summary>
    public int ReceivedStatus { get; } = (int)response.StatusCode;

    /// <summary>The number of the key that it came with; null for an answer of Rotato's own.</summary>
    public int? Key { get; init; }

    /// <summary>The number of the key that the head of the answer may repeat; null for one of Rotato's own.</summary>
    public int? KeyToBlank => Key ?? CachedKey;

    /// <summary>The key that an answer from memory once came with; null for any other answer.</summary>
    public int? CachedKey { get; init; }

    /// <summary>Whether its connection ends with it, as in HTTP/1.0.</summary>
    public bool EndsConnection => response.Version < HttpVersion.Version11;

    /// <summary>Whether it comes from memory.</summary>
    public bool IsCacheHit => CachedKey is not null;

    /// <summary>Whether it is an error behind a 200, whatever its status is now.</summary>
    public bool HidesError { get; set; }

    /// <summary>Whether it was looked for in memory and not found.</summary>
    public bool IsCacheMiss { get; set; }

    /// <summary>Whether the ring knows already that it has ended: it was refused, and is replayed.</summary>
    public bool HasEnded { get; set; }

    /// <summary>How often its request was sent.</summary>
    public int Tries { get; set; }

    /// <summary>One of Rotato's own. Nobody may keep it, and no browser may do more with it than it needs.</summary>
    public static Answer Own(int status, string contentType, byte[] content)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new ByteArrayContent(content) };
        response.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        response.Headers.Add("Cache-Control", "no-store");
        response.Headers.Add("X-Content-Type-Options", "nosniff");
        response.Headers.Add("Content-Security-Policy", PagePolicy);
        return new(response, new AnswerBody(new MemoryStream(content)));
    }

    /// <summary>The value of a field of the answer; null where it has none.</summary>
    public string? Field(string name)
    {
        if (response.Headers.NonValidated.TryGetValues(name, out var values)) return values.ToString();
        return response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;
    }

    public void Dispose() => response.Dispose();

    private const string PagePolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        + "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}
