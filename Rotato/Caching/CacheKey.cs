using System.Security.Cryptography;
using Rotato.Http;

namespace Rotato.Caching;

/// <summary>What makes two requests equal.</summary>
internal static class CacheKey
{
    private static readonly string[] FieldsThatMatter =
        ["Content-Type", "Accept", "Accept-Encoding", "Range", "anthropic-version", "anthropic-beta", "OpenAI-Beta",
         "OpenAI-Organization", "OpenAI-Project", "anthropic-workspace-id", "x-goog-user-project"];

    /// <summary>A digest of all that matters of a request; null where its answer may not come from memory.</summary>
    /// <param name="head">Its head.</param>
    /// <param name="choice">Its API, and its target there.</param>
    /// <param name="body">Its body.</param>
    public static string? Of(RequestHead head, ApiChoice choice, ReadOnlySequence<byte> body)
    {
        if (head.Method is not ("GET" or "POST") || head.IsUpgrade) return null;
        if (WantsFreshAnswer(head)) return null;
        // A request that wants one key wants that one's answer.
        if (head["x-rotato-key"] is not null) return null;
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(digest, choice.Api.BaseUrl.AbsoluteUri);
        Append(digest, head.Method);
        Append(digest, choice.Target);
        foreach (var field in FieldsThatMatter) Append(digest, head[field] ?? "");
        foreach (var piece in body) digest.AppendData(piece.Span);
        return Convert.ToHexString(digest.GetHashAndReset());
    }

    private static bool WantsFreshAnswer(RequestHead head) => head["Cache-Control"] is { } wish
        && (wish.Contains("no-cache", StringComparison.OrdinalIgnoreCase)
            || wish.Contains("no-store", StringComparison.OrdinalIgnoreCase));

    // A NUL ends each part: none of them can hold one, so no two requests come out alike.
    private static void Append(IncrementalHash digest, string text) =>
        digest.AppendData(Encoding.UTF8.GetBytes(text + "\0"));
}
