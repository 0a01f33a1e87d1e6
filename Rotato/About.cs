using System.Reflection;

namespace Rotato;

/// <summary>What the build put into the executable: its version and its two texts.</summary>
internal static class About
{
    private static readonly string Built =
        typeof(About).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    public static string Version => Built.Split('+')[0];

    public static string Full => $"rotato {Version}, commit {Built.Split('+')[^1]}, {RuntimeInformation.FrameworkDescription}";

    public static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(About).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}
