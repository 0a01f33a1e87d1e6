using System.Buffers.Text;
using System.Security.Cryptography;

namespace Rotato.Guards;

/// <summary>
/// Who may come in. Listening on loopback is no protection: every page in the user's browser can reach it there,
/// by its address or by a name that its owner has pointed at this machine. So every request is asked for its host, its
/// origin and the token, whatever its method.
/// </summary>
internal sealed class Gate(Admission admission)
{
    /// <summary>Rotato's own page; its other pages lie below it.</summary>
    public const string StatusPage = "/_rotato";

    // What the User-Agent of every browser begins with.
    private const string BrowserProduct = "Mozilla/";

    // Made only where there is a token: the first digest loads the system's OpenSSL, which is megabytes.
    private readonly byte[]? _tokenDigest = admission.Token == "" ? null : Digest(admission.Token);

    /// <summary>
    /// Admits requests addressed to this machine, except those from web pages that are not allowed.
    /// </summary>
    /// <exception cref="Refusal">400 for a malformed Host, 403 for a foreign host or page.</exception>
    public void AdmitPage(RequestHead head)
    {
        var host = Authority.HostOf(head["Host"] ?? "localhost")
            ?? throw Refusal.BadRequest("its Host field is malformed");
        if (!IsServed(host)) throw NotServed(head);
        if (IsForeignPage(head))
        {
            throw new Refusal(ErrorCode.Forbidden,
                "This web page is not served; start Rotato with --allow-origin ORIGIN to let it in.");
        }
    }

    /// <summary>Admits clients that have the token, if one is wanted.</summary>
    /// <exception cref="Refusal">401 for a missing or wrong token.</exception>
    public void AdmitClient(RequestHead head)
    {
        if (_tokenDigest is null) return;
        // A browser sends no key with the question whether it may send one, and no body either.
        if (CrossOrigin.IsPreflight(head) && head.BodyLength == 0) return;
        if (head.Credentials.Any(HasToken)) return;
        throw new Refusal(ErrorCode.Unauthorized,
            "Send the token that Rotato was started with (--token) as the API key.");
    }

    private static Refusal NotServed(RequestHead head)
    {
        if (head.NamesHostInTarget)
        {
            return Refusal.Misdirected(
            ErrorCode.Forbidden, "This port is no proxy; give it to clients as a base URL.");
        }

        return new(ErrorCode.Forbidden,
            "This Host is not served; use localhost, or start Rotato with --allow-host NAME.");
    }

    private bool IsServed(string host)
    {
        // An open listener demands a token, and a page that got here by a rebound name has none.
        if (admission.IsOpen) return true;
        if (Authority.IsThisMachine(host)) return true;
        return admission.Hosts.Contains(host, StringComparer.OrdinalIgnoreCase);
    }

    private bool IsForeignPage(RequestHead head)
    {
        if (head["Origin"] is { } origin) return !IsAllowedOrigin(origin);
        // A browser sends a plain GET or an image without Origin. Sec-Fetch-Site then says where it comes from, and a
        // client that is no browser sends neither.
        if (head["Sec-Fetch-Site"] is not { } site) return IsUnmarkedBrowser(head);
        if (site is "none" or "same-origin") return false;
        return !IsLinkToStatusPage(head);
    }

    // To a name that does not end in "localhost" a browser sends not even Sec-Fetch-Site. What a page cannot add there
    // without Origin is a field with a key: that shows a client that was told of Rotato.
    private static bool IsUnmarkedBrowser(RequestHead head)
    {
        if (head["User-Agent"]?.StartsWith(BrowserProduct, StringComparison.OrdinalIgnoreCase) != true) return false;
        if (Authority.HostOf(head["Host"] ?? "localhost") is { } host && Authority.IsLoopback(host)) return false;
        if (head.HasKeyInField) return false;
        return head.Path != StatusPage && !head.Path.StartsWith(StatusPage + "/", StringComparison.Ordinal);
    }

    // Any port of this machine, and what --allow-origin names. "null", the origin of sandboxed pages and of files, does
    // not pass.
    private bool IsAllowedOrigin(string origin)
    {
        if (admission.Origins.Contains(origin, StringComparer.OrdinalIgnoreCase)) return true;
        if (origin.Split("://", 2) is not ["http" or "https", var authority]) return false;
        return Authority.HostOf(authority) is { } host && Authority.IsLoopback(host);
    }

    // A link to the status page may stand anywhere: following it shows the page to the user, not to the site.
    private static bool IsLinkToStatusPage(RequestHead head)
    {
        if (head.Method != "GET") return false;
        if (head.Path != StatusPage) return false;
        if (head["Sec-Fetch-Mode"] != "navigate") return false;
        return head["Sec-Fetch-Dest"] is null or "document";
    }

    private bool HasToken(Credential sent) => IsToken(sent.Text) || IsToken(Decoded(sent.Text));

    // Digests are compared because the comparison takes constant time only for equal lengths.
    private bool IsToken(string text) => CryptographicOperations.FixedTimeEquals(Digest(text), _tokenDigest);

    // The password that a browser sends (Basic authentication, RFC 7617), or the value of a query parameter.
    private static string Decoded(string text)
    {
        if (!Base64.IsValid(text)) return Uri.UnescapeDataString(text);
        var userAndPassword = Encoding.UTF8.GetString(Convert.FromBase64String(text));
        return userAndPassword.Split(':', 2)[^1];
    }

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
