using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Rotato.Tests.Audit;

/// <summary>
/// What can be read in an hour stays so: how much is core, guards and whole, and that no part of it is too large to be
/// seen at once. The figures are fences, no aims.
/// </summary>
internal sealed partial class ShapeTests
{
    // Counted lines. Who needs fewer lowers them.
    private const int MostInCore = 810;
    private const int MostInGuards = 510;
    private const int MostInAll = 3590;

    private const int MostInFile = 110;
    private const int LeastInFile = 8;
    private const int MostInMethod = 25;
    private const int MostColumns = 120;
    private const int MostPageLines = 250;

    // Types of a few lines that several rooms share, and that would be searched for in vain in another's file.
    private static readonly string[] MayBeShort = [];

    private static readonly string[] TopLevel =
        ["Rotato", "Rotato.Tests", "Rotato.sln", "build.ps1", "README.md", "LICENSE"];

    private static int Core => LinesIn(ProductLines.IsCore);
    private static int Guards => LinesIn(ProductLines.IsGuard);
    private static int Whole => LinesIn(_ => true);

    [Test]
    public void CoreGuardsAndWholeAreWithinTheirFences()
    {
        foreach (var file in ProductLines.Files)
            TestContext.Out.WriteLine($"{ProductLines.Count(ProductLines.TextOf(file)),5} {file}");
        TestContext.Out.WriteLine($"core {Core} of {MostInCore}, guards {Guards} of {MostInGuards}, whole {Whole} of {MostInAll}");
        Assert.That((Core, Guards), Is.Not.EqualTo((0, 0)));
        Assert.That(Core, Is.InRange(1, MostInCore));
        Assert.That(Guards, Is.InRange(1, MostInGuards));
        Assert.That(Whole, Is.InRange(Core + Guards, MostInAll));
    }

    [Test]
    public void EveryFileCanBeSeenAtOnce() => Assert.That(
        Sizes().Where(file => file.Lines > MostInFile).Select(file => $"{file.Name} has {file.Lines}"), Is.Empty);

    [Test]
    public void NoFileIsTooSmallToBeLookedFor() => Assert.That(
        Sizes().Where(file => file.Lines < LeastInFile && !MayBeShort.Contains(file.Name))
            .Select(file => $"{file.Name} has {file.Lines}"), Is.Empty);

    [Test]
    public void EveryMethodCanBeHeldInMind() => Assert.That(
        from file in ProductLines.Files
        from method in ProductMethod.In(ProductLines.TextOf(file))
        where method.Lines > MostInMethod
        select $"{method.Name} in {file} has {method.Lines}", Is.Empty);

    [Test]
    public void NoLineIsWiderThanAPage() => Assert.That(
        from file in ProductLines.Files
        from line in ProductLines.TextOf(file).ReplaceLineEndings("\n").Split('\n').Index()
        where line.Item.Length > MostColumns
        select $"{file}:{line.Index + 1} has {line.Item.Length}", Is.Empty);

    [TestCase("core")]
    [TestCase("guards")]
    [TestCase("whole")]
    public void TheReadmeTellsTheTrueFigure(string part)
    {
        var expected = part switch
        {
            "core" => Core,
            "guards" => Guards,
            _ => Whole,
        };
        var told = Figure().Matches(File.ReadAllText(Repository.Of("README.md")))
            .Where(match => match.Groups[1].Value == part)
            .Select(match =>
                int.Parse(match.Groups[2].Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture));
        Assert.That(told, Is.Not.Empty.And.All.EqualTo(expected), $"README says \"{part}: N counted lines\"");
    }

