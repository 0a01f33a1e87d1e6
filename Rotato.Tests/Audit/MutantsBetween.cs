namespace Rotato.Tests.Audit;

/// <summary>What guards and rooms may not use or write of the other parts, and what they may well do.</summary>
internal static class MutantsBetween
{
    public static readonly Mutant[] NamingTheCore =
    [
        new("a key", "uses Rotato.ApiKey (of the Core)", "static object? Do(Rotato.ApiKey? key) => key;"),
        new("a key as a type argument", "uses Rotato.ApiKey (of the Core)",
            "static object Do() => new List<Rotato.ApiKey[]>();"),
        new("a key in a pattern", "uses Rotato.ApiKey (of the Core)",
            "static bool Do(object it) => it is Rotato.ApiKey;"),
        new("a key in an attribute", "uses Rotato.ApiKey (of the Core)",
            """
            [Mark<Rotato.ApiKey>]
            sealed class MarkAttribute<T> : System.Attribute;
            """),
        new("another type of the core", "uses CORE (of the Core)", "static object Do() => typeof(CORE);"),
    ];

    public static readonly Mutant NamingARoom =
        new("a room", "uses ROOM (of the Rooms)", "static object Do() => typeof(ROOM);");

    public static readonly Mutant[] WritingFields =
    [
        new("a field", "Do writes \"Authorization\"", "static string Do() => \"Authorization\";"),
        new("a field in small letters", "Do writes \"Content-Length\"", "static string Do() => \"content-length\";"),
        new("a field in a head", "Do writes \"Transfer-Encoding\"",
            """static string Do(string how) => $"HTTP/1.1 200 OK\r\ntransfer-encoding: {how}\r\n";"""),
        new("a field among others", "Do writes \"Set-Cookie\"", "static string Do() => \"Date Set-Cookie Via\";"),
        new("a field put together", "Do writes \"x-api-key\"", "static string Do() => \"x-api\" + \"-key\";"),
        new("a field as bytes", "Do writes \"Host\"", "static bool Do(byte[] it) => \"Host\"u8.SequenceEqual(it);"),
        new("a field as eight bytes", "Do writes \"api-key\"",
            "static bool Do(byte[] it) => \"api-key\"u8.SequenceEqual(it);"),
        new("a field as a constant", "Field writes \"Origin\"", "public const string Field = \"Origin\";"),
        new("a field as a case", "Do writes \"Cookie\"",
            """static int Do(string it) => it switch { "Cookie" => 1, "Date" => 2, _ => 3 };"""),
    ];

    public static IEnumerable<Mutant> All => [.. NamingTheCore, NamingARoom, .. WritingFields];

    public static readonly Mutant Harmless = new("what computes", "",
        """
        private readonly System.Threading.Lock _lock = new();

        public delegate ValueTask<int> Receive(Memory<byte> room);

        public record Pair(string Name, double Value);

        public static IEnumerable<string> Lines(string text)
        {
            foreach (var line in text.Split('\n').Where(line => line.Length > 1)) yield return $"{line}: {line.Length}";
        }

        public async Task<int> Read(Receive receive, System.IO.Stream stream, CancellationToken gone)
        {
            var room = new byte[16];
            int[] counts = [await receive(room), await stream.ReadAsync(room, gone)];
            lock (_lock) return counts.Sum() + "Host of an Origin"u8.Length;
        }

        public static string Kind(object it) => it switch
        {
            Pair { Name: "a" or "b" } pair => (pair with { Value = 2 }).ToString(),
            System.Net.Http.HttpRequestException
            {
                HttpRequestError: System.Net.Http.HttpRequestError.ConnectionError,
            } failure => failure.Message,
            System.Net.Http.HttpResponseMessage answer => $"{answer.StatusCode} {answer.Content.Headers.ContentLength}",
            _ => new System.Text.Json.Nodes.JsonObject { ["date"] = TimeProvider.System.GetUtcNow() }.ToJsonString(),
        };

        public static bool IsDigest(ReadOnlySpan<byte> bytes, byte[] expected) =>
            System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
                System.Security.Cryptography.SHA256.HashData(bytes), expected);
        """);
}
