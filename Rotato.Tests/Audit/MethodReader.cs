using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Rotato.Tests.Audit;

/// <summary>Writes down what a method uses in its signature, attributes, locals, catch clauses and code.</summary>
internal sealed class MethodReader(PEReader image, MetadataReader metadata, CompiledProgram program, UseReader uses)
{
    private readonly CodeReader _code = new(image, metadata, program, uses);

    public void Read(Place type, MethodDefinition method)
    {
        var name = metadata.GetString(method.Name);
        var user = type with { Member = type.Member + name };
        var signature = method.DecodeSignature(uses.Names, null);
        uses.AddTypes(user, signature);
        uses.AddAttributes(user, method.GetCustomAttributes());
        uses.AddParameters(user, method.GetGenericParameters());
        foreach (var parameter in method.GetParameters())
            uses.AddAttributes(user, metadata.GetParameter(parameter).GetCustomAttributes());
        if (type.Member == "")
        {
            var taken = signature.ParameterTypes.SelectMany(types => types);
            program.Members.Add(new(type.Type, name, IsReachable(method), CanChange(name), [.. taken]));
        }

        if (IsNative(method)) program.Dangers.Add(new(user, "a native method"));
        if (method.RelativeVirtualAddress != 0) ReadBody(user, image.GetMethodBody(method.RelativeVirtualAddress));
    }

    // A private method that implements a member of an interface can be called through that.
    private static bool IsReachable(MethodDefinition method) =>
        (method.Attributes & MethodAttributes.MemberAccessMask) > MethodAttributes.Private
        || method.Attributes.HasFlag(MethodAttributes.Virtual);

    // A record has the second, for "with".
    private static bool CanChange(string name) =>
        name.StartsWith("set_", StringComparison.Ordinal) || name == "<Clone>$";

    // The runtime itself makes the methods of delegates. Any other that has no code here has it elsewhere.
    private static bool IsNative(MethodDefinition method)
    {
        var kind = method.ImplAttributes & MethodImplAttributes.CodeTypeMask;
        if (kind != MethodImplAttributes.IL) return kind != MethodImplAttributes.Runtime;
        return method.RelativeVirtualAddress == 0 && !method.Attributes.HasFlag(MethodAttributes.Abstract);
    }

    private void ReadBody(Place user, MethodBodyBlock body)
    {
        if (!body.LocalSignature.IsNil)
        {
            var locals = metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(uses.Names, null);
            foreach (var local in locals) uses.AddTypes(user, local);
        }

        foreach (var region in body.ExceptionRegions) uses.Add(user, region.CatchType);
        _code.Read(user, body.GetILReader());
    }
}
