namespace Rotato.Tests.Audit;

/// <summary>
/// A type that a compiled program names: of nested types the outermost, because what is nested in a type belongs to
/// it, and without the count of type parameters ("System.Func" for all of its forms).
/// </summary>
/// <param name="FullName">Namespace and name.</param>
/// <param name="IsOwn">Whether the program itself defines it.</param>
internal sealed record NamedType(string FullName, bool IsOwn)
{
    private const string Product = "Rotato";
    private const string GuardSpace = "Rotato.Guards";

    /// <summary>The class of top-level statements; the compiler puts it into no namespace.</summary>
    private const string EntryPoint = "Program";

    /// <summary>Stands in a signature for "a pointer to what is named before".</summary>
    public static readonly NamedType Pointer = new("a pointer", IsOwn: false);

    /// <summary>Stands in a signature for a function pointer.</summary>
    public static readonly NamedType FunctionPointer = new("a function pointer", IsOwn: false);

    public string Namespace => FullName[..Math.Max(0, FullName.LastIndexOf('.'))];

    public string Name => FullName[(FullName.LastIndexOf('.') + 1)..];

    /// <summary>To which part of the program it belongs.</summary>
    public Part Part
    {
        get
        {
            if (!IsOwn) return Part.Framework;
            if (Namespace == Product || FullName == EntryPoint) return Part.Core;
            if (Namespace == GuardSpace || IsBelow(GuardSpace)) return Part.Guards;
            return IsBelow(Product) ? Part.Rooms : Part.Other;
        }
    }

    public override string ToString() => FullName;

    private bool IsBelow(string space) => Namespace.StartsWith($"{space}.", StringComparison.Ordinal);
}

/// <summary>The parts of the program, each with a rule of its own, and what is not of the program.</summary>
internal enum Part
{
    Framework,

    /// <summary>Namespace Rotato: has all powers.</summary>
    Core,

    /// <summary>Namespace Rotato.Guards: has no power, and uses nothing of the program but guards.</summary>
    Guards,

    /// <summary>The other namespaces below Rotato: have no power, and use nothing of the core.</summary>
    Rooms,

    /// <summary>
    /// Types outside of these namespaces. The compiler makes some, and nobody else should: the rule of the rooms is
    /// theirs too, so that no source escapes it by another namespace.
    /// </summary>
    Other,
}
