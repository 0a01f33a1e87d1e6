using System.Text.RegularExpressions;

namespace Rotato.Tests.Audit;

/// <summary>What people read first is true.</summary>
internal sealed partial class ReadmeTests
{
    // Design 3.1; what takes a value has its name behind it.
    private static readonly string[] Contract =
    [
        "--port N", "--host ADDRESS", "--upstream URL", "--keys FILE", "--token SECRET", "--strategy NAME", "--rpm N",
        "--concurrent N", "--wait SECONDS", "--cache SECONDS", "--max-body MIB", "--allow-origin ORIGIN",
        "--allow-host NAME", "--quiet", "--help", "--version",
    ];

    private static string Readme => File.ReadAllText(Repository.Of("README.md")).ReplaceLineEndings("\n");
    private static string Usage => Options.Help.ReplaceLineEndings("\n");

    [Test]
    public void TheUsageListsExactlyTheOptionsOfTheContract() =>
        Assert.That(OptionLine().Matches(Usage).Select(match => match.Groups[1].Value), Is.EqualTo(Contract));

    [Test]
    public void TheUsageNamesNoOtherOption() =>
        Assert.That(OptionName().Matches(Usage).Select(match => match.Value),
            Is.All.Matches<string>(name => Contract.Any(option => option.Split(' ')[0] == name)));

    /// <summary>What the program takes and what it says that it takes is one table.</summary>
    [Test]
    public void TheProgramTakesExactlyTheseOptions() =>
        Assert.That(Option.All.Select(option => $"{option.Name} {option.Value}".TrimEnd()), Is.EqualTo(Contract));

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
        Assert.That(Blocks().Match(Section("Options")).Groups[1].Value.Trim(), Is.EqualTo(Usage.Trim()));

    /// <summary>Core and guards file by file, for they are to be read; each room by its folder at least.</summary>
    [Test]
    public void TheReadingOrderNamesEverySourceFileOrItsRoom()
    {
        var order = Section("Read the code");
        var named = SourceName().Matches(order).Select(match => match.Value).ToHashSet();
        var mustBeRead = ProductLines.Files.Where(file => ProductLines.IsCore(file) || ProductLines.IsGuard(file));
        var rooms = ProductLines.Files.Except(mustBeRead).Select(file => $"{file.Split('/')[0]}/").Distinct();
        Assert.That(mustBeRead.Where(file => !named.Contains(Path.GetFileName(file))), Is.Empty);
        Assert.That(rooms.Where(room => !order.Contains(room, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void EverySourceFileThatTheReadmeNamesIsThere() =>
        Assert.That(SourceName().Matches(Readme).Select(match => match.Value).Distinct()
            .Except(ProductLines.Files.Select(file => Path.GetFileName(file))), Is.Empty);

    [Test]
    public void EveryTestThatTheReadmeNamesIsThere()
    {
        var there = Directory.EnumerateFiles(Repository.Of("Rotato.Tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path));
        Assert.That(TestName().Matches(Readme).Select(match => match.Value).Distinct().Except(there), Is.Empty);
    }

    /// <summary>Without a key, with keys, the tests: in this order, and each of them as it stands there.</summary>
    [Test]
    public void TheFirstCommandsAreTheDemoTheStartAndTheTests()
    {
        var commands = Blocks().Matches(Readme).SelectMany(match => match.Groups[1].Value.Split('\n'))
            .Where(line => line.StartsWith("dotnet ", StringComparison.Ordinal)).Take(3).ToArray();
        Assert.That(commands, Has.Length.EqualTo(3));
        Assert.That(commands[0], Is.EqualTo("dotnet run -c Release --project Rotato.Tests/Demo"));
        Assert.That(commands[1], Does.StartWith("dotnet run -c Release --project Rotato ").And.Contain("KEY"));
        Assert.That(commands[2], Is.EqualTo("dotnet test -c Release"));
        Assert.That(Directory.Exists(Repository.Of("Rotato.Tests", "Demo")));
    }

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
    private static partial Regex Blocks();

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
