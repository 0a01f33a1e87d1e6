using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rotato.Tests;

/// <summary>What can be read in one sitting stays so: design 1 and 2.</summary>
internal sealed partial class AuditBudgetTests
{
    /// <summary>Whoever gets below it lowers it.</summary>
    private const int MostCountedLines = 729;
    private const int MostColumns = 120, MostPageLines = 150;

    private static readonly string[] TopLevel = ["Rotato", "Rotato.Tests", "Rotato.sln", "build.ps1", "README.md",
        "LICENSE"];

    private static IEnumerable<string> Sources =>
        Directory.EnumerateFiles(Repository.Of("Rotato"), "*.cs", SearchOption.AllDirectories)
        .Where(path => !Path.GetRelativePath(Repository.Of("Rotato"), path).Split('/', '\\')
            .Any(part => part is "bin" or "obj"))
        .Order(StringComparer.Ordinal);

    [Test]
    public void TheSourceIsWithinItsBudget()
    {
        var counts = Sources.ToDictionary(path =>
            Path.GetRelativePath(Repository.Of("Rotato"), path), path => CountedLines(File.ReadAllText(path)));
        foreach (var (name, count) in counts) TestContext.Out.WriteLine($"{count,5} {name}");
        TestContext.Out.WriteLine($"{counts.Values.Sum(),5} in all, of {MostCountedLines}");
        Assert.That(counts, Is.Not.Empty);
        Assert.That(counts.Values.Sum(), Is.LessThanOrEqualTo(MostCountedLines));
    }

    [Test]
    public void NoLineIsWiderThanAPage() => Assert.That(
        Sources.SelectMany(path =>
            File.ReadLines(path).Select((line, i) => (Place: $"{Path.GetFileName(path)}:{i + 1}", line.Length)))
            .Where(line => line.Length > MostColumns).Select(line => $"{line.Place} has {line.Length}"), Is.Empty);

    [Test]
    public void TheReadmeTellsTheTrueFigure()
    {
        var told = Figure().Matches(File.ReadAllText(Repository.Of("README.md")))
            .Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        Assert.That(told, Is.Not.Empty.And.All.EqualTo(Sources.Sum(path => CountedLines(File.ReadAllText(path)))));
    }

    [TestCase("", 0)]
    [TestCase(" \t ", 0)]
    [TestCase("{", 0)]
    [TestCase("    });", 0)]
    [TestCase(")", 0)]
    [TestCase("// words", 0)]
    [TestCase("    /// <summary>words</summary>", 0)]
    [TestCase("/* words */", 0)]
    [TestCase("/* words */ }", 0)]
    [TestCase("/* a\nb\nc */", 0)]
    [TestCase("/* a\nb\nc */ d();", 1)]
    [TestCase("a(); /* b\nc */", 1)]
    [TestCase("a(); // b", 1)]
    [TestCase("} // words", 0)]
    [TestCase("else", 1)]
    [TestCase("} else {", 1)]
    [TestCase("1,", 1)]
    [TestCase("_ => 1,", 1)]
    [TestCase("using A;\n\n{\n}\nb();\n", 2)]
    [TestCase("using A;\r\n\r\n{\r\n}\r\nb();\r\n", 2)]
    // Text that looks like a comment, or like the end of a text
    [TestCase("a(\"/*\");\nb();\nc(\"*/\");", 3)]
    [TestCase("\"//\"", 0)]
    [TestCase("a(\"//\", b);", 1)]
    [TestCase("a(\"\\\"/*\");\nb();", 2)]
    [TestCase("a('\"', '/', '*');\n// b", 1)]
    [TestCase("a('\\'', \"/*\");\nb();", 2)]
    [TestCase("a(@\"\\\");\n// b", 1)]
    [TestCase("a(@\"\n// b\n\"\"\n// c\n\");", 3)]
    [TestCase("a(\"\"\"\n    // text\n    /* text\n    \"quoted\" text\n    \"\"\");\n// comment", 4)]
    [TestCase("a($\"\"\"\"\n    \"\"\" text\n    \"\"\"\");\n// comment", 2)]
    public void CountsAsTheDesignSays(string source, int expected) =>
        Assert.That(CountedLines(source), Is.EqualTo(expected));

    [Test]
    public void ThePageIsShortAndNeedsNothingFromElsewhere()
    {
        var page = File.ReadAllText(Repository.Of("Rotato", "Status.html"));
        Assert.That(page.TrimEnd().Split('\n'), Has.Length.LessThanOrEqualTo(MostPageLines));
        Assert.That(page, Does.Not.Match("https?:").And.Not.Match("[\"'(=]//").And.Not.Contain("@import")
            .And.Not.Contain("import("));
        Assert.That(Links().Matches(page).Select(match => match.Groups[1].Value), Is.All.StartsWith("data:"));
    }

    [Test]
    public void TheProductUsesNoPackage()
    {
        var project = File.ReadAllText(Repository.Of("Rotato", "Rotato.csproj"));
        Assert.That(project, Does.Not.Contain("PackageReference").And.Not.Contain("ProjectReference")
            .And.Not.Contain("<Import"));
        Assert.That(project, Does.Not.Contain("<Reference").And.Not.Contain("HintPath")
            .And.Not.Contain("PackageDownload"));
        Assert.That(project, Does.Not.Contain("Compile Include"),
            "all that is compiled lies in the folder, and is counted");
        Assert.That(project, Does.Not.Contain("AllowUnsafeBlocks"));
    }

    [Test]
    public void TheTopLevelHoldsOnlyWhatItMust()
    {
        var entries = Tracked()
            ?? [.. Directory.EnumerateFileSystemEntries(Repository.Root).Select(path => Path.GetFileName(path))
            .Except(["dist", "TestResults", "packages"])];
        Assert.That(entries.Where(name => !name.StartsWith('.')).Distinct(), Is.EquivalentTo(TopLevel));
    }

    /// <summary>A line counts if it holds a letter or a digit outside of comments.</summary>
    private static int CountedLines(string source) =>
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

    [GeneratedRegex(@"(\d+) counted lines")]
    private static partial Regex Figure();

    [GeneratedRegex("""(?:\b(?:src|href|action|srcset|poster|data)\s*=\s*["']?|url\(\s*["']?)([^"'\s>)]*)""")]
    private static partial Regex Links();

    // Null where there is no git, or no checkout.
    private static List<string>? Tracked()
    {
        try
        {
            using var git = Process.Start(new ProcessStartInfo("git", ["-c", "core.quotePath=false", "ls-files"])
            {
                WorkingDirectory = Repository.Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
            })!;
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            var names = git.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(path => path.Split('/')[0]).ToList();
            git.WaitForExit();
            return git.ExitCode == 0 && names.Count > 0 ? names : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>The sources that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new(AppContext.BaseDirectory));

    public static string Of(params string[] path) => Path.Combine([Root, .. path]);

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Combine(folder.FullName, "Rotato.sln")) ? folder.FullName
        : Find(folder.Parent ?? throw new InvalidOperationException("The tests do not run within the repository."));
}
