namespace Rotato.Tests.Audit;

/// <summary>
/// The rules of <see cref="PowersTests"/> are shown to work: the product is compiled in memory together with classes
/// that break them, and of each the rule has to say so.
/// </summary>
internal sealed class EscapesTests
{
    private const string Core = "Rotato";
    private const string Room = "Rotato.Http";
    private const string Guard = "Rotato.Guards";

    private static readonly string[] GuardAndRoom = [Guard, Room];

    /// <summary>No namespace of its own is a way out, and neither is none.</summary>
    private static readonly string[] Powerless = [Guard, Room, "", "Other", "System.Text"];

    private static readonly CompiledProgram Product = CompiledProgram.Read(typeof(ApiKey).Assembly.Location);

    // Whatever they are called in the product: the first of each part.
    private static readonly string SomeOfTheCore = FirstOf(Part.Core);
    private static readonly string SomeRoom = FirstOf(Part.Rooms);

    // Every mutant in every namespace, in one compilation: one for each would take half a minute.
    private static readonly Lazy<CompiledProgram> Mutated = new(() => ProductSources.With(
        from mutant in WithAPower.Concat(MutantsBetween.All)
        from space in Powerless.Append(Core)
        select SourceOf(mutant, space)));

    private static readonly Lazy<List<string>> UsingAPower = new(() => [.. Rules.NoPower(Mutated.Value)]);
    private static readonly Lazy<List<string>> Backwards = new(() => [.. Rules.OneDirection(Mutated.Value)]);
    private static readonly Lazy<List<string>> Writing = new(() => [.. Rules.OnlyGuardsWrite(Mutated.Value)]);

    private static readonly Lazy<List<string>> UsersInTheCore = new(() =>
        [.. Powers.OfTheCore(Mutated.Value).SelectMany(uses => uses).Select(use => use.User.Type.FullName).Distinct()]);

    private static IEnumerable<Mutant> WithAPower =>
        [.. Mutants.OfPowers, .. MutantsInside.OfReflection, .. MutantsInside.OfUncheckedCode];

    [TestCaseSource(nameof(WithAPower))]
    public void OnlyTheCoreMayUse(Mutant mutant) => AssertCaught(mutant, Powerless, UsingAPower.Value);

    [TestCaseSource(typeof(MutantsBetween), nameof(MutantsBetween.NamingTheCore))]
    public void OnlyTheCoreMayName(Mutant mutant) => AssertCaught(mutant, Powerless, Backwards.Value);

    [Test]
    public void NoGuardMayNameARoom()
    {
        AssertCaught(MutantsBetween.NamingARoom, [Guard], Backwards.Value);
        AssertPasses(MutantsBetween.NamingARoom, [Room, Core], Backwards.Value);
    }

    [TestCaseSource(typeof(MutantsBetween), nameof(MutantsBetween.WritingFields))]
    public void NoRoomMayWrite(Mutant mutant)
    {
        AssertCaught(mutant, [Room, "", "Other"], Writing.Value);
        AssertPasses(mutant, [Guard, Core], Writing.Value);
    }

    /// <summary>In the core a power is no escape, but its table has to name the new user.</summary>
    [TestCaseSource(nameof(WithAPower))]
    public void TheTableNamesWhoOfTheCoreUses(Mutant mutant)
    {
        AssertPasses(mutant, [Core], UsingAPower.Value);
        Assert.That(UsersInTheCore.Value, Has.Member(NameOf(mutant, Core)));
    }

    /// <summary>So what is caught is the mutant, and not the program that it was put into.</summary>
    [Test]
    public void NobodyElseIsCaught() => AssertNone(UsingAPower.Value.Concat(Backwards.Value).Concat(Writing.Value)
        .Where(finding => !finding.Contains("Mutant::", StringComparison.Ordinal)));

    [Test]
    public void GuardsAndRoomsMayDoWhatIsHarmless()
    {
        var program = ProductSources.With(GuardAndRoom.Select(space => SourceOf(MutantsBetween.Harmless, space)));
        Assert.That(program.Uses.Select(use => use.User.Type.FullName).Distinct(),
            Is.SupersetOf(GuardAndRoom.Select(space => NameOf(MutantsBetween.Harmless, space))));
        AssertNone(Rules.NoPower(program));
        AssertNone(Rules.OneDirection(program));
        AssertNone(Rules.OnlyGuardsWrite(program));
    }

    private static void AssertCaught(Mutant mutant, string[] spaces, List<string> findings)
    {
        foreach (var space in spaces)
        {
            var type = NameOf(mutant, space);
            Assert.That(FindingsOf(type, findings), Has.Some.Contains(Fill(mutant.Finding)), $"{type} is not caught.");
        }
    }

    private static void AssertPasses(Mutant mutant, string[] spaces, List<string> findings) =>
        AssertNone(spaces.SelectMany(space => FindingsOf(NameOf(mutant, space), findings)));

    private static IEnumerable<string> FindingsOf(string type, List<string> findings) =>
        findings.Where(finding => finding.StartsWith($"{type}::", StringComparison.Ordinal));

    private static void AssertNone(IEnumerable<string> findings) => Assert.That(string.Join('\n', findings), Is.Empty);

    private static string SourceOf(Mutant mutant, string space)
    {
        var code = Fill(mutant.Code).Replace("SELF", mutant.TypeName, StringComparison.Ordinal);
        var type = $"internal class {mutant.TypeName}\n{{\n{code}\n}}\n";
        return space == "" ? type : $"namespace {space}\n{{\n{type}}}\n";
    }

    private static string NameOf(Mutant mutant, string space) =>
        space == "" ? mutant.TypeName : $"{space}.{mutant.TypeName}";

    private static string Fill(string text) => text.Replace("CORE", SomeOfTheCore, StringComparison.Ordinal)
        .Replace("ROOM", SomeRoom, StringComparison.Ordinal);

    private static string FirstOf(Part part) => Product.Members.Select(member => member.Owner)
        .First(type => type.Part == part && type.Namespace != "" && type.Name != nameof(ApiKey)).FullName;
}
