using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Rotato.Tests.Bench;

/// <summary>One proxy under measurement: a process of its own, on the second processor where taskset is there to pin it.</summary>
internal sealed class Proxy : IDisposable
{
    private static readonly bool Pins = Environment.ProcessorCount > 1 && Find("taskset") is not null;
    private readonly Process _process;
    private readonly string _folder = Directory.CreateTempSubdirectory("rotato-bench").FullName;

    /// <param name="name">Rotato, nginx or haproxy.</param>
    /// <param name="upstream">Where the requests go, in plain HTTP.</param>
    /// <param name="descriptors">How many descriptors it may have; null leaves that to the system.</param>
    /// <param name="keys">How many keys Rotato has.</param>
    private Proxy(string name, IPEndPoint upstream, int? descriptors = null, int keys = 2)
    {
        (Name, EndPoint) = (name, new(IPAddress.Loopback, FreePort()));
        var (program, args) = name switch
        {
            "nginx" => (Find("nginx")!, new[] { "-c", Write(Nginx(upstream)), "-e", Path.Combine(_folder, "errors") }),
            "haproxy" => (Find("haproxy")!, ["-db", "-f", Write(HaProxy(upstream))]),
            _ => (Executable, ["--port", $"{EndPoint.Port}", "--upstream", $"http://{upstream}", "--quiet"]),
        };
        if (descriptors is { } most) (program, args) = ("/bin/sh", ["-c", $"ulimit -n {most}; exec \"$0\" \"$@\"", program, .. args]);
        var start = Pins ? new ProcessStartInfo("taskset", ["-c", "1", program, .. args]) : new ProcessStartInfo(program, args);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        start.Environment["ROTATO_KEYS"] = string.Join(' ', Enumerable.Range(1, keys).Select(n => $"key-{n}"));
        var began = Stopwatch.GetTimestamp();
        _process = Process.Start(start)!;
        while (!Accepts() && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10)) Thread.Sleep(1);
        StartTime = Stopwatch.GetElapsedTime(began);
    }

    public string Name { get; }
    public IPEndPoint EndPoint { get; }

    /// <summary>Until the first connection was accepted.</summary>
    public TimeSpan StartTime { get; }

    /// <summary>Processor time of the process itself, user and system.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Megabytes (2^20 bytes) that are resident now.</summary>
    public double Resident
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64 / 1048576.0;
        }
    }

    public int Threads
    {
        get
        {
            _process.Refresh();
            return _process.Threads.Count;
        }
    }

    /// <summary>Open descriptors; Linux only.</summary>
    public int Descriptors => Directory.GetFileSystemEntries($"/proc/{_process.Id}/fd").Length;
    public bool HasExited => _process.HasExited;

    // The published executable, or the one that was built with the tests: slower to start, and bigger.
    private static string Executable => Environment.GetEnvironmentVariable("ROTATO_EXE") is { Length: > 0 } path ? path
        : Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "rotato.exe" : "rotato");

    /// <summary>Rotato, and of the peers those that are installed. Each is started when it is its turn.</summary>
    public static IEnumerable<Func<Proxy>> All(IPEndPoint upstream) => new[] { "Rotato", "nginx", "haproxy" }
        .Where(name => name == "Rotato" || Find(name) is not null).Select<string, Func<Proxy>>(name => () => new(name, upstream));

    public static Proxy Rotato(IPEndPoint upstream, int? descriptors = null, int keys = 2) => new("Rotato", upstream, descriptors, keys);

    public static string Versions() => string.Join(", ", new[] { (Executable, "--version"), ("nginx", "-v"), ("haproxy", "-v") }.Select(peer =>
    {
        if (Find(peer.Item1) is not { } program) return $"no {peer.Item1}";
        using var process = Process.Start(new ProcessStartInfo(program, peer.Item2) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        return (process.StandardOutput.ReadToEnd() + process.StandardError.ReadToEnd()).Split('\n')[0];
    }));

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string? Find(string program) => Path.IsPathRooted(program) ? program
        : $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin".Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private bool Accepts()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(EndPoint);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string Write(string text)
    {
        var path = Path.Combine(_folder, "configuration");
        File.WriteAllText(path, text);
        return path;
    }

    private string Nginx(IPEndPoint upstream) => string.Create(CultureInfo.InvariantCulture, $$"""
        daemon off; master_process off; worker_processes 1; pid {{_folder}}/pid; error_log {{_folder}}/errors;
        events { worker_connections 8192; }
        http { access_log off; keepalive_requests 1000000000; keepalive_timeout 300s; client_max_body_size 100m; client_body_temp_path {{_folder}};
         proxy_temp_path {{_folder}}; fastcgi_temp_path {{_folder}}; uwsgi_temp_path {{_folder}}; scgi_temp_path {{_folder}};
         upstream u { server {{upstream}}; keepalive 2048; keepalive_requests 1000000000; }
         server { listen 127.0.0.1:{{EndPoint.Port}} backlog=4096; location / { proxy_pass http://u; proxy_http_version 1.1; proxy_buffering off;
          proxy_set_header Connection ""; proxy_set_header Authorization "Bearer key-one"; } } }
        """);

    private string HaProxy(IPEndPoint upstream) => string.Create(CultureInfo.InvariantCulture, $"""
        global
          nbthread 1
          maxconn 8192
        defaults
          mode http
          timeout connect 5s
          timeout client 300s
          timeout server 300s
          http-reuse always
          option http-no-delay
        frontend f
          bind 127.0.0.1:{EndPoint.Port} backlog 4096
          default_backend b
        backend b
          http-request set-header Authorization "Bearer key-one"
          server s {upstream}

        """);
}
