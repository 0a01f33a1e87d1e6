namespace Rotato.Demo;

/// <summary>Whether a request is allowed, how many more are, and when the count begins anew.</summary>
internal sealed record RequestCount(bool IsAllowed, int Remaining, TimeSpan UntilReset);

/// <summary>The limit of one key for one model: some requests in a minute that begins with the first of them.</summary>
internal sealed class RequestLimit
{
    /// <summary>How many requests each minute takes.</summary>
    public const int Requests = 20;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long _minuteEndsAt;
    private int _sentInMinute;

    /// <summary>Counts a request. One that is refused does not count.</summary>
    public RequestCount Count()
    {
        lock (_lock)
        {
            var now = Environment.TickCount64;
            if (now >= _minuteEndsAt)
            {
                _minuteEndsAt = now + (long)Minute.TotalMilliseconds;
                _sentInMinute = 0;
            }

            var isAllowed = _sentInMinute < Requests;
            if (isAllowed) _sentInMinute++;
            return new(isAllowed, Requests - _sentInMinute, TimeSpan.FromMilliseconds(_minuteEndsAt - now));
        }
    }
}
