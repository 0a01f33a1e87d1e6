using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Rotato.Tests.Infra;

/// <summary>Canaries: keys and tokens that occur nowhere by chance, and the search for any part of them where it must not be.</summary>
internal sealed class Secrets
{
    // Long enough not to occur by chance; the four characters of a key's hint are shorter.
    private const int Run = sizeof(ulong);

    private readonly HashSet<ulong> _runs = [];

    /// <summary>A secret that begins so, with 40 random characters behind.</summary>
    public string New(string prefix = "")
    {
        var secret = prefix + RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40);
        Add(secret);
        return secret;
    }

    public void Add(string secret)
    {
        var bytes = Encoding.ASCII.GetBytes(secret);
        for (var i = 0; i + Run <= bytes.Length; i++) _runs.Add(MemoryMarshal.Read<ulong>(bytes.AsSpan(i)));
    }

    /// <summary>Fails where eight or more characters of a secret in a row are in the text.</summary>
    public void AssertNoneIn(string where, string text) => AssertNoneIn(where, Encoding.UTF8.GetBytes(text));

    public void AssertNoneIn(string where, ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i + Run <= bytes.Length; i++)
        {
            if (_runs.Contains(MemoryMarshal.Read<ulong>(bytes[i..])))
                throw new AssertionException($"A part of a secret is in {where}: {Encoding.Latin1.GetString(bytes[Math.Max(0, i - 80)..Math.Min(bytes.Length, i + 80)])}");
        }
    }
}
