using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Rotato.Tests.Audit;

/// <summary>A method of the product, and how many of its lines count, local functions and lambdas included.</summary>
internal sealed record ProductMethod(string Name, int Lines)
{
    /// <summary>
    /// All that hold statements: methods, constructors, operators, accessors, and a program's first lines.
    /// </summary>
    public static IEnumerable<ProductMethod> In(string source)
    {
        var root = CSharpSyntaxTree.ParseText(source).GetCompilationUnitRoot();
        var first = root.Members.OfType<GlobalStatementSyntax>().ToList();
        if (first.Count > 0) yield return new("the program", LinesOf(source, first[0].SpanStart, first[^1].Span.End));
        foreach (var node in root.DescendantNodes())
            if (NameOf(node) is { } name) yield return new(name, LinesOf(source, node.SpanStart, node.Span.End));
    }

    private static int LinesOf(string source, int start, int end) => ProductLines.Count(source[start..end]);

    private static string? NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        BaseMethodDeclarationSyntax other => other.Kind().ToString(),
        PropertyDeclarationSyntax property => property.Identifier.Text,
        IndexerDeclarationSyntax => "this[]",
        EventDeclarationSyntax happening => happening.Identifier.Text,
        _ => null,
    };
}
