using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Http.Headers;
using Rotato.Http;

namespace Rotato.Caching;

/// <summary>An answer in memory.</summary>
/// <param name="Key">The digest of its request.</param>
/// <param name="KeyNumber">The number of the API key that it came with.</param>
/// <param name="Fields">Those of its head.</param>
/// <param name="Body">All of it.</param>
/// <param name="StoredAt">A timestamp of the clock.</param>
internal sealed record CachedAnswer(
    string Key, int KeyNumber, List<KeyValuePair<string, string>> Fields, byte[] Body, long StoredAt)
{
    // What a field takes beside its text, about.
    private const int BytesAField = 64;

    /// <summary>How much memory it takes, in bytes, about.</summary>
    public int Size => Body.Length + Fields.Sum(each => each.Key.Length + each.Value.Length + BytesAField);

    public static CachedAnswer Of(string key, Answer answer, byte[] body, long now)
    {
        var fields = new List<KeyValuePair<string, string>>();
        var connection = answer.Field("Connection")?.Split(',', StringSplitOptions.TrimEntries) ?? [];
        AddAll(answer.Response.Headers, connection, fields);
        AddAll(answer.Response.Content.Headers, connection, fields);
        return new(key, answer.Key!.Value, fields, body, now);
    }

    /// <summary>The same answer once more.</summary>
    /// <param name="age">How long ago it came.</param>
    public Answer ToAnswer(TimeSpan age)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(Body) };
        foreach (var (name, value) in Fields)
        {
            if (response.Headers.TryAddWithoutValidation(name, value)) continue;
            response.Content.Headers.TryAddWithoutValidation(name, value);
        }

        response.Headers.Remove("Age");
        response.Headers.Add("Age", ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture));
        return new(response, new AnswerBody(new MemoryStream(Body))) { CachedKey = KeyNumber };
    }

    // What the API has said of one page's origin is not for another one.
    private static bool IsForOnePage(string name) =>
        name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase);

    // How it was framed then is decided anew.
    private static void AddAll(HttpHeaders from, string[] connection, List<KeyValuePair<string, string>> to)
    {
        foreach (var (name, values) in from.NonValidated)
        {
            if (!PassedFields.Pass(name, connection) || IsForOnePage(name)) continue;
            foreach (var value in values) to.Add(new(name, value));
        }
    }
}
