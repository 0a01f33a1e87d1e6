using System.Net.Http;
using System.Net.Http.Headers;

namespace Rotato.Guards;

/// <summary>
/// How an answer is framed for the client. It is decided from what arrives and written anew, never copied: whatever an
/// upstream claims, the client sees the end that was decided on here.
/// </summary>
/// <param name="HasBody">Whether bytes follow the head at all.</param>
/// <param name="Length">Bytes of the body where that is known.</param>
/// <param name="IsChunked">Whether the body goes in chunks.</param>
internal sealed record AnswerFraming(bool HasBody, long? Length, bool IsChunked)
{
    private const int MostDigits = 15;

    /// <summary>Whether the end of the connection is the only sign of the body's end, as in HTTP/1.0.</summary>
    public bool EndsByClosing => HasBody && Length is null && !IsChunked;

    /// <summary>Decides it (RFC 9112 section 6.3).</summary>
    /// <param name="response">The answer, from an upstream or Rotato's own.</param>
    /// <param name="method">The request's method; null where no request could be read.</param>
    /// <param name="isHttp11">Whether the client speaks HTTP/1.1.</param>
    public static AnswerFraming Of(HttpResponseMessage response, string? method, bool isHttp11)
    {
        var status = (int)response.StatusCode;
        var hasBody = method != "HEAD" && status is not (204 or 304);
        var length = status == 204 ? null : LengthOf(response);
        if (status == 101) return new(true, null, false);
        return new(hasBody, length, hasBody && length is null && isHttp11);
    }

    /// <summary>Writes the fields that tell the client of it.</summary>
    /// <param name="status">The answer's status.</param>
    /// <param name="stays">Whether the connection stays open.</param>
    /// <param name="head">Gets them.</param>
    public void AppendFields(int status, bool stays, StringBuilder head)
    {
        if (IsChunked) head.Append("Transfer-Encoding: chunked\r\n");
        if (Length is { } length) head.Append(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n");
        if (status == 101) head.Append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
        else if (!stays) head.Append("Connection: close\r\n");
    }

    /// <summary>
    /// Refuses an upstream's answer of which it is not clear where it ends. HttpClient accepts more: a length that is
    /// no number, several of them, codings that it does not undo, and a 101 that nobody asked for.
    /// </summary>
    /// <exception cref="HttpRequestException">It is no sound answer.</exception>
    public static void Check(HttpResponseMessage response, RequestHead head)
    {
        var status = (int)response.StatusCode;
        var isFinal = status >= 200 || (status == 101 && head.IsUpgrade);
        if (!isFinal || !IsUnambiguous(response)) throw new HttpRequestException(HttpRequestError.InvalidResponse);
    }

    private static bool IsUnambiguous(HttpResponseMessage response)
    {
        if (response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var coding))
            return coding.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase);
        if (!response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var length)) return true;
        return IsNumber(length);
    }

    // Chunked wins over a length beside it (RFC 9112 section 6.3).
    private static long? LengthOf(HttpResponseMessage response)
    {
        if (response.Headers.NonValidated.Contains("Transfer-Encoding")) return null;
        if (!response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var length))
            return response.Content.Headers.ContentLength;
        return IsNumber(length) ? long.Parse(length.ToString(), CultureInfo.InvariantCulture) : null;
    }

    private static bool IsNumber(HeaderStringValues values)
    {
        var text = values.ToString();
        if (values.Count != 1) return false;
        if (text.Length is 0 or > MostDigits) return false;
        return !text.AsSpan().ContainsAnyExceptInRange('0', '9');
    }
}
