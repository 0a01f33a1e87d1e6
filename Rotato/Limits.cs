namespace Rotato;

/// <summary>Limits of design and defence. Sizes are bytes; plain numbers of time are seconds.</summary>
internal static class Limits
{
    public const int RequestLine = 8 << 10, HeadBytes = 32 << 10, HeadFields = 100, Connections = 10_000;
    public const int ErrorBody = 64 << 20, BodiesInAll = 512 << 20, ModelName = 128, ModelsOfKey = 256;
    public const int LongestRest = 24 * 60 * 60, Drain = 30;
    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(10), DrainCheck = TimeSpan.FromMilliseconds(20);
    public static readonly TimeSpan ConnectionLife = TimeSpan.FromMinutes(5), ConnectionIdle = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan ConnectAgain = TimeSpan.FromMilliseconds(250), AcceptAgain = ConnectAgain;
    public static readonly TimeSpan LastLines = TimeSpan.FromSeconds(1), LastAnswer = TimeSpan.FromSeconds(10);
}

/// <summary>
/// What a connection waits for, how many seconds at most, and what it answers when they are over; without a code, or
/// once an answer has begun, it is just cut. A connection has one deadline, moved on at every step.
/// </summary>
internal sealed record Phase(int Seconds, ErrorCode Code = None, string Message = "")
{
    public static readonly Phase Idle = new(120), Client = new(300), Goodbye = new(2);
    public static readonly Phase Head = new(30, RequestTimeout, "The request's head was not complete within 30 s.");
    public static readonly Phase Body = new(60, RequestTimeout, "No byte of the request's body came for 60 s.");
    public static readonly Phase Continue = Body with { Message = "The client did not send the body it announced." };
    public static readonly Phase Upstream = new(1800, UpstreamTimeout, "The upstream was silent for 30 minutes.");
}
