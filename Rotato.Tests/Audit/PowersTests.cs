using System.Reflection;

namespace Rotato.Tests.Audit;

/// <summary>
/// What of the program can touch the outside, and who can reach a key, read from what the compiler has made of it.
/// <see cref="EscapesTests"/> shows that the rules catch who breaks them.
/// </summary>
internal sealed class PowersTests
{
    private const string Key = "Rotato.ApiKey";

    private static readonly CompiledProgram Product = CompiledProgram.Read(typeof(ApiKey).Assembly.Location);

    private static readonly ILookup<string, (Place User, string What)> PowersOfTheCore = Powers.OfTheCore(Product);

    [Test]
    public void GuardsAndRoomsHaveNoPower() => AssertNone(Rules.NoPower(Product));

    [Test]
    public void RoomsKnowNothingOfTheCoreAndGuardsOnlyGuards() => AssertNone(Rules.OneDirection(Product));

    [Test]
    public void RoomsDoNotWriteWhatGuardsDecide() => AssertNone(Rules.OnlyGuardsWrite(Product));

    /// <summary>A rule that nothing falls under would hold as well.</summary>
    [TestCase("Core")]
    [TestCase("Guards")]
    [TestCase("Rooms")]
    public void ThePartIsNotEmpty(string part) =>
        Assert.That(Product.Members.Count(member => $"{member.Owner.Part}" == part), Is.GreaterThan(20));

    /// <summary>Of these types there are only objects that a guard has made and nobody has changed.</summary>
    [TestCase("RequestHead")]
    public void OnlyItsGuardMakesAnObjectOf(string type)
    {
        var owner = new NamedType($"Rotato.Guards.{type}", IsOwn: true);
        var members = Product.Members.Where(member => member.Owner == owner).ToList();
        Assert.That(members, Is.Not.Empty, $"There is no {owner}.");
        AssertNone(members.Where(member => member.IsReachable && (member.Name == ".ctor" || member.CanChange))
            .Select(member => $"{owner} has {member.Name}, which others can use"));
        var bases = Product.Uses.Where(use => use.User == new Place(owner, "")).Select(use => use.Type.FullName);
        Assert.That(bases, Has.No.Member("System.ValueType"), "Of a struct anybody can make an empty one.");
    }

    /// <summary>
    /// What rooms make or change of guards' objects: an error of Rotato's own. It promises nothing that was checked.
    /// </summary>
    [Test]
    public void RoomsMakeAndChangeOnlyTheseObjectsOfGuards() => AssertWords(
        Product.Uses.Where(use => use is { Type.Part: Part.Guards, User.Type.Part: Part.Rooms })
            .Where(use => use.Member is ".ctor" or "<Clone>$" || IsSetter(use.Member))
            .Select(use => $"{use.Type.Name}::{use.Member}"), "Refusal::.ctor");

    /// <summary>Every power and the types of the core that have it: what an auditor has to look at.</summary>
    [TestCase("sockets", "ClientSocket Connection Dialer Server UpstreamStream")]
    [TestCase("DNS", "Dialer")]
    [TestCase("requests with a key", "ApiKey Upstream")]
    [TestCase("sending", "Upstream")]
    [TestCase("connections to the upstream", "Dialer Upstream")]
    // Tls says why a certificate is not trusted, and trusts none beyond those that the machine does.
    [TestCase("TLS", "Tls UntrustedCertificateException Upstream")]
    [TestCase("HttpClient", "")]
    [TestCase("proxies", "")]
    [TestCase("other network", "")]
    [TestCase("the console", "KeyFile Launch Program Surroundings")]
    [TestCase("the environment", "Launch Program Surroundings")]
    // Surroundings writes over the program's own arguments, by a file of Linux that stands for its memory.
    [TestCase("files", "Build KeyFile Surroundings")]
    [TestCase("processes", "")]
    // The version, the files that were built in, and the name of a failure that nobody expected.
    [TestCase("reflection", "Build Server")]
    [TestCase("signals", "Launch")]
    // Linux or not, and the name of the runtime.
    [TestCase("what the machine is", "Launch Surroundings")]
    [TestCase("native or unchecked code", "")]
    [TestCase("memory that others have used", "")]
    // Where what is left of an attempt to connect is cleared away.
    [TestCase("threads and settings of the whole program", "Dialer")]
    [TestCase("a power without a name", "")]
    public void ThePowerIsUsedBy(string power, string users)
    {
        var uses = PowersOfTheCore[power].ToList();
        AssertRow(power, uses.Select(use => use.User.Type.Name), users, uses.Select(use => use.What));
    }

