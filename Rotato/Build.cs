using System.IO;
using System.Reflection;

namespace Rotato;

/// <summary>What the build put into the program.</summary>
internal static class Build
{
    /// <summary>"1.1.0+COMMIT".</summary>
    public static readonly string Full = typeof(Build).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string Version => Full.Split('+')[0];

    /// <summary>The text of a file that was built in.</summary>
    public static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(Build).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
