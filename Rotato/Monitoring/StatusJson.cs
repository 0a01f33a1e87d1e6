using System.Text.Json;
using Rotato.Caching;

namespace Rotato.Monitoring;

/// <summary>Writes the status as JSON. Its members are a contract: they are added to, and never renamed.</summary>
internal static class StatusJson
{
    public static byte[] Write(Snapshot snapshot)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes);
        json.WriteStartObject();
        json.WriteString("version", snapshot.Overview.Version);
        json.WriteString("upstream", snapshot.Overview.Upstream);
        json.WriteString("strategy", snapshot.Overview.Strategy);
        json.WriteNumber("uptime_seconds", Math.Round(snapshot.UptimeSeconds, 1));
        json.WriteNumber("in_flight", snapshot.InFlight);
        json.WriteNumber("waiting", snapshot.Waiting);
        WriteArray(json, "apis", snapshot.Overview.Apis, WriteApi);
        WriteArray(json, "keys", snapshot.Keys, WriteKey);
        WriteHistory(json, snapshot.Journal);
        if (snapshot.Cache is { } cache) WriteCache(json, cache);
        WriteArray(json, "recent", snapshot.Journal.Recent(), WriteRecent);
        json.WriteEndObject();
        json.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static void WriteCache(Utf8JsonWriter json, AnswerCache cache)
    {
        json.WriteStartObject("cache");
        json.WriteNumber("hits", cache.Hits);
        json.WriteNumber("bytes", cache.Bytes);
        json.WriteEndObject();
    }

    private static void WriteApi(Utf8JsonWriter json, ApiView api)
    {
        json.WriteString("host", api.Host);
        json.WriteString("base_url", api.BaseUrl);
    }

    private static void WriteKey(Utf8JsonWriter json, KeyView key)
    {
        json.WriteNumber("key", key.Key);
        json.WriteString("hint", key.Hint);
        json.WriteString("api", key.Api);
        json.WriteString("state", key.State);
        json.WriteString("reason", key.Reason);
        json.WriteNumber("rest_seconds", key.RestSeconds);
        json.WriteNumber("requests", key.Requests);
        json.WriteNumber("ok", key.Ok);
        json.WriteNumber("limited", key.Limited);
        json.WriteNumber("failed", key.Failed);
        WriteNumberOrNull(json, "remaining", key.Remaining);
        WriteArray(json, "limits", key.Limits, WriteLimit);
    }

    private static void WriteLimit(Utf8JsonWriter json, LimitView limit)
    {
        json.WriteString("scope", limit.Scope);
        json.WriteString("state", limit.State);
        json.WriteString("reason", limit.Reason);
        json.WriteNumber("rest_seconds", limit.RestSeconds);
    }

    private static void WriteHistory(Utf8JsonWriter json, Journal journal)
    {
        var (requests, limited, failed) = journal.History();
        json.WriteStartObject("history");
        json.WriteNumber("seconds_per_step", Journal.SecondsPerStep);
        WriteNumbers(json, "requests", requests);
        WriteNumbers(json, "limited", limited);
        WriteNumbers(json, "failed", failed);
        json.WriteEndObject();
    }

    private static void WriteRecent(Utf8JsonWriter json, EndedRequest request)
    {
        var time = request.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        json.WriteString("time", time);
        json.WriteString("method", request.Request.Method);
        json.WriteString("path", request.Request.Path);
        json.WriteString("model", request.Request.Model);
        json.WriteNumber("status", request.Status);
        WriteNumberOrNull(json, "key", request.Key);
        json.WriteNumber("tries", request.Tries);
        json.WriteNumber("ms", Math.Round(request.Seconds * 1000));
        if (request.IsCut) json.WriteBoolean("cut", true);
    }

    private static void WriteArray<T>(Utf8JsonWriter json, string name, T[] items, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, long[] numbers)
    {
        json.WriteStartArray(name);
        foreach (var number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, string name, int? number)
    {
        if (number is { } value) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
