using System.IO;
using Microsoft.Win32.SafeHandles;
using Rotato.Configuration;
using Rotato.Monitoring;

namespace Rotato;

/// <summary>What the program finds and changes around itself when it starts: environment, console, arguments.</summary>
internal static class Surroundings
{
    // Kept open for as long as the program runs.
    private static readonly List<SafeFileHandle> Fillers = [];

    /// <summary>
    /// Opens standard input, output and error if whoever started the program has closed them. Otherwise the next thing
    /// that is opened, a socket or a pipe of the runtime, would get one of their numbers and be mistaken for it.
    /// </summary>
    public static void FillDescriptors()
    {
        const int StandardDescriptors = 3;
        if (OperatingSystem.IsWindows()) return;
        for (var i = 0; i < StandardDescriptors; i++)
            Fillers.Add(File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite));
    }

    /// <summary>The console, with colours where a person looks at it.</summary>
    public static LogTarget Console()
    {
        // Of the consoles of Windows only the Terminal, which sets this variable, shows colours without being asked.
        var canShow = !OperatingSystem.IsWindows() || Variable("WT_SESSION") is not null;
        var wantsColour = canShow && string.IsNullOrEmpty(Variable("NO_COLOR"));
        return new(
            WriteOutput: System.Console.Out.Write,
            OutputHasColour: wantsColour && !System.Console.IsOutputRedirected,
            WriteErrors: System.Console.Error.Write,
            ErrorsHaveColour: wantsColour && !System.Console.IsErrorRedirected);
    }

    /// <summary>Corrects the variables that name a proxy, before the first request.</summary>
    /// <returns>The proxy's host and port; null where none is named.</returns>
    /// <exception cref="UsageException">It is of a kind that is not supported.</exception>
    public static string? CorrectProxy()
    {
        string? proxy = null;
        var isOff = (Variable("no_proxy") ?? Variable("NO_PROXY")) == "*";
        foreach (var name in ProxyVariables.Names)
        {
            if (Variable(name) is not { Length: > 0 } value) continue;
            var url = isOff ? null : ProxyVariables.Corrected(name, value);
            Environment.SetEnvironmentVariable(name, url?.OriginalString);
            proxy ??= url?.Authority;
        }

        return proxy;
    }

    /// <summary>
    /// Other users of a machine see the arguments of its processes, and a crash may leave all memory in a file. Linux
    /// lets a process overwrite its arguments, and exclude its memory from core dumps.
    /// </summary>
    public static void HideKeys()
    {
        if (!OperatingSystem.IsLinux()) return;
        // Each by itself: where one cannot be done, the other still is.
        AsFarAsPossible(() => File.WriteAllText("/proc/self/coredump_filter", "0"));
        AsFarAsPossible(OverwriteArguments);
    }

    private static void OverwriteArguments()
    {
        var line = File.ReadAllBytes("/proc/self/cmdline");
        // The program's own name stays.
        var end = Array.IndexOf(line, (byte)0);
        // arg_start (proc_pid_stat(5)); the second field, in brackets, may hold blanks.
        var start = File.ReadAllText("/proc/self/stat").Split(')')[^1].Split(' ')[46];
        var address = long.Parse(start, CultureInfo.InvariantCulture) + end;
        using var memory = File.OpenHandle("/proc/self/mem", FileMode.Open, FileAccess.Write);
        RandomAccess.Write(memory, new byte[line.Length - end], address);
    }

    private static void AsFarAsPossible(Action measure)
    {
        try
        {
            measure();
        }
        // /proc may be missing; then there is only the warning about keys as arguments.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name);
}
