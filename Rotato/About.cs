using System.Reflection;

namespace Rotato;

/// <summary>What the build put into the executable.</summary>
internal static class About
{
    // "1.0.0+COMMIT"
    private static readonly string Full =
        typeof(About).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string Version => Full.Split('+')[0];
    public static string Build =>
        $"rotato {Version}, commit {Full.Split('+')[^1]}, {RuntimeInformation.FrameworkDescription}";

    public static string Resource(string name) =>
        new StreamReader(typeof(About).Assembly.GetManifestResourceStream(name)!).ReadToEnd();
}
