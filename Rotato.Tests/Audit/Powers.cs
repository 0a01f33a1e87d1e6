namespace Rotato.Tests.Audit;

/// <summary>
/// The powers of a program by name, for the table of who has which. Whatever is neither on the list of harmless things
/// nor here has no name yet, and a test fails until it has one.
/// </summary>
internal static class Powers
{
    private const string Unnamed = "a power without a name";

    /// <summary>Native methods, pointers, and whatever else the runtime does not check.</summary>
    public const string Unchecked = "native or unchecked code";

    private static readonly Power[] Table =
    [
        new("sockets", "System.Net.Sockets.*"),
        new("DNS", "System.Net.Dns System.Net.DnsEndPoint System.Net.IPHostEntry"),
        new("requests with a key", """
            System.Net.Http.HttpRequestMessage System.Net.Http.HttpMethod System.Net.Http.HttpResponseMessage
            System.Net.Http.Headers.HttpRequestHeaders System.Net.Http.Headers.AuthenticationHeaderValue
            """),
        new("sending", "System.Net.Http.HttpMessageInvoker"),
        new("connections to the upstream", """
            System.Net.Http.SocketsHttpHandler System.Net.Http.SocketsHttpConnectionContext
            System.Net.Http.HttpMessageHandler System.Net.Http.DelegatingHandler
            System.Net.Http.HeaderEncodingSelector System.Diagnostics.DistributedContextPropagator
            """),
        new("TLS", """
            System.Net.Security.* System.Security.Cryptography.X509Certificates.*
            System.Security.Authentication.AuthenticationException
            """),
        new("HttpClient", "System.Net.Http.HttpClient System.Net.Http.HttpClientHandler"),
        new("proxies", """
            System.Net.IWebProxy System.Net.WebProxy System.Net.ICredentials System.Net.NetworkCredential
            System.Net.CredentialCache
            """),
        new("other network", "System.Net.* System.Net.Http.* System.Net.WebSockets.*"),
        new("the console", "System.Console System.ConsoleKeyInfo"),
        new("the environment", "System.Environment System.AppContext System.AppDomain"),
        new("files", """
            System.IO.* System.IO.Compression.* Microsoft.Win32.SafeHandles.SafeFileHandle
            System.UnauthorizedAccessException
            """),
        new("processes", "System.Diagnostics.*"),
        new("reflection", """
            System.Reflection.* System.Reflection.Emit.* System.Linq.Expressions.* System.Runtime.Loader.*
            System.Type System.RuntimeTypeHandle System.Activator Microsoft.CSharp.RuntimeBinder.*
            System.Runtime.CompilerServices.CallSite System.Runtime.CompilerServices.CallSiteBinder
            System.Object System.Delegate System.MulticastDelegate System.Exception
            System.Runtime.CompilerServices.RuntimeHelpers System.Text.Json.JsonSerializer
            System.Text.Json.JsonSerializerOptions System.Text.Json.Nodes.JsonValue System.Text.Json.Nodes.JsonArray
            System.Text.Json.Nodes.JsonNode System.Text.Json.Serialization.*
            System.Text.Json.Serialization.Metadata.*
            """),
        new("signals", """
            System.Runtime.InteropServices.PosixSignal System.Runtime.InteropServices.PosixSignalContext
            System.Runtime.InteropServices.PosixSignalRegistration System.ConsoleCancelEventArgs
            System.ConsoleCancelEventHandler
            """),
        new("what the machine is", """
            System.Runtime.InteropServices.RuntimeInformation System.Runtime.InteropServices.OSPlatform
            System.OperatingSystem System.TimeZoneInfo
            """),
        new(Unchecked, """
            System.Runtime.InteropServices.* System.Runtime.InteropServices.Marshalling.*
            System.Runtime.CompilerServices.Unsafe System.Runtime.CompilerServices.UnsafeAccessorAttribute
            System.Runtime.CompilerServices.UnsafeAccessorTypeAttribute
            System.Runtime.CompilerServices.ModuleInitializerAttribute System.TypedReference
            System.RuntimeArgumentHandle System.GC
            """),
        new("memory that others have used", "System.Buffers.ArrayPool System.Buffers.MemoryPool"),
        new("threads and settings of the whole program", """
            System.Threading.* System.Threading.Tasks.* System.Text.Encoding
            System.Text.EncodingProvider System.Globalization.CultureInfo System.Runtime.GCSettings
            """),
    ];

    private static readonly Dictionary<string, string> NameByType = Table
        .SelectMany(power => power.Types.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(type => (Type: type, power.Name)))
        .ToDictionary(entry => entry.Type, entry => entry.Name);

    public static IEnumerable<string> Names => Table.Select(power => power.Name).Append(Unnamed);

    /// <summary>The power that a type of the framework gives. A type goes before its namespace.</summary>
    public static string Of(NamedType type) => NameByType.GetValueOrDefault(type.FullName)
        ?? NameByType.GetValueOrDefault($"{type.Namespace}.*") ?? Unnamed;

    /// <summary>Where the core has which power, with a sentence on what it does there.</summary>
    public static ILookup<string, (Place User, string What)> OfTheCore(CompiledProgram program)
    {
        var uses = program.Uses.Where(use => use.User.Type.Part == Part.Core && use.Type.Part == Part.Framework)
            .Where(use => !AllowList.Has(use))
            .Select(use => (Power: Of(use.Type), use.User, What: $"{use.User} uses {use.What}"));
        var dangers = program.Dangers.Where(danger => danger.User.Type.Part == Part.Core)
            .Select(danger => (Power: Unchecked, danger.User, What: $"{danger.User} has {danger.What}"));
        return uses.Concat(dangers).ToLookup(use => use.Power, use => (use.User, use.What));
    }

    private sealed record Power(string Name, string Types);
}
