namespace Rotato;

/// <summary>
/// All that Rotato knows of where clients put an API key (providers.md 1.1 and 5.3): the gate looks there for the token, and the
/// forwarder takes away what it finds and puts the real key in the same place.
/// </summary>
internal static class Credential
{
    private const string Protocols = "Sec-WebSocket-Protocol";
    private const string ProtocolPrefix = "openai-insecure-api-key.";
    private static readonly string[] KeyFields = ["Authorization", "x-api-key", "x-goog-api-key", "api-key"];

    public static bool IsKeyField(string name) => KeyFields.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Every credential that the client sent, with the field that ours then goes into (never a URL, even for ?key=).</summary>
    public static List<(string Field, string Secret)> All(RequestHead head)
    {
        var found = new List<(string, string)>();
        foreach (var (name, value) in head.Fields)
        {
            if (IsKeyField(name)) found.Add((name, value[(value.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
            else if (name.Equals(Protocols, StringComparison.OrdinalIgnoreCase))
                found.AddRange(Members(value).Where(IsKeyProtocol).Select(member => (Protocols, member[ProtocolPrefix.Length..])));
        }

        if (head.Target.Contains('?', StringComparison.Ordinal))
            found.AddRange(Parameters(head.Target).Where(IsKeyParameter).Select(part => ("x-goog-api-key", part.Split('=', 2)[^1])));
        return found;
    }

    /// <summary>The target less its key parameters; all other bytes stay as they are.</summary>
    public static string StripTarget(string target) =>
        target.Contains('?', StringComparison.Ordinal) && Parameters(target).Any(IsKeyParameter)
            ? $"{target.Split('?')[0]}?{string.Join('&', Parameters(target).Where(part => !IsKeyParameter(part)))}".TrimEnd('?')
            : target;

    /// <summary>A field's value less a key among its members; null where nothing is left of it.</summary>
    public static string? Strip(string name, string value) =>
        IsKeyField(name) ? null
        : !name.Equals(Protocols, StringComparison.OrdinalIgnoreCase) || !Members(value).Any(IsKeyProtocol) ? value
        : string.Join(", ", Members(value).Where(member => !IsKeyProtocol(member))) is { Length: > 0 } others ? others : null;

    /// <summary>Puts the key where the client had its own, else where the provider wants it. Call it last, when all else is set.</summary>
    public static void Put(HttpRequestHeaders fields, RequestHead head, string usual, string secret)
    {
        var sent = All(head).ConvertAll(credential => credential.Field);
        var field = sent.Count == 0 || sent.Contains(usual, StringComparer.OrdinalIgnoreCase) ? usual : sent[0];
        var scheme = field.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? "Bearer " : field == Protocols ? ProtocolPrefix : "";
        fields.TryAddWithoutValidation(field, scheme + secret);
    }

    private static string[] Members(string value) => value.Split(',', StringSplitOptions.TrimEntries);

    private static bool IsKeyProtocol(string member) => member.StartsWith(ProtocolPrefix, StringComparison.Ordinal);

    private static string[] Parameters(string target) => target.Split('?', 2)[^1].Split('&');

    private static bool IsKeyParameter(string part) => Uri.UnescapeDataString(part.Split('=', 2)[0]) == "key";
}
