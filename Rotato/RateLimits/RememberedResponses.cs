using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>
/// Which key gave which response of OpenAI's Responses API: only that key's organisation knows what a request with a
/// previous_response_id continues.
/// </summary>
internal sealed class RememberedResponses
{
    private const int MostBytesLookedAt = 4 << 10;
    private const int LongestId = 128;

    private readonly RecentKeys _keys = new();

    /// <summary>Whether requests to this path create responses.</summary>
    public static bool AreMadeAt(string path) => path.EndsWith("/responses", StringComparison.Ordinal);

    /// <summary>The key that gave a response; null where that is not remembered.</summary>
    public int? KeyOf(string? id) => _keys.Of(id);

    /// <summary>Looks for the response's name in the first bytes of an answer.</summary>
    public void Watch(Answer answer)
    {
        if (answer.Status != 200 || answer.Key is not { } key) return;
        var coding = answer.Field("Content-Encoding");
        answer.Body.Observer += OnFirstBytes;

        void OnFirstBytes(ReadOnlyMemory<byte> bytes)
        {
            answer.Body.Observer -= OnFirstBytes;
            if (IdIn(Packed.Unpack(bytes, coding, MostBytesLookedAt)) is { } id) _keys.Remember(id, key);
        }
    }

    // "id": "resp_...", at the top of an answer or within the first event of a stream.
    private static string? IdIn(ReadOnlySpan<byte> text)
    {
        var start = text.IndexOf("\"resp_"u8);
        if (start < 0 || !text[..start].TrimEnd(" \t"u8).EndsWith("\"id\":"u8)) return null;
        var rest = text[(start + 1)..];
        var length = rest.IndexOf((byte)'"');
        return length is > 0 and <= LongestId ? Encoding.ASCII.GetString(rest[..length]) : null;
    }
}
