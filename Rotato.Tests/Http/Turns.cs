namespace Rotato.Tests.Http;

/// <summary>
/// A thread that does one thing after another: whoever gives it back waits here for its next turn. Shows how much is
/// done in one go.
/// </summary>
internal sealed class Turns : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _waiting = [];

    /// <summary>Runs the work, which must not wait for anything else than its turn.</summary>
    /// <param name="work">The work.</param>
    /// <param name="done">How much of it is done.</param>
    /// <returns>How much was done in each turn.</returns>
    public static List<long> Run(Func<Task> work, Func<long> done)
    {
        var before = Current;
        var turns = new Turns();
        SetSynchronizationContext(turns);
        try
        {
            var amounts = new List<long>();
            var working = work();
            amounts.Add(done());
            while (!working.IsCompleted)
            {
                var already = done();
                var (callback, state) = turns._waiting.Dequeue();
                callback(state);
                amounts.Add(done() - already);
            }

            working.GetAwaiter().GetResult();
            return amounts;
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state) => _waiting.Enqueue((d, state));
}
