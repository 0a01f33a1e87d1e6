namespace Rotato.Tests.Audit;

/// <summary>
/// The rules of guards and rooms. Each gives what breaks it, one line each: the place, what it uses, and why not.
/// </summary>
internal static class Rules
{
    /// <summary>Neither guards, rooms nor what the compiler adds can touch anything outside of the program.</summary>
    public static IEnumerable<string> NoPower(CompiledProgram program)
    {
        var uses = program.Uses.Where(use => IsPowerless(use.User) && use.Type.Part == Part.Framework)
            .Where(use => !AllowList.Has(use)).Select(use => $"{use.User} uses {use.What} ({Powers.Of(use.Type)})");
        var dangers = program.Dangers.Where(danger => IsPowerless(danger.User))
            .Select(danger => $"{danger.User} has {danger.What} ({Powers.Unchecked})");
        return InOrder(uses.Concat(dangers));
    }

    /// <summary>Rooms know no type of the core, and guards know nothing of the program but guards.</summary>
    public static IEnumerable<string> OneDirection(CompiledProgram program) => InOrder(
        program.Uses.Where(use => !MayKnow(use.User.Type.Part, use.Type.Part))
            .Select(use => $"{use.User} uses {use.What} (of the {use.Type.Part})"));

    /// <summary>What a guard decides is written in no room.</summary>
    public static IEnumerable<string> OnlyGuardsWrite(CompiledProgram program) => InOrder(
        from text in program.Texts
        where text.User.Type.Part is Part.Rooms or Part.Other
        from field in GuardedFields.In(text.Value)
        where !GuardedFields.IsOtherwiseMeant(text.User, field)
        select $"{text.User} writes \"{field}\" (a guard decides on it; its constants count as written here)");

    private static bool IsPowerless(Place user) => user.Type.Part is Part.Guards or Part.Rooms or Part.Other;

    private static bool MayKnow(Part user, Part used) => user switch
    {
        Part.Guards => used is not (Part.Core or Part.Rooms),
        Part.Rooms or Part.Other => used is not Part.Core,
        _ => true,
    };

    private static IEnumerable<string> InOrder(IEnumerable<string> lines) =>
        lines.Distinct().Order(StringComparer.Ordinal);
}
