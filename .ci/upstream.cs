// An LLM API in miniature for .ci/run: "dotnet run .ci/upstream.cs". It prints its address, then answers for ever:
// the key LIMITED is rate limited but for paths that hold "/free", every other key gets an answer that names the path and the key's last four characters.
#:property PublishAot=false
using System.Net;
using System.Net.Sockets;
using System.Text;

var listener = new TcpListener(IPAddress.Loopback, 0);
listener.Start();
Console.WriteLine($"http://{listener.LocalEndpoint}");
while (true) _ = Serve(await listener.AcceptTcpClientAsync());

static async Task Serve(TcpClient client)
{
    using var connection = client;
    using var stream = client.GetStream();
    using var reader = new StreamReader(stream, Encoding.Latin1);
    while (await reader.ReadLineAsync() is { } request)
    {
        var key = "";
        var length = 0;
        while (await reader.ReadLineAsync() is { Length: > 0 } field)
        {
            if (field.StartsWith("Authorization: Bearer ", StringComparison.OrdinalIgnoreCase)) key = field["Authorization: Bearer ".Length..];
            if (field.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase)) length = int.Parse(field["Content-Length: ".Length..]);
        }

        for (; length > 0; length--) reader.Read();
        var isLimited = key == "LIMITED" && !request.Contains("/free", StringComparison.Ordinal);
        var body = isLimited
            ? """{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"""
            : $$"""{"path":"{{request.Split(' ')[1]}}","key":"{{key[^Math.Min(4, key.Length)..]}}"}""";
        var status = isLimited ? "429 Too Many Requests\r\nRetry-After: 60" : "200 OK";
        await stream.WriteAsync(Encoding.UTF8.GetBytes(
            $"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
    }
}
