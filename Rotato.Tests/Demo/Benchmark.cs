using System.Diagnostics;

namespace Rotato.Demo;

/// <summary>What came of 100 requests at once. The average is that of the completed ones.</summary>
internal sealed record BenchmarkRow(
    int Keys, int Completed, int RefusedToClient, int RefusedByApi, TimeSpan AverageLatency, TimeSpan TotalTime);

/// <summary>100 requests at once with one key, five and ten, each time with a new API and a new Rotato.</summary>
internal static class Benchmark
{
    /// <summary>How many requests are sent at once.</summary>
    public const int Requests = 100;

    /// <summary>Prints the table, and tells whether it shows what Rotato promises.</summary>
    public static async Task<bool> RunAsync(CancellationToken stop)
    {
        ResultTable.WriteTitle();
        var isAsPromised = true;
        foreach (var keys in new[] { 1, 5, 10 })
        {
            var row = await MeasureAsync(keys, stop);
            ResultTable.Write(row);
            if (!IsAsPromised(row)) isAsPromised = false;
        }

        ResultTable.WriteVerdict(isAsPromised);
        return isAsPromised;
    }

    private static async Task<BenchmarkRow> MeasureAsync(int keys, CancellationToken stop)
    {
        // What one key cannot serve within this minute shall be refused soon, or this row would take a minute.
        var secondsToWaitForKey = keys == 1 ? 2 : 30;
        using var api = new StandInApi();
        using var rotato = await RotatoProcess.StartAsync(keys, api.Address, secondsToWaitForKey, stop);
        using var client = new ChatClient(rotato.Address, "any");
        using var progress = new ProgressBar(keys == 1 ? "1 key" : $"{keys} keys", Requests);
        var clock = Stopwatch.StartNew();
        var questions = Enumerable.Range(0, Requests).Select(_ => AskAsync()).ToArray();
        var answers = await Task.WhenAll(questions);
        var totalTime = clock.Elapsed;

        var completed = answers.Where(answer => answer.Outcome == ChatOutcome.Completed).ToArray();
        var averageSeconds = completed.Select(answer => answer.Latency.TotalSeconds).DefaultIfEmpty().Average();
        var refused = answers.Count(answer => answer.Outcome == ChatOutcome.RateLimited);
        return new(keys, completed.Length, refused, api.Refusals, TimeSpan.FromSeconds(averageSeconds), totalTime);

        async Task<ChatAnswer> AskAsync()
        {
            var answer = await client.AskAsync(StandInApi.Models[0], isStreamed: false, stop);
            progress.Advance();
            return answer;
        }
    }

    /// <summary>
    /// One key serves what its limit allows, and every other request gets an honest 429. Five keys are just enough for
    /// all, without a 429 even at the API.
    /// </summary>
    private static bool IsAsPromised(BenchmarkRow row)
    {
        var expected = Math.Min(Requests, row.Keys * RequestLimit.Requests);
        if (row.Completed != expected) return false;

        if (row.RefusedToClient != Requests - expected) return false;

        return row.RefusedByApi == 0 || expected < Requests;
    }
}
