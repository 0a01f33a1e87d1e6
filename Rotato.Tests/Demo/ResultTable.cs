using System.Globalization;

namespace Rotato.Demo;

/// <summary>The table, in plain text that fits a narrow terminal.</summary>
internal static class ResultTable
{
    /// <summary>Writes what is measured, and the heads of the columns.</summary>
    public static void WriteTitle()
    {
        Console.WriteLine($"{Benchmark.Requests} requests at once to Rotato, which has one, five or ten");
        Console.WriteLine("made-up keys for a stand-in API on this machine.");
        Console.WriteLine($"The API allows {RequestLimit.Requests} requests a minute and key.");
        Console.WriteLine();
        Console.WriteLine("keys   completed   average   429s at   429s at    total");
        Console.WriteLine("                   latency    client   the API     time");
    }

    /// <summary>Writes one row as soon as it is known.</summary>
    public static void Write(BenchmarkRow row) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Keys,4}  {row.Completed,3} of {Benchmark.Requests}  {row.AverageLatency.TotalSeconds,6:0.00} s"
        + $"  {row.RefusedToClient,8}  {row.RefusedByApi,8}  {row.TotalTime.TotalSeconds,5:0.0} s"));

    /// <summary>Says in words what the table shows.</summary>
    public static void WriteVerdict(bool isAsPromised)
    {
        Console.WriteLine();
        if (!isAsPromised)
        {
            Console.Error.WriteLine("demo: this is not as promised. One key has to complete");
            Console.Error.WriteLine($"{RequestLimit.Requests} requests and give the rest a 429; five and ten have to");
            Console.Error.WriteLine("complete all of them, without a 429 at the client or the API.");
            return;
        }

        Console.WriteLine("One key serves what its limit allows, the rest gets an honest");
        Console.WriteLine("429. Five keys serve all, and nobody meets a 429.");
    }
}
