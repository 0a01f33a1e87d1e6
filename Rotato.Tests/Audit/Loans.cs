namespace Rotato.Tests.Audit;

/// <summary>
/// What the core hands to guards and rooms that has a power in it: functions, streams, answers that are still coming
/// in, and objects of the core behind a type of theirs.
/// </summary>
internal static class Loans
{
    private static readonly string[] Lent =
    [
        "System.Action", "System.Func", "System.Predicate", "System.IO.Stream", "System.IO.TextReader",
        "System.IO.TextWriter", "System.Net.Http.HttpContent", "System.Net.Http.HttpResponseMessage",
        "System.Net.Http.Headers.HttpHeaders",
    ];

    /// <summary>Each as "lender->borrower::member(what)", without namespaces.</summary>
    public static IEnumerable<string> In(CompiledProgram program)
    {
        var functions = OwnFunctions(program);
        var members = program.Members.Where(member => member.Owner.Part is Part.Guards or Part.Rooms)
            .ToLookup(member => (member.Owner, member.Name));
        var handedIn =
            from use in program.Uses
            where use.User.Type.Part == Part.Core
            from member in members[(use.Type, use.Member)]
            from taken in member.Taken
            where Lent.Contains(taken.FullName) || functions.Contains(taken)
            select $"{use.User.Type.Name}->{use.Type.Name}::{use.Member}({taken.Name})";
        return handedIn.Concat(Implemented(program));
    }

    // Types of functions that the program defines itself.
    private static HashSet<NamedType> OwnFunctions(CompiledProgram program) =>
        [.. program.Uses.Where(use => IsBaseOf(use) && use.Type.FullName == "System.MulticastDelegate")
            .Select(use => use.User.Type)];

    // Types of guards and rooms that the core implements or derives from.
    private static IEnumerable<string> Implemented(CompiledProgram program) => program.Uses
        .Where(use => IsBaseOf(use) && use is { User.Type.Part: Part.Core, Type.Part: Part.Guards or Part.Rooms })
        .Select(use => $"{use.User.Type.Name}->{use.Type.Name}");

    // What a type uses outside of its members are its base, its interfaces and its attributes.
    private static bool IsBaseOf(Use use) => use is { User.Member: "", Member: "" };
}
