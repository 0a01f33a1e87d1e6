using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Rotato.Tests.Audit;

/// <summary>Writes down what a reference in the metadata stands for: a member and the types of its signature.</summary>
internal sealed class UseReader(MetadataReader metadata, CompiledProgram program)
{
    private static readonly NamedType ReadOnlySpan = new("System.ReadOnlySpan", IsOwn: false);

    public TypeNames Names { get; } = new();

    /// <summary>Writes down the use of a type or member.</summary>
    public void Add(Place user, EntityHandle used)
    {
        if (used.IsNil) return;
        switch (used.Kind)
        {
            case HandleKind.MemberReference:
                Add(user, metadata.GetMemberReference((MemberReferenceHandle)used));
                break;
            case HandleKind.MethodSpecification:
                var instance = metadata.GetMethodSpecification((MethodSpecificationHandle)used);
                foreach (var argument in instance.DecodeSignature(Names, null)) AddTypes(user, argument);
                Add(user, instance.Method);
                break;
            case HandleKind.MethodDefinition:
                var method = metadata.GetMethodDefinition((MethodDefinitionHandle)used);
                AddMember(user, method.GetDeclaringType(), method.Name);
                break;
            case HandleKind.FieldDefinition:
                var field = metadata.GetFieldDefinition((FieldDefinitionHandle)used);
                AddMember(user, field.GetDeclaringType(), field.Name);
                break;
            case HandleKind.StandaloneSignature:
                // Of a call through a function pointer, which is a danger by itself.
                break;
            default:
                AddTypes(user, Names.Of(metadata, used));
                break;
        }
    }

    public void AddTypes(Place user, ImmutableArray<NamedType> types)
    {
        foreach (var type in types)
        {
            if (type == NamedType.Pointer || type == NamedType.FunctionPointer)
                program.Dangers.Add(new(user, type.FullName));
            else
                program.Uses.Add(new(user, type, ""));
        }
    }

    public void AddTypes(Place user, MethodSignature<ImmutableArray<NamedType>> signature)
    {
        AddTypes(user, signature.ReturnType);
        foreach (var parameter in signature.ParameterTypes) AddTypes(user, parameter);
    }

    public void AddAttributes(Place user, CustomAttributeHandleCollection attributes)
    {
        foreach (var each in attributes) Add(user, metadata.GetCustomAttribute(each).Constructor);
    }

    /// <summary>Type parameters: their constraints and attributes.</summary>
    public void AddParameters(Place user, GenericParameterHandleCollection parameters)
    {
        foreach (var parameter in parameters.Select(metadata.GetGenericParameter))
        {
            AddAttributes(user, parameter.GetCustomAttributes());
            foreach (var constraint in parameter.GetConstraints())
                Add(user, metadata.GetGenericParameterConstraint(constraint).Type);
        }
    }

    private void AddMember(Place user, TypeDefinitionHandle owner, StringHandle name) =>
        program.Uses.Add(new(user, TypeNames.Of(metadata, owner), metadata.GetString(name)));

    private void Add(Place user, MemberReference member)
    {
        switch (member.Parent.Kind)
        {
            case HandleKind.ModuleReference:
                program.Dangers.Add(new(user, "a native module"));
                break;
            case HandleKind.MethodDefinition:
                // A method of the program itself that takes a list of arguments of any length.
                Add(user, member.Parent);
                break;
            default:
                Add(user, member, Names.Of(metadata, member.Parent));
                break;
        }
    }

    private void Add(Place user, MemberReference member, ImmutableArray<NamedType> owners)
    {
        AddTypes(user, owners);
        var name = metadata.GetString(member.Name);
        if (member.GetKind() == MemberReferenceKind.Field)
        {
            AddTypes(user, member.DecodeFieldSignature(Names, null));
        }
        else
        {
            var signature = member.DecodeMethodSignature(Names, null);
            if (signature.GenericParameterCount > 0) name += $"`{signature.GenericParameterCount}";
            if (!IsSpanOfOwnData(owners, signature)) AddTypes(user, signature);
        }

        if (!owners.IsEmpty) program.Uses.Add(new(user, owners[0], name));
    }

    // Of a u8 literal the compiler makes a span, by a pointer to the program's own data. Source code could call this
    // constructor only where pointers are allowed, and then the assembly itself says so.
    private static bool IsSpanOfOwnData(
        ImmutableArray<NamedType> owners, MethodSignature<ImmutableArray<NamedType>> signature) =>
        owners is [var owner, ..] && owner == ReadOnlySpan
        && signature.ParameterTypes is [[_, var pointer], [_]] && pointer == NamedType.Pointer;
}