    [Test]
    public void EveryPowerHasARow() =>
        Assert.That(FirstWordsOf(nameof(ThePowerIsUsedBy)), Is.EquivalentTo(Powers.Names));

    /// <summary>The doors of a key: all that can be done with it, and who does it.</summary>
    [TestCase(".ctor", "KeyList")]
    [TestCase("BelongsTo", "KeyList KeyPool PooledKey")]
    [TestCase("BlankOut", "Services")]
    [TestCase("IsSameAs", "KeyList KeyPool")]
    [TestCase("PutInto", "Upstream")]
    [TestCase("get_Hint", "KeyPool")]
    public void TheDoorOfAKeyIsUsedBy(string door, string users)
    {
        var uses = Product.Uses.Where(use => use is { Type: { FullName: Key, IsOwn: true } } && use.Member == door)
            .Where(use => use.User.Type.FullName != Key).ToList();
        AssertRow(door, uses.Select(use => use.User.Type.Name), users, uses.Select(use => $"{use.User} uses it"));
    }

    [Test]
    public void AKeyHasNoOtherDoor()
    {
        var doors = Product.Members.Where(member => member.Owner.FullName == Key && member.IsReachable);
        AssertWords(doors.Select(member => member.Name), string.Join(' ', FirstWordsOf(nameof(TheDoorOfAKeyIsUsedBy))));
    }

    /// <summary>
    /// Powers on loan: what the core hands to guards and rooms that they can do something with. A room that has been
    /// given a function can do what that function does, whatever the rules above say. These are harmless: Input and
    /// Output receive from and send to the one client that they are for; Log writes lines to the console, and the ring
    /// writes to that log; the strategy and the overview are functions of the program itself; of an answer the
    /// allow-list withholds the request that it remembers, and the stream is that of its body.
    /// </summary>
    [Test]
    public void TheCoreLendsOnly() => AssertWords(Loans.In(Product), """
        Connection->AnswerFraming::Of(HttpResponseMessage)
        Connection->Input::.ctor(Func)
        Connection->Output::.ctor(Func)
        Forwarder->Answer::.ctor(HttpResponseMessage)
        Forwarder->AnswerBody::.ctor(Stream)
        Forwarder->AnswerFraming::Check(HttpResponseMessage)
        Services->KeyRing::.ctor(Action)
        Services->KeyRing::.ctor(Strategy)
        Services->StatusPages::.ctor(Func)
        Surroundings->LogTarget::.ctor(Action)
        """);

    /// <summary>Marks of the whole program: none of them opens it or runs something before its start.</summary>
    [Test]
    public void TheAssemblyHasOnlyTheseMarks() => Assert.That(
        Product.Marks.Select(type => type.Name).Distinct(), Is.SubsetOf(
    [
        "AssemblyCompanyAttribute", "AssemblyConfigurationAttribute", "AssemblyDescriptionAttribute",
        "AssemblyFileVersionAttribute", "AssemblyInformationalVersionAttribute", "AssemblyMetadataAttribute",
        "AssemblyProductAttribute", "AssemblyTitleAttribute", "CompilationRelaxationsAttribute",
        "DebuggableAttribute", "ExtensionAttribute", "InternalsVisibleToAttribute", "RefSafetyRulesAttribute",
        "RuntimeCompatibilityAttribute", "TargetFrameworkAttribute",
    ]));

    private static bool IsSetter(string member) => member.StartsWith("set_", StringComparison.Ordinal);

    private static IEnumerable<string> FirstWordsOf(string test) => typeof(PowersTests).GetMethod(test)!
        .GetCustomAttributes<TestCaseAttribute>().Select(row => (string)row.Arguments[0]!);

    private static void AssertNone(IEnumerable<string> findings) => Assert.That(string.Join('\n', findings), Is.Empty);

    private static void AssertRow(
        string name, IEnumerable<string> found, string expected, IEnumerable<string> places)
    {
        var row = string.Join(' ', found.Distinct().Order(StringComparer.Ordinal));
        var uses = string.Join('\n', places.Distinct().Order(StringComparer.Ordinal));
        Assert.That(row, Is.EqualTo(expected), $"{uses}\nThe row would be\n    [TestCase(\"{name}\", \"{row}\")]");
    }

    private static void AssertWords(IEnumerable<string> found, string expected)
    {
        var words = found.Distinct().Order(StringComparer.Ordinal).ToList();
        var listed = expected.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.That(words, Is.EquivalentTo(listed), $"The list would be\n{string.Join('\n', words)}\n");
    }
}
