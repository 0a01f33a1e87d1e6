namespace Rotato.Http;

/// <summary>
/// The least rate of a body, all that frames it included: a client that sends a byte now and then would hold its
/// memory, and its connection, for as long as it likes. Whenever enough for a minute has come, another minute begins.
/// </summary>
internal sealed class MinimumRate(TimeProvider clock)
{
    private const int BytesAMinute = 60 << 10;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private long _minuteBegan = clock.GetTimestamp();
    private long _bytes;

    /// <summary>Counts bytes that have come.</summary>
    /// <exception cref="Refusal">Too few have come in a minute.</exception>
    public void Add(int bytes)
    {
        _bytes += bytes;
        if (_bytes >= BytesAMinute)
        {
            _minuteBegan = clock.GetTimestamp();
            _bytes = 0;
        }
        else if (clock.GetElapsedTime(_minuteBegan) >= Minute)
        {
            throw new Refusal(ErrorCode.RequestTimeout, "The body comes at less than 1 KiB a second; send it faster.");
        }
    }
}
