// Every test has its own instance, its own upstream, its own Rotato and its own clock. Most of their time they wait for each other.
[assembly: Parallelizable(ParallelScope.All)]
[assembly: LevelOfParallelism(8)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace Rotato.Tests.Infra;

/// <summary>No test measures time; this only ends one that would wait for ever.</summary>
internal static class Hang
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
}
