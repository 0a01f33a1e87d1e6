using System.Net;

namespace Rotato.Guards;

/// <summary>Who is let in besides this machine.</summary>
internal sealed class Admission
{
    /// <summary>How long a token is at least.</summary>
    public const int LeastTokenLength = 8;

    private Admission(string[] hosts, string[] origins, string token, bool isOpen)
    {
        Hosts = hosts;
        Origins = origins;
        Token = token;
        IsOpen = isOpen;
    }

    /// <summary>Further values of Host to serve, without a port.</summary>
    public IReadOnlyList<string> Hosts { get; }

    /// <summary>Further origins of pages to serve.</summary>
    public IReadOnlyList<string> Origins { get; }

    /// <summary>What a client must send as its API key; empty where none is wanted.</summary>
    public string Token { get; }

    /// <summary>Whether it listens where other machines can reach it. There is a token then.</summary>
    public bool IsOpen { get; }

    /// <summary>Checks it.</summary>
    /// <param name="addresses">Where it listens.</param>
    /// <param name="hosts">Further values of Host to serve.</param>
    /// <param name="origins">Further origins of pages to serve.</param>
    /// <param name="token">Empty where none is wanted.</param>
    /// <exception cref="ArgumentException">It would let others in without a token, or the token is not valid; the
    /// message says which.</exception>
    public static Admission Of(IPAddress[] addresses, string[] hosts, string[] origins, string token)
    {
        var isOpen = !addresses.All(IPAddress.IsLoopback);
        if (isOpen && token == "")
            throw new ArgumentException("--host lets other machines in; set --token SECRET, or leave --host out");
        if (token != "" && !IsToken(token))
            throw new ArgumentException($"--token takes at least {LeastTokenLength} visible ASCII characters");
        return new(hosts, origins, token, isOpen);
    }

    private static bool IsToken(string token)
    {
        if (token.Length < LeastTokenLength) return false;
        return !token.AsSpan().ContainsAnyExceptInRange('!', '~');
    }
}
