namespace Rotato.Tests.Audit;

/// <summary>What is sent and received, as data, of which guards and rooms may use so much.</summary>
internal static class HarmlessMessages
{
    public static readonly Harmless[] Table =
    [
        new("streams and writers that the core hands in, those in memory, and unpacking", Harmless.All, """
            System.IO.Stream System.IO.MemoryStream System.IO.TextReader System.IO.TextWriter
            System.IO.StringReader System.IO.StringWriter System.IO.IOException System.IO.InvalidDataException
            System.IO.EndOfStreamException System.IO.SeekOrigin System.IO.Compression.GZipStream
            System.IO.Compression.DeflateStream System.IO.Compression.ZLibStream System.IO.Compression.BrotliStream
            System.IO.Compression.CompressionMode System.IO.Compression.CompressionLevel
            """),
        new("an answer, but not the request that it remembers: that one has the key in a field", """
            .ctor Dispose EnsureSuccessStatusCode get_Content set_Content get_Headers get_TrailingHeaders
            get_IsSuccessStatusCode get_ReasonPhrase set_ReasonPhrase get_StatusCode set_StatusCode
            get_Version set_Version
            """, "System.Net.Http.HttpResponseMessage"),
        new("the body of an answer", Harmless.All, """
            System.Net.Http.HttpContent System.Net.Http.ByteArrayContent
            System.Net.Http.StringContent System.Net.Http.StreamContent System.Net.Http.ReadOnlyMemoryContent
            System.Net.HttpStatusCode System.Net.HttpVersion System.Net.TransportContext
            """),
        new("fields of an answer; those of a request would still be there when the core puts the key among them",
            Harmless.All, """
            System.Net.Http.Headers.HttpHeaders System.Net.Http.Headers.HttpHeadersNonValidated
            System.Net.Http.Headers.HeaderStringValues System.Net.Http.Headers.HttpResponseHeaders
            System.Net.Http.Headers.HttpContentHeaders System.Net.Http.Headers.HttpHeaderValueCollection
            System.Net.Http.Headers.MediaTypeHeaderValue System.Net.Http.Headers.NameValueHeaderValue
            System.Net.Http.Headers.RetryConditionHeaderValue System.Net.Http.Headers.CacheControlHeaderValue
            System.Net.Http.Headers.TransferCodingHeaderValue System.Net.Http.Headers.ContentDispositionHeaderValue
            """),
        new("what went wrong in sending", Harmless.All, """
            System.Net.Http.HttpRequestException System.Net.Http.HttpRequestError System.Net.Http.HttpIOException
            System.Net.Http.HttpProtocolException
            """),
        new("JSON, without turning objects into it by reflection", Harmless.All, """
            System.Text.Json.Utf8JsonReader System.Text.Json.Utf8JsonWriter System.Text.Json.JsonDocument
            System.Text.Json.JsonElement System.Text.Json.JsonProperty System.Text.Json.JsonEncodedText
            System.Text.Json.JsonException System.Text.Json.JsonTokenType System.Text.Json.JsonValueKind
            System.Text.Json.JsonReaderOptions System.Text.Json.JsonReaderState System.Text.Json.JsonWriterOptions
            System.Text.Json.JsonDocumentOptions System.Text.Json.JsonCommentHandling
            System.Text.Json.JsonNamingPolicy System.Text.Encodings.Web.JavaScriptEncoder
            System.Text.Encodings.Web.HtmlEncoder System.Text.Encodings.Web.TextEncoder
            System.Text.Json.Nodes.JsonNode System.Text.Json.Nodes.JsonObject System.Text.Json.Nodes.JsonArray
            System.Text.Json.Nodes.JsonValue System.Text.Json.Nodes.JsonNodeOptions
            """),
        new("stands in signatures of JsonNode", Harmless.OnlyNamed, "System.Text.Json.JsonSerializerOptions"),
        new("a digest of what comes piece by piece", "CreateHash AppendData GetHashAndReset Dispose",
            "System.Security.Cryptography.IncrementalHash"),
        new("which digest", "get_SHA256", "System.Security.Cryptography.HashAlgorithmName"),
        new("a digest, and a comparison that takes the same time for any bytes", "HashData TryHashData FixedTimeEquals",
            "System.Security.Cryptography.SHA256 System.Security.Cryptography.CryptographicOperations"),
    ];
}
