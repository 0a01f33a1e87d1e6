using System.Text.RegularExpressions;

namespace Rotato.Tests;

/// <summary>What people read first is true.</summary>
internal sealed partial class ReadmeTests
{
    // Design 3.1; what takes a value has its name behind it.
    private static readonly string[] Contract =
    [
        "--port N", "--host ADDRESS", "--upstream URL", "--keys FILE", "--token SECRET", "--strategy NAME", "--rpm N",
        "--wait SECONDS",
        "--max-body MIB", "--allow-origin ORIGIN", "--quiet", "--help", "--version",
    ];

    private static string Readme => File.ReadAllText(Repository.Of("README.md")).ReplaceLineEndings("\n");
    private static string Usage => File.ReadAllText(Repository.Of("Rotato", "Usage.txt")).ReplaceLineEndings("\n");

    [Test]
    public void TheUsageListsExactlyTheOptionsOfTheContract() =>
        Assert.That(OptionLine().Matches(Usage).Select(match => match.Groups[1].Value), Is.EqualTo(Contract));

    [Test]
    public void TheUsageNamesNoOtherOption() =>
        Assert.That(OptionName().Matches(Usage).Select(match => match.Value),
            Is.All.Matches<string>(name => Contract.Any(option => option.Split(' ')[0] == name)));

    [Test]
    public void TheProgramPrintsThatUsage() => Assert.That(Options.Usage.ReplaceLineEndings("\n"), Is.EqualTo(Usage));

    [TestCase("--port N", "8080")]
    [TestCase("--strategy NAME", "round-robin")]
    [TestCase("--wait SECONDS", "30")]
    [TestCase("--max-body MIB", "64")]
    public void TheUsageTellsTheDefault(string option, string value)
    {
        var line = Usage[Usage.IndexOf($"  {option}", StringComparison.Ordinal)..];
        Assert.That(NextOption().Split(line)[0], Does.Contain($"({value})"));
    }

    [Test]
    public void TheUsageFitsATerminal() =>
        Assert.That(Usage.Split('\n').Select(line => line.Length), Is.All.LessThanOrEqualTo(120));

    [Test]
    public void TheReadmeShowsTheUsage() =>
        Assert.That(FirstBlock().Match(Section("Options")).Groups[1].Value.Trim(), Is.EqualTo(Usage.Trim()));

    [Test]
    public void TheReadingOrderNamesEverySourceFile()
    {
        var there = Directory.EnumerateFiles(Repository.Of("Rotato"), "*.cs").Select(Path.GetFileName);
        Assert.That(SourceName().Matches(Section("Read the code")).Select(match => match.Value).Distinct(),
            Is.EquivalentTo(there));
    }

    [Test]
    public void EverySourceFileThatTheReadmeNamesIsThere() =>
        Assert.That(SourceName().Matches(Readme).Select(match => match.Value).Distinct()
            .Where(name => !File.Exists(Repository.Of("Rotato", name))), Is.Empty);

    [Test]
    public void EveryTestThatTheReadmeNamesIsThere() =>
        Assert.That(TestName().Matches(Readme).Select(match => match.Value).Distinct()
            .Where(name => !File.Exists(Repository.Of("Rotato.Tests", $"{name}.cs"))), Is.Empty);

    [Test]
    public void EveryOptionThatTheReadmeShowsWithRotatoIsThere()
    {
        // Options of other programs (dotnet, curl, docker) stand in the same text: only what is in a code span by
        // itself.
        var shown = SpanWithOption().Matches(Readme).Select(match => match.Groups[1].Value).Distinct();
        Assert.That(shown, Is.All.Matches<string>(name => Contract.Any(option => option.Split(' ')[0] == name)));
    }

    [Test]
    public void EveryHeadingThatTheReadmeLinksToIsThere()
    {
        var headings = Heading().Matches(Readme)
            .Select(match => match.Groups[1].Value.ToUpperInvariant().Replace(' ', '-'));
        Assert.That(Anchor().Matches(Readme).Select(match => match.Groups[1].Value.ToUpperInvariant()),
            Is.SubsetOf(headings));
    }

    private static string Section(string heading)
    {
        var parts = Readme.Split($"\n## {heading}\n");
        Assert.That(parts, Has.Length.EqualTo(2), $"one section \"{heading}\"");
        return parts[1].Split("\n## ")[0];
    }

    [GeneratedRegex("^  (--[a-z-]+(?: [A-Z]+)?)(?:  |$)", RegexOptions.Multiline)]
    private static partial Regex OptionLine();

    [GeneratedRegex("--[A-Za-z-]+")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"\n  --|\n\n")]
    private static partial Regex NextOption();

    [GeneratedRegex(@"```\w*\n([\s\S]*?)```")]
    private static partial Regex FirstBlock();

    [GeneratedRegex(@"\b[A-Z]\w*\.cs\b")]
    private static partial Regex SourceName();

    [GeneratedRegex(@"\b[A-Z]\w*Tests\b")]
    private static partial Regex TestName();

    [GeneratedRegex("`(--[a-z-]+)[^`]*`")]
    private static partial Regex SpanWithOption();

    [GeneratedRegex("^## (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\(#([^)]+)\)")]
    private static partial Regex Anchor();
}
