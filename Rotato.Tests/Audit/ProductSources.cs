using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Rotato.Tests.Audit;

/// <summary>
/// The product's own sources, compiled in memory together with others, so that a test can see what the rules say of
/// a program that breaks them.
/// </summary>
internal static class ProductSources
{
    // What the SDK imports where ImplicitUsings is on.
    private static readonly string[] ImplicitUsings =
    [
        "System", "System.Collections.Generic", "System.IO", "System.Linq", "System.Net.Http", "System.Threading",
        "System.Threading.Tasks",
    ];

    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest);

    // Parsed and bound once: what is compiled with other sources shares it.
    private static readonly Lazy<CSharpCompilation> Alone = new(() => CSharpCompilation.Create(
        "rotato", Trees(), Framework(), new(OutputKind.ConsoleApplication, allowUnsafe: true,
            optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable)));

    /// <summary>Compiles the product with more sources, and reads what the compiler has made of all.</summary>
    public static CompiledProgram With(IEnumerable<string> sources)
    {
        var more = sources.Select(source => CSharpSyntaxTree.ParseText(source, Language)).ToList();
        var program = Alone.Value.AddSyntaxTrees(more);
        using var assembly = new MemoryStream();
        var errors = program.Emit(assembly).Diagnostics.Where(each => each.Severity == DiagnosticSeverity.Error);
        Assert.That(string.Join('\n', errors.Take(5)), Is.Empty, "The product does not compile with these sources.");
        assembly.Position = 0;
        return CompiledProgram.Read(assembly);
    }

    private static IEnumerable<SyntaxTree> Trees()
    {
        var folder = Repository.Of("Rotato");
        var files = Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(folder, file).Split('/', '\\').Any(part => part is "bin" or "obj"));
        var sources = files.Select(file => CSharpSyntaxTree.ParseText(File.ReadAllText(file), Language, file));
        return [CSharpSyntaxTree.ParseText(GlobalUsings(), Language), .. sources];
    }

    // As the SDK writes them for the compiler.
    private static string GlobalUsings()
    {
        var project = XDocument.Load(Repository.Of("Rotato", "Rotato.csproj"));
        var isImplicit = project.Descendants("ImplicitUsings").Any(each => each.Value is "enable" or "true");
        var usings = (isImplicit ? ImplicitUsings : []).ToHashSet();
        foreach (var item in project.Descendants("Using"))
        {
            var isStatic = (string?)item.Attribute("Static") == "true";
            usings.UnionWith(Names(item, "Include").Select(name => isStatic ? $"static {name}" : name));
            usings.ExceptWith(Names(item, "Remove"));
        }

        return string.Concat(usings.Select(name => $"global using {name};\n"));
    }

    private static string[] Names(XElement item, string attribute) =>
        ((string?)item.Attribute(attribute) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<MetadataReference> Framework()
    {
        var folder = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        return Directory.EnumerateFiles(folder, "*.dll").Where(file => IsManaged(Path.GetFileName(file)))
            .Select(file => MetadataReference.CreateFromFile(file));
    }

    private static bool IsManaged(string file) =>
        (file.StartsWith("System.", StringComparison.Ordinal) && !file.Contains(".Native", StringComparison.Ordinal))
        || file is "Microsoft.CSharp.dll" or "Microsoft.Win32.Primitives.dll";
}
