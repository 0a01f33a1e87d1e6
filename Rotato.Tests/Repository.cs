namespace Rotato.Tests;

/// <summary>The sources that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(new(AppContext.BaseDirectory));

    public static string Of(params string[] path) => Path.Combine([Root, .. path]);

    private static string Find(DirectoryInfo folder) =>
        File.Exists(Path.Combine(folder.FullName, "Rotato.sln")) ? folder.FullName
        : Find(folder.Parent ?? throw new InvalidOperationException("The tests do not run within the repository."));
}
