namespace Rotato.Tests.Audit;

/// <summary>How guards and rooms might look into objects, or go round the rules of the runtime.</summary>
internal static class MutantsInside
{
    public static readonly Mutant[] OfReflection =
    [
        new("a method by its name", "uses System.Type::GetMethod (reflection)",
            """static object? Do() => typeof(string).GetMethod("Trim", System.Type.EmptyTypes);"""),
        new("what an object is", "uses System.Object::GetType (reflection)",
            "static object Do(object it) => it.GetType().Assembly;"),
        new("a type's name", "uses System.Reflection.MemberInfo::get_Name (reflection)",
            "static string Do() => typeof(string).Name;"),
        new("dynamic", "(reflection)", "static object Do(dynamic it) => it.Secret;"),
        new("Activator", "uses System.Activator::CreateInstance (reflection)",
            "static object? Do(System.Type type) => System.Activator.CreateInstance(type);"),
        new("Activator by a constraint", "uses System.Activator::CreateInstance`1 (reflection)",
            "static T Do<T>() where T : new() => new();"),
        new("whose a function is", "uses System.Delegate::get_Target (reflection)",
            "static object? Do(System.Action action) => action.Target;"),
        new("where a failure was", "uses System.Exception::get_TargetSite (reflection)",
            "static object? Do(System.Exception failure) => failure.TargetSite;"),
        new("an expression that is compiled", "uses System.Linq.Expressions.Expression",
            "static object Do() => (System.Linq.Expressions.Expression<System.Func<int>>)(() => 1);"),
        new("an object as JSON", "uses System.Text.Json.JsonSerializer::Serialize`1 (reflection)",
            "static string Do(object it) => System.Text.Json.JsonSerializer.Serialize(it);"),
        new("an object as a node of JSON", "uses System.Text.Json.Nodes.JsonValue::Create`1 (reflection)",
            "static object? Do(object it) => System.Text.Json.Nodes.JsonValue.Create<object>(it);"),
        new("an object without its constructor",
            "uses System.Runtime.CompilerServices.RuntimeHelpers::GetUninitializedObject (reflection)",
            """
            static object Do() =>
                System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(SELF));
            """),
        new("an assembly in an attribute", "uses System.ComponentModel.TypeConverterAttribute",
            """[System.ComponentModel.TypeConverter("Any, other")] sealed class Marked;"""),
    ];

    public static readonly Mutant[] OfUncheckedCode =
    [
        new("Unsafe.As", "uses System.Runtime.CompilerServices.Unsafe::As`1 (native or unchecked code)",
            "static string Do(object it) => System.Runtime.CompilerServices.Unsafe.As<string>(it);"),
        new("memory as another type",
            "uses System.Runtime.InteropServices.MemoryMarshal::AsMemory`1 (native or unchecked code)",
            "static object Do() => System.Runtime.InteropServices.MemoryMarshal.AsMemory(\"x\".AsMemory());"),
        new("a native method", "Do has a native method (native or unchecked code)",
            """[System.Runtime.InteropServices.DllImport("libc")] static extern int Do();"""),
        new("a method of the runtime", "Do has a native method (native or unchecked code)",
            """
            [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.InternalCall)]
            static extern int Do();
            """),
        new("a private field by an accessor", "uses System.Runtime.CompilerServices.UnsafeAccessorAttribute::.ctor",
            """
            [System.Runtime.CompilerServices.UnsafeAccessor(
                System.Runtime.CompilerServices.UnsafeAccessorKind.Field, Name = "_stringLength")]
            static extern ref int Do(string text);
            """),
        new("a function pointer", "has the instruction calli (native or unchecked code)",
            """
            static unsafe int Do()
            {
                delegate*<int, int> function = &System.Math.Abs;
                return function(1);
            }
            """),
        new("a pointer", "has a pointer (native or unchecked code)",
            """
            static unsafe int Do(byte[] bytes)
            {
                fixed (byte* first = bytes) return first[1000];
            }
            """),
        new("room on the stack", "has the instruction localloc (native or unchecked code)",
            """
            static int Do()
            {
                System.Span<byte> bytes = stackalloc byte[8];
                return bytes.IndexOf((byte)1);
            }
            """),
        new("two references on one place", "has fields that lie upon one another (native or unchecked code)",
            """
            [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit)]
            struct Both
            {
                [System.Runtime.InteropServices.FieldOffset(0)] public object It;
                [System.Runtime.InteropServices.FieldOffset(0)] public SELF Other;
            }
            """),
        new("a start before the start", "uses System.Runtime.CompilerServices.ModuleInitializerAttribute::.ctor",
            """
            [System.Runtime.CompilerServices.ModuleInitializer]
            internal static void Do()
            {
            }
            """),
    ];
}
