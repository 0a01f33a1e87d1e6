/// <summary>Sizes in bytes, counts, and times in seconds where they are plain numbers.</summary>
internal static class Limits
{
    public const int RequestLine = 8 << 10, HeadBytes = 32 << 10, HeadFields = 100, Connections = 10_000;
    public const int ErrorBody = 64 << 20, BodiesInAll = 512 << 20, ModelName = 128, ModelsOfKey = 256, Passes = 3;
    public const int SmallestRead = 1 << 10, LargestRead = 16 << 10, LongestRest = 24 * 60 * 60, Drain = 30;
    // Hours, minutes, seconds.
    public static readonly TimeSpan Connect = new(0, 0, 10), PooledIdle = new(0, 0, 30), PooledLife = new(0, 5, 0);
    public static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250), DrainCheck = TimeSpan.FromMilliseconds(20);
}

/// <summary>
/// What a connection waits for, how many seconds at most, and what it answers when they are over; once an answer has
/// begun it is just cut. A connection has one deadline, moved on at every step. The line of those that wait for a key
/// has deadlines of its own (--wait). Those that end in <see cref="UpstreamTimeout"/> are what counts as in flight.
/// </summary>
internal sealed record Phase(int Seconds, ErrorCode Code = default, string Message = "")
{
    public static readonly Phase Idle = new(120), Goodbye = new(2), Client = new(300, UpstreamTimeout);
    public static readonly Phase Head = new(30, RequestTimeout, "No whole head came within 30 s; send it at once.");
    public static readonly Phase Body = new(60, RequestTimeout, "No byte of the body came for 60 s; send it at once.");
    public static readonly Phase Continue = Body with { Message = "The client did not send the body it announced." };
    public static readonly Phase Upstream = new(1800, UpstreamTimeout, "Nothing from upstream for 30 min; try again.");
    public static readonly Phase Line = Upstream with { Seconds = 1_000_000 };
}
