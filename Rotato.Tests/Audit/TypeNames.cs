using System.Collections.Immutable;
using System.Reflection.Metadata;

namespace Rotato.Tests.Audit;

/// <summary>
/// Names the types of a signature: first the type itself, then its type arguments and what else belongs to it. The
/// reader of metadata calls it.
/// </summary>
internal sealed class TypeNames : ISignatureTypeProvider<ImmutableArray<NamedType>, object?>
{
    /// <summary>Names what a handle of a type stands for, with its type arguments.</summary>
    public ImmutableArray<NamedType> Of(MetadataReader metadata, EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => [Of(metadata, (TypeDefinitionHandle)handle)],
        HandleKind.TypeReference => [Of(metadata, (TypeReferenceHandle)handle)],
        HandleKind.TypeSpecification => Of(metadata, (TypeSpecificationHandle)handle),
        _ => throw new AssertionException($"{handle.Kind} is no type that this test knows."),
    };

    /// <summary>The outermost type of a type of the program.</summary>
    public static NamedType Of(MetadataReader metadata, TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil) type = metadata.GetTypeDefinition(type.GetDeclaringType());
        return Join(metadata.GetString(type.Namespace), metadata.GetString(type.Name), isOwn: true);
    }

    public ImmutableArray<NamedType> GetArrayType(ImmutableArray<NamedType> elementType, ArrayShape shape) =>
        elementType;

    public ImmutableArray<NamedType> GetByReferenceType(ImmutableArray<NamedType> elementType) => elementType;

    public ImmutableArray<NamedType> GetFunctionPointerType(MethodSignature<ImmutableArray<NamedType>> signature) =>
        [NamedType.FunctionPointer];

    public ImmutableArray<NamedType> GetGenericInstantiation(ImmutableArray<NamedType> genericType,
        ImmutableArray<ImmutableArray<NamedType>> typeArguments) =>
        [.. genericType, .. typeArguments.SelectMany(argument => argument)];

    public ImmutableArray<NamedType> GetGenericMethodParameter(object? genericContext, int index) => [];

    public ImmutableArray<NamedType> GetGenericTypeParameter(object? genericContext, int index) => [];

    public ImmutableArray<NamedType> GetModifiedType(ImmutableArray<NamedType> modifier,
        ImmutableArray<NamedType> unmodifiedType, bool isRequired) => [.. unmodifiedType, .. modifier];

    public ImmutableArray<NamedType> GetPinnedType(ImmutableArray<NamedType> elementType) =>
        [.. elementType, NamedType.Pointer];

    public ImmutableArray<NamedType> GetPointerType(ImmutableArray<NamedType> elementType) =>
        [.. elementType, NamedType.Pointer];

    public ImmutableArray<NamedType> GetPrimitiveType(PrimitiveTypeCode typeCode) =>
        [new($"System.{typeCode}", IsOwn: false)];

    public ImmutableArray<NamedType> GetSZArrayType(ImmutableArray<NamedType> elementType) => elementType;

    public ImmutableArray<NamedType> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle,
        byte rawTypeKind) => [Of(reader, handle)];

    public ImmutableArray<NamedType> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle,
        byte rawTypeKind) => [Of(reader, handle)];

    public ImmutableArray<NamedType> GetTypeFromSpecification(MetadataReader reader, object? genericContext,
        TypeSpecificationHandle handle, byte rawTypeKind) => Of(reader, handle);

    private ImmutableArray<NamedType> Of(MetadataReader metadata, TypeSpecificationHandle handle) =>
        metadata.GetTypeSpecification(handle).DecodeSignature(this, null);

    private static NamedType Of(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        while (type.ResolutionScope.Kind == HandleKind.TypeReference)
            type = metadata.GetTypeReference((TypeReferenceHandle)type.ResolutionScope);
        return Join(metadata.GetString(type.Namespace), metadata.GetString(type.Name), isOwn: false);
    }

    private static NamedType Join(string space, string name, bool isOwn)
    {
        var plain = name.Split('`')[0];
        return new(space == "" ? plain : $"{space}.{plain}", isOwn);
    }
}
