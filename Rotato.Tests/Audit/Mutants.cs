namespace Rotato.Tests.Audit;

/// <summary>Code that a guard or a room might have, and what the rule then says of it.</summary>
/// <param name="Name">What it tries.</param>
/// <param name="Finding">What is said of it, behind the place.</param>
/// <param name="Code">
/// Members of a class. CORE and ROOM stand there for some type of those parts, SELF for the class.
/// </param>
internal sealed record Mutant(string Name, string Finding, string Code)
{
    /// <summary>The name of its class: of "a file", AFileMutant.</summary>
    public string TypeName => $"{string.Concat(Name.Split(' ').Select(Capitalise))}Mutant";

    public override string ToString() => Name;

    private static string Capitalise(string word) =>
        char.ToUpperInvariant(word[0]) + string.Concat(word[1..].Where(char.IsAsciiLetterOrDigit));
}

/// <summary>What neither guards nor rooms may do to what is outside of the program.</summary>
internal static class Mutants
{
    public static readonly Mutant[] OfPowers =
    [
        new("the console", "uses System.Console::WriteLine (the console)",
            """static void Do() => System.Console.WriteLine("x");"""),
        new("the console, deep inside", "uses System.Console::WriteLine (the console)",
            """
            static class Inner<T>
            {
                public static async Task<System.Func<T, int>> Do()
                {
                    await Task.Yield();
                    return value =>
                    {
                        System.Console.WriteLine(value);
                        return 0;
                    };
                }
            }
            """),
        new("the console as a function", "uses System.Console::WriteLine (the console)",
            "static System.Action<string> Do() => System.Console.WriteLine;"),
        new("the environment", "uses System.Environment::GetEnvironmentVariable (the environment)",
            """static string? Do() => System.Environment.GetEnvironmentVariable("X");"""),
        new("a file", "uses System.IO.File::ReadAllText (files)",
            """static string Do() => System.IO.File.ReadAllText("x");"""),
        new("a file in a constraint", "uses System.IO.FileSystemInfo (files)",
            "static string Do<T>(T file) where T : System.IO.FileSystemInfo => $\"{file}\";"),
        new("a process", "uses System.Diagnostics.Process::Start (processes)",
            """static void Do() => System.Diagnostics.Process.Start("x");"""),
        new("a look-up of a name", "uses System.Net.Dns::GetHostAddresses (DNS)",
            """static object Do() => System.Net.Dns.GetHostAddresses("x");"""),
        new("a socket", "uses System.Net.Sockets.Socket::.ctor (sockets)",
            "static object Do() => new System.Net.Sockets.Socket(new System.Net.Sockets.SafeSocketHandle());"),
        new("a socket as a type argument", "uses System.Net.Sockets.Socket (sockets)",
            "static object Do() => new Dictionary<string, System.Net.Sockets.Socket>();"),
        new("a socket's failure", "uses System.Net.Sockets.SocketException (sockets)",
            """
            static void Do(System.Action action)
            {
                try
                {
                    action();
                }
                catch (System.Net.Sockets.SocketException)
                {
                }
            }
            """),
        new("HttpClient", "uses System.Net.Http.HttpClient::.ctor (HttpClient)",
            "static object Do() => new System.Net.Http.HttpClient();"),
        new("a handler as base", "uses System.Net.Http.DelegatingHandler (connections to the upstream)",
            "sealed class Handler : System.Net.Http.DelegatingHandler;"),
        new("a request", "uses System.Net.Http.HttpRequestMessage (requests with a key)",
            "static string Do(System.Net.Http.HttpRequestMessage request) => $\"{request}\";"),
        new("the fields of a request", "uses System.Net.Http.Headers.HttpRequestHeaders (requests with a key)",
            "static string Do(System.Net.Http.Headers.HttpRequestHeaders fields) => $\"{fields}\";"),
        new("the request of an answer",
            "uses System.Net.Http.HttpResponseMessage::get_RequestMessage (requests with a key)",
            "static object? Do(System.Net.Http.HttpResponseMessage answer) => answer.RequestMessage;"),
        new("memory that others have used", "uses System.Buffers.ArrayPool::get_Shared (memory that others have used)",
            "static byte[] Do() => System.Buffers.ArrayPool<byte>.Shared.Rent(4096);"),
        new("memory as it was found", "uses System.GC::AllocateUninitializedArray`1 (native or unchecked code)",
            "static byte[] Do() => System.GC.AllocateUninitializedArray<byte>(4096);"),
        new("a setting of the whole program",
            "uses System.Text.Encoding::RegisterProvider (threads and settings of the whole program)",
            """
            static void Do() =>
                System.Text.Encoding.RegisterProvider(System.Text.CodePagesEncodingProvider.Instance);
            """),
    ];
}
