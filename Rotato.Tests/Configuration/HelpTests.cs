using System.Text.RegularExpressions;

namespace Rotato.Tests.Configuration;

/// <summary>The table of options, and the help that is printed from it.</summary>
internal sealed partial class HelpTests
{
    // Name, what it takes, default.
    private static readonly string[] Contract =
    [
        "--port N 8080", "--host ADDRESS", "--upstream URL", "--keys FILE", "--token SECRET",
        "--strategy NAME round-robin", "--rpm N", "--concurrent N", "--wait SECONDS 30", "--cache SECONDS",
        "--max-body MIB 64", "--allow-origin ORIGIN", "--allow-host NAME", "--quiet", "--help", "--version",
    ];

    private static string Help => Options.Help;

    [Test]
    public void TheTableHoldsTheOptionsOfTheContract() => Assert.That(
        Option.All.Select(option => $"{option.Name} {option.Value} {DefaultOf(option)}".Trim()), Is.EqualTo(Contract));

    [Test]
    public void TheHelpListsThemInThisOrder() => Assert.That(
        OptionLine().Matches(Help).Select(match => match.Groups[1].Value),
        Is.EqualTo(Option.All.Select(option => $"{option.Name} {option.Value}".Trim())));

    [Test]
    public void TheHelpNamesNoOtherOption() => Assert.That(
        OptionName().Matches(Help).Select(match => match.Value).Except(Option.All.Select(option => option.Name)),
        Is.Empty);

    [TestCase("--port N", "(8080)")]
    [TestCase("--strategy NAME", "(round-robin)")]
    [TestCase("--wait SECONDS", "(30)")]
    [TestCase("--max-body MIB", "(64)")]
    [TestCase("--concurrent N", "(no limit)")]
    [TestCase("--rpm N", "(learned")]
    [TestCase("--cache SECONDS", "(off)")]
    public void TheHelpTellsTheDefault(string option, string value)
    {
        var line = Help[Help.IndexOf($"  {option}", StringComparison.Ordinal)..];
        Assert.That(NextOption().Split(line)[0], Does.Contain(value));
    }

    [TestCase("-h")]
    [TestCase("ROTATO_KEYS")]
    [TestCase("ROTATO_TOKEN")]
    [TestCase("rotato [options] [URL] KEY [KEY ...] [URL KEY ...]")]
    [TestCase("standard input")]
    [TestCase("https://api.openai.com")]
    public void TheHelpSaysAlso(string words) => Assert.That(Help, Does.Contain(words));

    /// <summary>So that nobody has to look up which keys need a URL in front.</summary>
    [Test]
    public void TheHelpNamesEveryPrefixWithItsApi()
    {
        foreach (var api in KnownApi.All.Where(api => api.KeyPrefixes.Length > 0))
        {
            var line = Help.Split('\n').Single(line => line.EndsWith($" {api.Host}", StringComparison.Ordinal));
            Assert.That(line.Split(' '), Is.SupersetOf(api.KeyPrefixes));
        }
    }

    [Test]
    public void TheHelpFitsATerminal() =>
        Assert.That(Help.Split('\n').Select(line => line.Length), Is.All.LessThanOrEqualTo(120));

    [Test]
    public void TheHelpsLinesStandInTwoColumns()
    {
        var lines = Help.Split("Options:\n")[1].Split("\n\n")[0].Split('\n');
        Assert.That(lines, Is.All.Matches<string>(line => SecondColumn().IsMatch(line)));
    }

    private static string DefaultOf(Option option) => option.Default == "localhost" ? "" : option.Default;

    [GeneratedRegex("^  (--[a-z-]+(?: [A-Z]+)?)(?:  |$)", RegexOptions.Multiline)]
    private static partial Regex OptionLine();

    [GeneratedRegex("--[A-Za-z-]+")]
    private static partial Regex OptionName();

    [GeneratedRegex(@"\n  --|\n\n")]
    private static partial Regex NextOption();

    [GeneratedRegex(@"^(?:  --.{22}|.{25} )\S.*\S$")]
    private static partial Regex SecondColumn();
}
