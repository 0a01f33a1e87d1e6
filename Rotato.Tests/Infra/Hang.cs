// Every test has its own instance, its own upstream, its own Rotato and its own clock.
[assembly: Parallelizable(ParallelScope.All)]
[assembly: FixtureLifeCycle(LifeCycle.InstancePerTestCase)]

namespace Rotato.Tests.Infra;

/// <summary>No test measures time; this only ends one that would wait for ever.</summary>
internal static class Hang
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
}
