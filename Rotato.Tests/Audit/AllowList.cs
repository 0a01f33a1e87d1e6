namespace Rotato.Tests.Audit;

/// <summary>
/// All of the framework that guards and rooms may use: what computes on what it is given, and can neither reach the
/// outside nor look into an object. What is not listed is refused, so a mistake in the lists can only be a line too
/// many. Whoever adds one says in it why it is harmless.
/// </summary>
internal static class AllowList
{
    // Members that harmless types have, and that are not harmless.
    private static readonly string[] Refused =
    [
        // They turn any object into JSON, by reflection.
        "System.Text.Json.Nodes.JsonValue::Create`1",
        "System.Text.Json.Nodes.JsonArray::Add`1",
        "System.Text.Json.Nodes.JsonNode::ReplaceWith`1",
    ];

    // No source can name this type. In it the compiler makes spans of the few values of a collection expression.
    private const string CompilerDetails = "<PrivateImplementationDetails>";

    private static readonly string[] OfCompilerDetails =
    [
        "System.Runtime.CompilerServices.Unsafe", "System.Runtime.InteropServices.MemoryMarshal",
    ];

    // By type, or by namespace with "*" behind it: the members that may be used.
    private static readonly Dictionary<string, string[]> MembersByType = ReadTables();

    /// <summary>Whether guards and rooms may use this member of the framework, or name this type.</summary>
    public static bool Has(Use use)
    {
        var type = use.Type.FullName;
        if (use.User.Type.FullName == CompilerDetails && OfCompilerDetails.Contains(type)) return true;
        if (Refused.Contains(use.What)) return false;
        if (MembersByType.TryGetValue(type, out var members)) return IsAmong(members, use.Member);
        return MembersByType.ContainsKey($"{use.Type.Namespace}.*");
    }

    private static bool IsAmong(string[] members, string member) =>
        member == "" || members is [Harmless.All] || members.Contains(member);

    private static Dictionary<string, string[]> ReadTables()
    {
        Harmless[] rows = [.. HarmlessValues.Table, .. HarmlessMessages.Table, .. HarmlessCode.Table];
        return rows.SelectMany(row => Words(row.Types).Select(type => (Type: type, Members: Words(row.Members))))
            .ToDictionary(row => row.Type, row => row.Members);
    }

    private static string[] Words(string list) => list.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>Types of the framework that guards and rooms may use.</summary>
/// <param name="Reason">What they are and, where that is not plain, why they are harmless.</param>
/// <param name="Members">Those of their members that may be used; the types themselves may be named.</param>
/// <param name="Types">The types, or a namespace with "*" behind it.</param>
internal sealed record Harmless(string Reason, string Members, string Types)
{
    public const string All = "*";
    public const string OnlyNamed = "";
}
