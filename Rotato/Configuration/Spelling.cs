namespace Rotato.Configuration;

/// <summary>How far a word is from another.</summary>
internal static class Spelling
{
    /// <summary>How many letters must be changed, added or left out (the Levenshtein distance).</summary>
    public static int Distance(string from, string to)
    {
        var previous = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var current = new int[to.Length + 1];
            current[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var change = previous[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
                var addOrLeaveOut = Math.Min(previous[j], current[j - 1]) + 1;
                current[j] = Math.Min(change, addOrLeaveOut);
            }

            previous = current;
        }

        return previous[^1];
    }
}
