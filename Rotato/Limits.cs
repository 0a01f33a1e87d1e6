namespace Rotato;

/// <summary>Every limit in one place. Sizes are bytes. Times of a connection stand in <see cref="Phase"/>.</summary>
internal static class Limits
{
    public const int RequestLine = 8 * 1024;
    public const int HeadBytes = 32 * 1024;
    public const int HeadFields = 100;
    public const int Connections = 10_000;
    public const int JudgedBody = 1024 * 1024;
    public const long BodiesInAll = 512L * 1024 * 1024;

    public static readonly TimeSpan Connect = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan ConnectAgain = TimeSpan.FromMilliseconds(250);
    public static readonly TimeSpan AcceptAgain = TimeSpan.FromMilliseconds(100);
    public static readonly TimeSpan Drain = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Sweep = TimeSpan.FromMilliseconds(250);
}

/// <summary>
/// What a connection waits for, how many seconds it may, and what it answers when they are over; where the answer has begun or
/// there is nobody to answer (no code), the connection is cut. One deadline a connection, moved on at every step.
/// </summary>
internal sealed record Phase(double Seconds, ErrorCode? Code = null, string Message = "")
{
    public static readonly Phase Idle = new(120);
    public static readonly Phase Head = new(30, ErrorCode.RequestTimeout, "The request's head did not arrive within 30 s.");
    public static readonly Phase Body = new(60, ErrorCode.RequestTimeout, "No byte of the request's body arrived for 60 s.");
    public static readonly Phase Upstream = new(1800, ErrorCode.UpstreamTimeout, "The upstream was silent for 30 minutes.");
    public static readonly Phase Client = new(300);
    public static readonly Phase Goodbye = new(2);
}
