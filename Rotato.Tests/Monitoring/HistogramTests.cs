namespace Rotato.Tests.Monitoring;

/// <summary>How long clients waited, in steps.</summary>
internal sealed class HistogramTests
{
    private readonly Histogram _histogram = new();

    [Test]
    public void EveryStepCountsAllThatWereAsQuick()
    {
        double[] seconds = [0, 0.05, 0.051, 1, 1.001, 300, 301, 100_000];
        foreach (var each in seconds) _histogram.Add(each);
        for (var i = 0; i < Histogram.Bounds.Length; i++)
            Assert.That(_histogram.CountUpTo(i), Is.EqualTo(seconds.Count(each => each <= Histogram.Bounds[i])));
        Assert.That(_histogram.Count, Is.EqualTo(8));
        Assert.That(_histogram.Sum, Is.EqualTo(seconds.Sum()));
    }

    [Test]
    public void TheStepsRise() => Assert.That(Histogram.Bounds, Is.Ordered.Ascending.And.Unique.And.All.Positive);

    [Test]
    public void AtFirstThereIsNothing()
    {
        Assert.That(_histogram.Count, Is.Zero);
        Assert.That(_histogram.Sum, Is.Zero);
        Assert.That(Enumerable.Range(0, Histogram.Bounds.Length).Select(_histogram.CountUpTo), Is.All.Zero);
    }
}
