namespace Rotato.RateLimits;

/// <summary>What became of the requests that were sent with one key.</summary>
internal sealed class KeyCounters
{
    private readonly SortedDictionary<int, long> _byStatus = [];

    /// <summary>How many ended with each status; 499 where the client left, 502 where an answer was cut.</summary>
    public IReadOnlyDictionary<int, long> ByStatus => _byStatus;

    public long Ok { get; private set; }
    public long Limited { get; private set; }
    public long Failed { get; private set; }

    public void Count(int status)
    {
        _byStatus[status] = _byStatus.GetValueOrDefault(status) + 1;
        if (status == 429) Limited++;
        else if (status < 400) Ok++;
        else Failed++;
    }
}
