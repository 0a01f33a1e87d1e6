using System.Diagnostics;

namespace Rotato.Tests;

internal sealed class ExecutableTests
{
    [Test]
    public async Task SaysWhatItWasBuiltFrom()
    {
        var path = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "rotato.exe" : "rotato");
        using var rotato = Process.Start(new ProcessStartInfo(path, "--version") { RedirectStandardOutput = true })!;
        var line = await rotato.StandardOutput.ReadToEndAsync();
        await rotato.WaitForExitAsync();

        Assert.That(line.TrimEnd(), Is.EqualTo(About.Build));
    }
}
