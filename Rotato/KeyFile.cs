using System.IO;
using Rotato.Configuration;

namespace Rotato;

/// <summary>The start has failed, but not because of wrong usage. The message says what to do, and holds no
/// value.</summary>
internal sealed class StartException(string message) : Exception(message);

/// <summary>Reads the file of --keys, and notices when it has changed.</summary>
internal static class KeyFile
{
    private const int MostBytes = 1 << 20;

    private static readonly TimeSpan TimeBetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Its text; that of standard input for "-".</summary>
    /// <exception cref="StartException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            using var stream = path == "-" ? Console.OpenStandardInput() : Open(path);
            var bytes = new byte[MostBytes + 1];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count > MostBytes) throw new UsageException("--keys takes at most 1 MiB of keys");
            // UTF-8, or what the first bytes say: PowerShell writes UTF-16.
            using var reader = new StreamReader(new MemoryStream(bytes, 0, count), Encoding.UTF8);
            return reader.ReadToEnd();
        }
        // The message of such an exception holds the path, and that may be a key in the wrong place.
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StartException("cannot read the file of --keys: there is no such file");
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartException("cannot read the file of --keys: it is a folder, or access is denied");
        }
        catch (IOException)
        {
            throw new StartException("cannot read the file of --keys: the system reports a read error");
        }
    }

    /// <summary>Has the keys read again when the file has changed. It compares time and size: a watch on the file would
    /// lose it when an editor puts a new one in its place.</summary>
    public static async Task FollowAsync(string path, Services services, CancellationToken stop)
    {
        var last = Stamp(path);
        while (true)
        {
            await Task.Delay(TimeBetweenLooks, services.Clock, stop);
            var stamp = Stamp(path);
            if (stamp == last) continue;
            last = stamp;
            services.ReadKeysAgain();
        }
    }

    // Also while an editor has it open.
    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static (DateTime, long) Stamp(string path)
    {
        try
        {
            // Behind a link, as secrets of a container are, the file that counts is the link's target.
            var file = new FileInfo(File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path);
            return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It may be there again at the next look.
            return default;
        }
    }
}
