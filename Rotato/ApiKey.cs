using System.Net.Http;

namespace Rotato;

/// <summary>
/// One API key. Its secret is private: the members below are all that can be done with it, and only the files beside
/// this one can call them.
/// </summary>
internal sealed class ApiKey(string secret)
{
    // A shorter one, as self-hosted servers have, could match ordinary text, and four of its characters would give too
    // much away.
    private const int Long = 16;

    private readonly string _secret = secret;

    /// <summary>What people may see of it; null for a short one.</summary>
    public string? Hint => _secret.Length >= Long ? $"...{_secret[^4..]}" : null;

    /// <summary>Whether it begins as only the keys of this API do.</summary>
    public bool BelongsTo(KnownApi api) =>
        Array.Exists(api.KeyPrefixes, prefix => _secret.StartsWith(prefix, StringComparison.Ordinal));

    public bool IsSameAs(ApiKey other) => _secret == other._secret;

    /// <summary>The only way out: the field in which the API wants it.</summary>
    public void PutInto(HttpRequestMessage request, string field) =>
        request.Headers.TryAddWithoutValidation(field, Credential.Prefix(field) + _secret);

    /// <summary>Takes it out of the head of an answer: an upstream may repeat it.</summary>
    public void BlankOut(StringBuilder head, string replacement)
    {
        if (_secret.Length >= Long) head.Replace(_secret, replacement);
    }
}
