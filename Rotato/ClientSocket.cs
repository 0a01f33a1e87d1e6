using System.Net.Sockets;
using Rotato.Http;

namespace Rotato;

/// <summary>A client's bytes, in and out. A client that goes away ends all that runs for it.</summary>
internal sealed class ClientSocket(Socket socket, Deadline deadline, TimeProvider clock)
{
    // Begun anew with each body.
    private MinimumRate _bodyRate = new(clock);

    /// <summary>From now on a body comes, and must come fast enough.</summary>
    public void BeginBody()
    {
        deadline.Enter(Phase.Body);
        _bodyRate = new(clock);
    }

    /// <summary>Receives at least one byte.</summary>
    /// <exception cref="Refusal">A body comes too slowly.</exception>
    /// <exception cref="OperationCanceledException">The client has gone, or the deadline is over.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> room)
    {
        if (deadline.Phase == Phase.Body) deadline.Enter(Phase.Body);
        try
        {
            var count = await socket.ReceiveAsync(room, deadline.Token);
            if (deadline.Phase == Phase.Body) _bodyRate.Add(count);
            if (count > 0) return count;
        }
        catch (SocketException)
        {
        }

        // No byte or an error: the client has gone.
        deadline.EndForGood();
        throw new OperationCanceledException();
    }

    /// <summary>Sends all of the bytes.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or the deadline is over.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await socket.SendAsync(bytes, deadline.Token);
        }
        catch (SocketException)
        {
            deadline.EndForGood();
            throw new OperationCanceledException();
        }
    }

    /// <summary>Tells the client that nothing more comes.</summary>
    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    /// <summary>Whether closing resets the connection, and so drops what has not been sent or read.</summary>
    public void ResetOnClose(bool on) => socket.LingerState = new(on, 0);
}
