namespace Rotato.RateLimits;

/// <summary>What the words of an error mean, no matter whose fault it is.</summary>
internal enum Meaning
{
    None,
    KeyInvalid,
    FundsUsedUp,
    RequestImpossible,
    RequestCostsTooMuch,
    NoAccess,
    MadeWithAnotherKey,
}

/// <summary>
/// The words by which APIs say whose fault an error is, from the table in ErrorWords.txt. They count as the whole of a
/// code, or as the beginning of a message, and nowhere else: an error may repeat any other text of the request.
/// </summary>
internal sealed class ErrorWords
{
    private readonly Dictionary<string, Meaning> _codes = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<(string Beginning, Meaning Meaning)> _messages = [];

    /// <param name="table">Rows of "meaning | member | word | API | source"; "#" begins a comment.</param>
    public ErrorWords(string table)
    {
        foreach (var line in table.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith('#')) continue;
            var row = line.Split(" | ");
            var meaning = Enum.Parse<Meaning>(row[0].Replace("_", "", StringComparison.Ordinal), ignoreCase: true);
            if (row[1] == "code") _codes.TryAdd(row[2], meaning);
            else _messages.Add((row[2], meaning));
        }
    }

    /// <summary>What an error means; of its words the first that the table knows counts, messages before codes,
    /// because they say more.</summary>
    public Meaning MeaningOf(ErrorBody error)
    {
        foreach (var (beginning, meaning) in _messages)
            if (error.Message?.StartsWith(beginning, StringComparison.OrdinalIgnoreCase) == true) return meaning;
        foreach (var code in error.Codes)
            if (_codes.TryGetValue(code, out var meaning)) return meaning;
        return Meaning.None;
    }
}
