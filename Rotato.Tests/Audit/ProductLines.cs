using System.Text.RegularExpressions;

namespace Rotato.Tests.Audit;

/// <summary>The product's source files, and how many of their lines count.</summary>
internal static partial class ProductLines
{
    /// <summary>Paths in the product's folder, with slashes.</summary>
    public static string[] Files { get; } =
    [
        .. Directory.EnumerateFiles(Repository.Of("Rotato"), "*.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Of("Rotato"), path).Replace('\\', '/'))
            .Where(path => !path.Split('/').Any(part => part is "bin" or "obj"))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Where keys and bytes can go: the files that lie in no folder.</summary>
    public static bool IsCore(string file) => !file.Contains('/', StringComparison.Ordinal);

    /// <summary>What must be right.</summary>
    public static bool IsGuard(string file) => file.StartsWith("Guards/", StringComparison.Ordinal);

    public static string TextOf(string file) => File.ReadAllText(Repository.Of("Rotato", file));

    /// <summary>A line counts where it holds a letter or a digit outside of comments.</summary>
    public static int Count(string source) =>
        WithoutComments(source).Split('\n').Count(line => line.Any(char.IsLetterOrDigit));

    // Comments and texts in the order in which they begin, so that neither is taken for the other. A text stays, but
    // for its escapes.
    private static string WithoutComments(string source) => Tokens().Replace(source, match =>
        !match.Value.StartsWith('/') ? match.Value : string.Concat(match.Value.Where(c => c == '\n')));

    // A raw text ends with as many quotes as it begins with; a verbatim one doubles its quotes; others, and characters,
    // escape them.
    [GeneratedRegex("""""
        (?<raw>"{3,})[\s\S]*?\k<raw>"* | (@\$?|\$@)"(""|[^"])*" | "(\\.|[^"\\\n])*" | '(\\.|[^'\\\n])+'
        | //[^\n]* | /\*[\s\S]*?\*/
        """"", RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Tokens();
}
