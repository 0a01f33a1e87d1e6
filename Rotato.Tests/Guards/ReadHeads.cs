using Rotato.Tests.Infra;

namespace Rotato.Tests.Guards;

/// <summary>Heads of requests, read from the bytes that a client would send.</summary>
internal static class ReadHeads
{
    /// <exception cref="Refusal">It is no head that Rotato accepts.</exception>
    public static ValueTask<RequestHead> FromAsync(string request) => HeadReader.ReadAsync(new Feed(request).Input);

    /// <summary>A request to localhost.</summary>
    /// <param name="line">Method and target.</param>
    /// <param name="fields">Further lines, separated by "|".</param>
    public static ValueTask<RequestHead> OfAsync(string line, string fields = "")
    {
        var lines = fields.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(each => $"{each}\r\n");
        return FromAsync($"{line} HTTP/1.1\r\nHost: localhost\r\n{string.Concat(lines)}\r\n");
    }
}
