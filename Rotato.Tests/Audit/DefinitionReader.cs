using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Rotato.Tests.Audit;

/// <summary>Goes through all types of a program with their members, and writes down what each of them uses.</summary>
internal sealed class DefinitionReader(PEReader image, MetadataReader metadata, CompiledProgram program)
{
    private static readonly Place Assembly = new(new("(the assembly)", IsOwn: true), "");

    private readonly UseReader _uses = new(metadata, program);

    public void ReadAll()
    {
        var methods = new MethodReader(image, metadata, program, _uses);
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            var user = PlaceOf(handle, type);
            ReadHead(user, type);
            foreach (var field in type.GetFields()) ReadField(user, metadata.GetFieldDefinition(field));
            foreach (var method in type.GetMethods()) methods.Read(user, metadata.GetMethodDefinition(method));
            ReadPropertiesAndEvents(user, type);
        }

        foreach (var attribute in metadata.GetAssemblyDefinition().GetCustomAttributes()) AddMark(attribute);
        foreach (var attribute in metadata.GetModuleDefinition().GetCustomAttributes()) AddMark(attribute);
        if (!image.PEHeaders.CorHeader!.Flags.HasFlag(CorFlags.ILOnly))
            program.Dangers.Add(new(Assembly, "native code"));
    }

    private void AddMark(CustomAttributeHandle handle)
    {
        var constructor = metadata.GetCustomAttribute(handle).Constructor;
        var type = constructor.Kind == HandleKind.MethodDefinition
            ? metadata.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType()
            : metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent;
        program.Marks.Add(_uses.Names.Of(metadata, type)[0]);
    }

    private Place PlaceOf(TypeDefinitionHandle handle, TypeDefinition type)
    {
        var owner = TypeNames.Of(metadata, handle);
        if (type.GetDeclaringType().IsNil) return new(owner, "");
        var name = metadata.GetString(type.Name);
        var isReachable = (type.Attributes & TypeAttributes.VisibilityMask) != TypeAttributes.NestedPrivate;
        program.Members.Add(new(owner, $".{name}", isReachable, CanChange: false, []));
        return new(owner, $"{name}.");
    }

    private void ReadHead(Place user, TypeDefinition type)
    {
        _uses.Add(user, type.BaseType);
        _uses.AddAttributes(user, type.GetCustomAttributes());
        _uses.AddParameters(user, type.GetGenericParameters());
        foreach (var each in type.GetInterfaceImplementations())
        {
            var implemented = metadata.GetInterfaceImplementation(each);
            _uses.Add(user, implemented.Interface);
            _uses.AddAttributes(user, implemented.GetCustomAttributes());
        }

        foreach (var each in type.GetMethodImplementations())
            _uses.Add(user, metadata.GetMethodImplementation(each).MethodDeclaration);
        if (IsLaidOver(type)) program.Dangers.Add(new(user, "fields that lie upon one another"));
    }

    // Two references on one place would show an object as another type than it is. The compiler lays its own data out
    // so too, without fields.
    private bool IsLaidOver(TypeDefinition type) =>
        (type.Attributes & TypeAttributes.LayoutMask) == TypeAttributes.ExplicitLayout
        && type.GetFields().Select(metadata.GetFieldDefinition)
            .Any(field => !field.Attributes.HasFlag(FieldAttributes.Static));

    private void ReadField(Place type, FieldDefinition field)
    {
        var name = metadata.GetString(field.Name);
        var user = type with { Member = type.Member + name };
        var types = field.DecodeSignature(_uses.Names, null);
        _uses.AddTypes(user, types);
        _uses.AddAttributes(user, field.GetCustomAttributes());
        var isReachable = (field.Attributes & FieldAttributes.FieldAccessMask) > FieldAttributes.Private;
        var canChange = (field.Attributes & (FieldAttributes.InitOnly | FieldAttributes.Literal)) == 0;
        if (type.Member == "") program.Members.Add(new(type.Type, name, isReachable, canChange, types));
        if (!field.GetDefaultValue().IsNil) AddConstant(user, metadata.GetConstant(field.GetDefaultValue()));
    }

    private void AddConstant(Place user, Constant constant)
    {
        if (constant.TypeCode != ConstantTypeCode.String) return;
        var value = metadata.GetBlobReader(constant.Value);
        program.Texts.Add(new(user, value.ReadUTF16(value.Length)));
    }

    private void ReadPropertiesAndEvents(Place user, TypeDefinition type)
    {
        foreach (var each in type.GetProperties())
            _uses.AddAttributes(user, metadata.GetPropertyDefinition(each).GetCustomAttributes());
        foreach (var each in type.GetEvents())
            _uses.AddAttributes(user, metadata.GetEventDefinition(each).GetCustomAttributes());
    }
}
