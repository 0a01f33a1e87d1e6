namespace Rotato.RateLimits;

/// <summary>What a rate limit counts: requests to one endpoint for one model.</summary>
/// <param name="Endpoint">The path without the model's name.</param>
/// <param name="Model">Empty where none is named.</param>
internal sealed record Scope(string Endpoint, string Model)
{
    private const int LongestName = 128;

    // Behind these segments a path names the model: Gemini's and Azure's way.
    private static readonly string[] ModelSegments = ["/models/", "/deployments/"];

    // Every key looks it up for every request.
    private readonly int _hash = HashCode.Combine(Endpoint, Model);

    public override int GetHashCode() => _hash;

    public bool Equals(Scope? other)
    {
        if (ReferenceEquals(this, other)) return true;
        return other is not null && Endpoint == other.Endpoint && Model == other.Model;
    }

    public override string ToString() => Model == "" ? Endpoint : $"{Endpoint} {Model}";

    /// <summary>The scope of a request.</summary>
    /// <param name="target">Path and query.</param>
    /// <param name="modelInBody">What the body names; null where it names none.</param>
    public static Scope Of(string target, string? modelInBody)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        foreach (var segment in ModelSegments)
        {
            var start = path.IndexOf(segment, StringComparison.Ordinal) + segment.Length;
            if (start >= segment.Length) return OfPath(path, start);
        }

        var model = modelInBody ?? (question < 0 ? null : ModelInQuery(target[(question + 1)..]));
        return string.IsNullOrEmpty(model) ? new(FirstTwoSegments(path), "") : new(Cut(path), Cut(model));
    }

    // "/v1beta/models/NAME:generateContent" counts as "/v1beta/models/*:generateContent" of NAME.
    private static Scope OfPath(string path, int start)
    {
        var length = path.AsSpan(start).IndexOfAny('/', ':');
        var end = length < 0 ? path.Length : start + length;
        return new(Cut($"{path[..start]}*{path[end..]}"), Cut(path[start..end]));
    }

    private static string? ModelInQuery(string query)
    {
        foreach (var parameter in query.Split('&'))
            if (parameter.StartsWith("model=", StringComparison.Ordinal)) return parameter["model=".Length..];
        return null;
    }

    // Identifiers of files and batches come behind them, and would make a scope of each.
    private static string FirstTwoSegments(string path)
    {
        var second = path.IndexOf('/', 1);
        var third = second < 0 ? -1 : path.IndexOf('/', second + 1);
        return Cut(third < 0 ? path : path[..third]);
    }

    private static string Cut(string text)
    {
        if (text.Length <= LongestName) return text;
        // Not between the two halves of a character, which alone would be none.
        var length = char.IsHighSurrogate(text[LongestName - 1]) ? LongestName - 1 : LongestName;
        return text[..length];
    }
}
