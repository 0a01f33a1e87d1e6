/// <summary>Sizes in bytes, counts, and times: in seconds where they are plain numbers.</summary>
internal static class Limits
{
    public const int RequestLine = 8192, HeadBytes = 32 << 10, HeadFields = 100, Connections = 10_000, Drain = 30;
    public const int BodiesInAll = 512 << 20, BodyPiece = 32 << 10, ErrorBody = 4 << 20, LongestRest = 86_400;
    public const int Receive = 2048, LeastRead = 1024, MostRead = 16 << 10, ModelName = 128, Models = 256, Passes = 3;
    // Hours, minutes, seconds.
    public static readonly TimeSpan Connect = new(0, 0, 10), PooledIdle = new(0, 0, 30), PooledLife = new(0, 5, 0);
    public static readonly TimeSpan Again = TimeSpan.FromMilliseconds(250), DrainCheck = TimeSpan.FromMilliseconds(20);
}

/// <summary>
/// What a connection waits for, how many seconds at most, and what it answers when they are over; once an answer has
/// begun it is just cut. A connection has one deadline, moved on at every step. The line of those that wait for a key
/// has deadlines of its own (--wait). Those with a code belong to a request that is under way; those that end in
/// <see cref="UpstreamTimeout"/> are what counts as in flight.
/// </summary>
internal sealed record Phase(int Seconds, ErrorCode Code = default, string Missing = "")
{
    public Refusal Late => new(Code, $"No {Missing} came within {Seconds} s; try again.");
    public static readonly Phase Idle = new(120), Goodbye = new(2), Client = new(300, UpstreamTimeout);
    public static readonly Phase Head = new(30, RequestTimeout, "whole head"), Body = new(60, RequestTimeout, "body");
    public static readonly Phase Continue = Body with { Missing = "body that 100 Continue asked for" };
    // The line's seconds are as many as a timer can count: about three weeks.
    public static readonly Phase Upstream = new(1800, UpstreamTimeout, "answer"), Line = new(2000000, UpstreamTimeout);
}
