namespace Rotato.Configuration;

/// <summary>
/// The proxy that the environment names, which HttpClient uses for https by itself. HttpClient ignores what it does not
/// know, and would then go without the proxy in silence; so what it does not know is corrected or refused.
/// </summary>
internal static class ProxyVariables
{
    /// <summary>In the order in which HttpClient looks at them.</summary>
    public static readonly string[] Names = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

    private static readonly string[] Schemes = ["http", "https", "socks4", "socks4a", "socks5"];

    /// <summary>The proxy's URL, in a form that HttpClient knows.</summary>
    /// <param name="name">The variable.</param>
    /// <param name="value">What it holds.</param>
    /// <exception cref="UsageException">It is of a kind that is not supported.</exception>
    public static Uri Corrected(string name, string value)
    {
        // A SOCKS5 proxy looks names up itself here in any case, which is all that the h asks for.
        var text = value.Replace("socks5h://", "socks5://", StringComparison.OrdinalIgnoreCase);
        if (!text.Contains("://", StringComparison.Ordinal)) text = $"http://{text}";
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && Schemes.Contains(url.Scheme)) return url;
        throw new UsageException(
            $"{name} names a proxy of a kind that is not supported; use one of {string.Join(", ", Schemes)}");
    }
}
