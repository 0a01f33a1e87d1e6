using System.IO;
using System.IO.Compression;

namespace Rotato.RateLimits;

/// <summary>Unpacks the beginning of a body that an API has compressed, to look at it.</summary>
internal static class Packed
{
    /// <summary>As much of the text as is there; nothing where it is damaged.</summary>
    /// <param name="body">As it came, perhaps cut.</param>
    /// <param name="coding">How it is compressed (RFC 9110 section 8.4.1); null where it is not.</param>
    /// <param name="most">Bytes of text at most: a small body may unpack to a huge one.</param>
    public static byte[] Unpack(ReadOnlyMemory<byte> body, string? coding, int most)
    {
        var isPlain = coding is null || coding.Equals("identity", StringComparison.OrdinalIgnoreCase);
        if (isPlain) return body[..Math.Min(body.Length, most)].ToArray();
        using var packed = new MemoryStream(body.ToArray());
        using Stream? unpacking = coding!.ToUpperInvariant() switch
        {
            "GZIP" or "X-GZIP" => new GZipStream(packed, CompressionMode.Decompress),
            "DEFLATE" => new ZLibStream(packed, CompressionMode.Decompress),
            "BR" => new BrotliStream(packed, CompressionMode.Decompress),
            _ => null,
        };
        if (unpacking is null) return [];
        var text = new byte[most];
        var length = 0;
        try
        {
            while (length < most)
            {
                var count = unpacking.Read(text, length, most - length);
                if (count == 0) break;
                length += count;
            }
        }
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            // Damaged, or of an unknown form: what was unpacked before that counts.
        }

        return text[..length];
    }
}
