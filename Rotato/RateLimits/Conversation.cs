namespace Rotato.RateLimits;

/// <summary>What requests of one conversation have in common, so that they can stay with one key.</summary>
internal static class Conversation
{
    // What comes first in a body stays as it is while a conversation grows.
    private const int BytesOfBeginning = 1024;

    private static readonly string[] SessionFields = ["session_id", "x-session-id", "x-claude-code-session-id"];

    /// <summary>
    /// A session's name where the client gives one, else what the body says, else how the body begins.
    /// </summary>
    public static string Of(RequestHead head, BodyFacts facts, ReadOnlySequence<byte> body)
    {
        foreach (var field in SessionFields)
            if (head[field] is { } session) return session;
        if (facts.Conversation is { } conversation) return conversation;
        var beginning = body.Slice(0, Math.Min(body.Length, BytesOfBeginning));
        return Encoding.Latin1.GetString(beginning);
    }
}
