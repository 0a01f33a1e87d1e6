namespace Rotato.Guards;

/// <summary>How an API's clients speak. That decides the API of a request that names none.</summary>
internal enum ApiStyle
{
    OpenAI,
    Anthropic,
    Gemini,
    Azure,
}

/// <summary>An API whose address and habits are public. The table decides where keys go.</summary>
/// <param name="Host">Its host, or what its hosts end with.</param>
/// <param name="KeyPrefixes">Prefixes that only this API's keys have.</param>
/// <param name="KeyField">The field in which it wants its key.</param>
/// <param name="BaseUrl">Where a key goes that has no URL in front; "" where each customer has an address.</param>
/// <param name="ClientPath">What a client's base URL ends with.</param>
/// <param name="Style">How its clients speak.</param>
internal sealed record KnownApi(
    string Host, string[] KeyPrefixes, string KeyField, string BaseUrl, string ClientPath, ApiStyle Style)
{
    private const string Bearer = "Authorization";

    /// <summary>From each API's documentation. The first is the default.</summary>
    public static readonly KnownApi[] All =
    [
        new("api.openai.com", ["sk-proj-", "sk-svcacct-", "sk-admin-"], Bearer, "https://api.openai.com", "/v1",
            ApiStyle.OpenAI),
        new("api.anthropic.com", ["sk-ant-"], "x-api-key", "https://api.anthropic.com", "", ApiStyle.Anthropic),
        new("generativelanguage.googleapis.com", ["AIza", "AQ."], "x-goog-api-key",
            "https://generativelanguage.googleapis.com", "", ApiStyle.Gemini),
        new("api.groq.com", ["gsk_"], Bearer, "https://api.groq.com/openai/v1", "/openai/v1", ApiStyle.OpenAI),
        new("openrouter.ai", ["sk-or-"], Bearer, "https://openrouter.ai/api/v1", "/api/v1", ApiStyle.OpenAI),
        new("api.x.ai", ["xai-"], Bearer, "https://api.x.ai/v1", "/v1", ApiStyle.OpenAI),
        new("api.perplexity.ai", ["pplx-"], Bearer, "https://api.perplexity.ai", "", ApiStyle.OpenAI),
        new("api.cerebras.ai", ["csk-"], Bearer, "https://api.cerebras.ai/v1", "/v1", ApiStyle.OpenAI),
        new("api.mistral.ai", [], Bearer, "https://api.mistral.ai/v1", "/v1", ApiStyle.OpenAI),
        new("api.deepseek.com", [], Bearer, "https://api.deepseek.com/v1", "/v1", ApiStyle.OpenAI),
        new("api.together.xyz", [], Bearer, "https://api.together.xyz/v1", "/v1", ApiStyle.OpenAI),
        new("api.cohere.com", [], Bearer, "https://api.cohere.com/compatibility/v1", "/compatibility/v1",
            ApiStyle.OpenAI),
        new("openai.azure.com", [], "api-key", "", "/openai/v1", ApiStyle.Azure),
        new("cognitiveservices.azure.com", [], "api-key", "", "/openai/v1", ApiStyle.Azure),
        new("services.ai.azure.com", [], "api-key", "", "/openai/v1", ApiStyle.Azure),
    ];

    /// <summary>The API at a host; null where it is none of these.</summary>
    public static KnownApi? AtHost(string host) => Array.Find(All, api => api.Owns(host));

    /// <summary>How a client speaks, where that tells its API; null where many speak so.</summary>
    public static ApiStyle? StyleOf(RequestHead head)
    {
        if (head["anthropic-version"] is not null || Sent(head, "x-api-key")) return ApiStyle.Anthropic;
        if (Sent(head, "x-goog-api-key")) return ApiStyle.Gemini;
        return Sent(head, "api-key") ? ApiStyle.Azure : null;
    }

    /// <summary>Whether a key of this API may go to a host: not to that of another known API.</summary>
    public bool MayGoTo(string host)
    {
        var atHost = AtHost(host);
        return atHost is null || atHost == this;
    }

    /// <summary>The field in which a request wants its key.</summary>
    /// <param name="api">The API; null where it is unknown.</param>
    /// <param name="head">The request. At an unknown API the key goes where the client put its own.</param>
    /// <param name="address">Where it goes.</param>
    public static string KeyFieldFor(KnownApi? api, RequestHead head, Uri address)
    {
        if (api is null) return head.Credentials is [var only] ? only.Field : Bearer;
        if (api.Style != ApiStyle.Gemini) return api.KeyField;
        // Gemini's OpenAI-compatible paths want what OpenAI's clients send.
        return address.AbsolutePath.Contains("/openai/", StringComparison.Ordinal) ? Bearer : api.KeyField;
    }

    private static bool Sent(RequestHead head, string field) => head.Credentials.Any(sent => sent.Field == field);

    private bool Owns(string host)
    {
        if (host.Equals(Host, StringComparison.OrdinalIgnoreCase)) return true;
        return host.EndsWith($".{Host}", StringComparison.OrdinalIgnoreCase);
    }
}
