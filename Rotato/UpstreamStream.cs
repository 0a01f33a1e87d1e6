using System.IO;
using System.Net.Sockets;

namespace Rotato;

/// <summary>
/// A connection to an upstream that may answer before it has read the whole request, and close. HttpClient would give
/// up at the first write that fails; here it goes on to read the answer, which the system has kept.
/// </summary>
internal sealed class UpstreamStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private bool _takesNoMore;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_takesNoMore) return ValueTask.CompletedTask;
        var writing = base.WriteAsync(buffer, cancellationToken);
        return writing.IsCompletedSuccessfully ? writing : AfterAsync(writing);
    }

    private async ValueTask AfterAsync(ValueTask writing)
    {
        try
        {
            await writing;
        }
        catch (IOException)
        {
            _takesNoMore = true;
        }
    }
}
