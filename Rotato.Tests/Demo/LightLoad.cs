using System.Diagnostics;

namespace Rotato.Demo;

/// <summary>A few requests a second until told to stop, so that there is something to see on the status page.</summary>
/// <remarks>
/// Each model is busy for a while and then calm for a while; while one is busy the other is calm. A busy one is asked
/// more than its keys' limits allow, so that keys rest, one after the other; over both times together it is asked a
/// little less, so that the line of waiting requests becomes empty again.
/// </remarks>
internal sealed class LightLoad(ChatClient client)
{
    private const int Keys = 5;
    private const double BusyRequestsPerSecond = 2.4;
    private const double CalmRequestsPerSecond = 0.6;

    /// <summary>As long as a limit can last, so that no request is refused.</summary>
    private const int SecondsToWaitForKey = 60;

    /// <summary>These keys are used by another program too.</summary>
    private static readonly int[] SharedKeys = [2, 4];

    private static readonly TimeSpan TimeBusyOrCalm = TimeSpan.FromSeconds(45);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private int _completed;
    private int _rateLimited;
    private int _failed;

    /// <summary>Starts an API and a Rotato, says where its page is, and keeps both at work until the end.</summary>
    public static async Task RunAsync(CancellationToken stop)
    {
        using var api = new StandInApi();
        using var rotato = await RotatoProcess.StartAsync(Keys, api.Address, SecondsToWaitForKey, stop);
        using var client = new ChatClient(rotato.Address, "any");
        await UseUpSharedKeysAsync(api.Address, stop);
        WriteAddresses(rotato.Address);
        var load = new LightLoad(client);
        var models = StandInApi.Models.Select((model, number) => load.KeepAskingAsync(model, number, stop));
        await rotato.GuardAsync(Task.WhenAll(models), stop);
        load.WriteSummary();
    }

    /// <summary>
    /// The other program has just sent with these keys, past Rotato, as much as the limit of one model allows. So
    /// Rotato meets a 429 soon, and there is something to see from the beginning.
    /// </summary>
    private static async Task UseUpSharedKeysAsync(Uri api, CancellationToken stop)
    {
        foreach (var key in SharedKeys)
        {
            using var otherProgram = new ChatClient(api, RotatoProcess.MadeUpKey(key));
            var questions = Enumerable.Range(0, RequestLimit.Requests)
                .Select(_ => otherProgram.AskAsync(StandInApi.Models[1], isStreamed: false, stop));
            await Task.WhenAll(questions);
        }
    }

    private static void WriteAddresses(Uri address)
    {
        Console.WriteLine();
        Console.WriteLine($"Now a light load on {Keys} keys and {StandInApi.Models.Count} models. Watch it here:");
        Console.WriteLine();
        Console.WriteLine($"  {new Uri(address, "/_rotato")}");
        Console.WriteLine();
        Console.WriteLine("Clients of your own are welcome, with any text as key, at");
        Console.WriteLine($"{new Uri(address, "/v1")}. Ctrl+C ends it.");
    }

    private void WriteSummary()
    {
        Console.WriteLine();
        Console.WriteLine($"Stopped: {_completed} completed, {_rateLimited} met a 429, {_failed} failed.");
    }

    private async Task KeepAskingAsync(string model, int number, CancellationToken stop)
    {
        var underWay = new List<Task>();
        try
        {
            while (true)
            {
                await Task.Delay(TimeToNextRequest(number), stop);
                underWay.RemoveAll(question => question.IsCompleted);
                underWay.Add(AskAsync(model, stop));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(underWay);
        }
    }

    /// <summary>Random around the average, as the requests of many people are.</summary>
    private TimeSpan TimeToNextRequest(int number)
    {
        var turn = (int)(_clock.Elapsed / TimeBusyOrCalm);
        var isBusy = (turn + number) % 2 == 0;
        var averageSeconds = 1 / (isBusy ? BusyRequestsPerSecond : CalmRequestsPerSecond);
        return TimeSpan.FromSeconds(-Math.Log(1 - Random.Shared.NextDouble()) * averageSeconds);
    }

    private async Task AskAsync(string model, CancellationToken stop)
    {
        try
        {
            var isStreamed = Random.Shared.Next(2) == 0;
            var answer = await client.AskAsync(model, isStreamed, stop);
            Count(answer.Outcome);
        }
        catch (OperationCanceledException)
        {
            // The demonstration ends, and this request with it.
        }
    }

    private void Count(ChatOutcome outcome)
    {
        switch (outcome)
        {
            case ChatOutcome.Completed:
                Interlocked.Increment(ref _completed);
                break;
            case ChatOutcome.RateLimited:
                Interlocked.Increment(ref _rateLimited);
                break;
            default:
                Interlocked.Increment(ref _failed);
                break;
        }
    }
}
