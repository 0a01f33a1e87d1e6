namespace Rotato.Monitoring;

/// <summary>Counts durations by upper bounds, for Prometheus.</summary>
internal sealed class Histogram
{
    /// <summary>Seconds, from the quickest answer to a model that thinks for minutes.</summary>
    public static readonly double[] Bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

    private long[] _counts = new long[Bounds.Length];

    public double Sum { get; private set; }
    public long Count { get; private set; }

    public void Add(double seconds)
    {
        Sum += seconds;
        Count++;
        for (var i = 0; i < Bounds.Length; i++)
            if (seconds <= Bounds[i]) _counts[i]++;
    }

    /// <summary>What it has counted so far.</summary>
    public Histogram Copy() => new()
    {
        _counts = [.. _counts],
        Sum = Sum,
        Count = Count,
    };

    public long CountUpTo(int bound) => _counts[bound];
}