    [Test]
    public void TheReadmeTellsNoOtherFigure()
    {
        var readme = File.ReadAllText(Repository.Of("README.md"));
        Assert.That(AnyFigure().Count(readme), Is.EqualTo(Figure().Count(readme)));
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
    public void ALineCountsThatHoldsMoreThanCommentsAndPunctuation(string source, int expected) =>
        Assert.That(ProductLines.Count(source), Is.EqualTo(expected));

    [TestCase("class C\n{\n    void M()\n    {\n        a();\n        b();\n    }\n}", "M 3")]
    [TestCase("class C { void M(int a,\n int b) =>\n c(); }", "M 3")]
    [TestCase("class C\n{\n    // words\n    /// words\n    void M()\n    {\n        // words\n        a();\n    }\n}",
        "M 2")]
    [TestCase("class C\n{\n    void M()\n    {\n        L();\n        void L()\n        {\n            a();\n        }\n    }\n}", "M 4")]
    [TestCase("class C\n{\n    void M()\n    {\n        a(() =>\n        {\n            b();\n        });\n    }\n}",
        "M 3")]
    [TestCase("class C\n{\n    C(int a)\n    {\n        b();\n    }\n}", "C 2")]
    [TestCase("class C\n{\n    int P\n    {\n        get\n        {\n            return 1;\n        }\n    }\n}",
        "P 3")]
    [TestCase("class C\n{\n    int this[int i] => i;\n}", "this[] 1")]
    [TestCase("using A;\n\na();\nb();\n\nvoid L()\n{\n    c();\n}\n", "the program 4")]
    [TestCase("class C { class D { void M() { } } int _f = 1; }", "M 1")]
    public void AMethodCountsWithAllThatItHolds(string source, string expected)
    {
        var method = ProductMethod.In(source).Single();
        Assert.That($"{method.Name} {method.Lines}", Is.EqualTo(expected));
    }

    [Test]
    public void ThePageIsShortAndNeedsNothingFromElsewhere()
    {
        var page = File.ReadAllText(Repository.Of("Rotato", "Monitoring", "Status.html"));
        Assert.That(page.TrimEnd().Split('\n'), Has.Length.LessThanOrEqualTo(MostPageLines));
        Assert.That(page, Does.Not.Match("https?:").And.Not.Match("[\"'(=]//").And.Not.Contain("@import")
            .And.Not.Contain("import("));
        Assert.That(Links().Matches(page).Select(match => match.Groups[1].Value), Is.All.StartsWith("data:"));
        // What the script gives to such an attribute it has named before.
        Assert.That(Assigned().Matches(page).Select(match => match.Groups[1].Value),
            Is.All.Matches<string>(name => page.Contains($"const {name} = 'data:", StringComparison.Ordinal)));
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

    /// <summary>A power is named at the top of the file that uses it, nowhere for all.</summary>
    [Test]
    public void NoPowerIsImportedForEveryFile()
    {
        var project = File.ReadAllText(Repository.Of("Rotato", "Rotato.csproj"));
        Assert.That(project, Does.Contain("<ImplicitUsings>disable</ImplicitUsings>"));
        var global = GlobalUsings().Matches(project).SelectMany(match => match.Groups[1].Value.Split(';'));
        Assert.That(global, Is.Not.Empty.And.All.Matches<string>(name => Harmless().IsMatch(name)));
        Assert.That(ProductLines.Files.Where(file =>
            ProductLines.TextOf(file).Contains("global using", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void TheTopLevelHoldsOnlyWhatItMust()
    {
        var entries = Tracked()
            ?? [.. Directory.EnumerateFileSystemEntries(Repository.Root).Select(path => Path.GetFileName(path))
            .Except(["dist", "TestResults", "packages"])];
        Assert.That(entries.Where(name => !name.StartsWith('.')).Distinct(), Is.EquivalentTo(TopLevel));
    }

    private static int LinesIn(Func<string, bool> isPart) =>
        Sizes().Where(file => isPart(file.Name)).Sum(file => file.Lines);

    private static IEnumerable<(string Name, int Lines)> Sizes() =>
        ProductLines.Files.Select(file => (file, ProductLines.Count(ProductLines.TextOf(file))));

    [GeneratedRegex(@"\b(core|guards|whole): ([\d,]+) counted lines")]
    private static partial Regex Figure();

    [GeneratedRegex(@"\d counted lines")]
    private static partial Regex AnyFigure();

    [GeneratedRegex("""<Using Include="([^"]*)" """)]
    private static partial Regex GlobalUsings();

    [GeneratedRegex(@"^(System(\.(Buffers|Collections\.Generic|Globalization|Linq|Text|Threading|Threading\.Tasks))?|Rotato\.Guards)$")]
    private static partial Regex Harmless();

    [GeneratedRegex("""(?:(?<!\.)\b(?:src|href|action|srcset|poster|data)\s*=\s*["']?|url\(\s*["']?)([^"'\s>)]*)""")]
    private static partial Regex Links();

    [GeneratedRegex(@"\.(?:src|href|action|srcset|poster|data)\s*=(?!=)\s*([^;\n]*)")]
    private static partial Regex Assigned();

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
