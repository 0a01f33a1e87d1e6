using System.Net;

namespace Rotato.Guards;

/// <summary>
/// The host of an authority, host [":" port] (RFC 9110 section 7.2), and whether it can only mean this machine.
/// </summary>
internal static class Authority
{
    // What this machine calls itself; the last four are what container tools call their host.
    private static readonly string[] NamesOfThisMachine =
        ["localhost", "ip6-localhost", "host.docker.internal", "host.containers.internal", "host.lima.internal",
         "host.orb.internal"];

    /// <summary>The host without its port, brackets and a trailing dot; null where it is malformed.</summary>
    public static string? HostOf(string authority)
    {
        if (authority.AsSpan().ContainsAnyExceptInRange('!', '~')) return null;
        if (authority.StartsWith('['))
        {
            // A zone ("%eth0") has a meaning only on one machine.
            if (authority.Contains('%', StringComparison.Ordinal)) return null;
            return IPEndPoint.TryParse(authority, out var end) ? end.Address.ToString() : null;
        }

        var parts = authority.Split(':', 2);
        if (parts.Length == 2 && parts[1].AsSpan().ContainsAnyExceptInRange('0', '9')) return null;
        if (Uri.CheckHostName(parts[0]) is not (UriHostNameType.Dns or UriHostNameType.IPv4)) return null;
        return parts[0].EndsWith('.') ? parts[0][..^1] : parts[0];
    }

    /// <summary>
    /// Whether a request for this host was meant for this machine. An address other than a loopback one says nothing:
    /// a foreign page reaches 0.0.0.0, [::] and mapped forms without any sign of its origin.
    /// </summary>
    public static bool IsThisMachine(string host)
    {
        if (IsLoopback(host)) return true;
        return NamesOfThisMachine.Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Whether it is an address or a name of the loopback interface (RFC 6761 section 6.3).</summary>
    public static bool IsLoopback(string host)
    {
        if (host.Equals("localhost", StringComparison.OrdinalIgnoreCase)) return true;
        if (host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)) return true;
        if (!IPAddress.TryParse(host, out var address)) return false;
        // Only the usual form: 127.1, 0x7f000001 and ::ffff:127.0.0.1 are addresses as well.
        if (address.ToString() != host) return false;
        return IPAddress.IsLoopback(address) && !address.IsIPv4MappedToIPv6;
    }
}
