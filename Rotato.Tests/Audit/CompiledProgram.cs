using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Rotato.Tests.Audit;

/// <summary>
/// What a compiled program refers to: every type and member in signatures, fields, base types, constraints, attributes,
/// locals, catch clauses and code, and every text. Nothing of the program is loaded or run.
/// </summary>
internal sealed class CompiledProgram
{
    private CompiledProgram()
    {
    }

    /// <summary>Which type uses what.</summary>
    public List<Use> Uses { get; } = [];

    /// <summary>Texts in code, those of u8 literals and constants included.</summary>
    public List<Text> Texts { get; } = [];

    /// <summary>What the runtime does not check: native methods, pointers and the like.</summary>
    public List<Danger> Dangers { get; } = [];

    /// <summary>The members of each outermost type.</summary>
    public List<Member> Members { get; } = [];

    /// <summary>Attributes of the assembly and of its module.</summary>
    public List<NamedType> Marks { get; } = [];

    public static CompiledProgram Read(string path)
    {
        using var file = File.OpenRead(path);
        return Read(file);
    }

    public static CompiledProgram Read(Stream assembly)
    {
        using var image = new PEReader(assembly);
        var program = new CompiledProgram();
        new DefinitionReader(image, image.GetMetadataReader(), program).ReadAll();
        return program;
    }
}

/// <summary>Where in the program something is used.</summary>
/// <param name="Type">The outermost type.</param>
/// <param name="Member">Its member, with the names of nested types before it.</param>
internal sealed record Place(NamedType Type, string Member)
{
    public override string ToString() => $"{Type}::{Member}";
}

/// <summary>A place uses a member of a type.</summary>
/// <param name="User">The place.</param>
/// <param name="Type">The type.</param>
/// <param name="Member">
/// Its member, a generic method with its count of type parameters ("Create`1"); "" where the type is only named.
/// </param>
internal sealed record Use(Place User, NamedType Type, string Member)
{
    public string What => Member == "" ? $"{Type}" : $"{Type}::{Member}";
}

/// <summary>A place holds a text.</summary>
internal sealed record Text(Place User, string Value);

/// <summary>A place does what the runtime cannot check.</summary>
internal sealed record Danger(Place User, string What);

/// <summary>A type has a member.</summary>
/// <param name="Owner">The type.</param>
/// <param name="Name">The member; "." and its name for a nested type.</param>
/// <param name="IsReachable">Whether other types of the program can use it.</param>
/// <param name="CanChange">Whether using it can change an object that exists, or copy it with changes.</param>
/// <param name="Taken">The types of what it takes: of a method's parameters, of a field.</param>
internal sealed record Member(
    NamedType Owner, string Name, bool IsReachable, bool CanChange, ImmutableArray<NamedType> Taken);
