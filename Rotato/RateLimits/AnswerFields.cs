using System.Net.Http;

namespace Rotato.RateLimits;

/// <summary>The fields of an answer, as numbers and times to wait.</summary>
internal readonly struct AnswerFields(HttpResponseMessage response, TimeProvider clock)
{
    /// <summary>The value of a field; null where there is none.</summary>
    public string? this[string name] =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    /// <summary>The names of the fields that hold a zero, which few do.</summary>
    public IEnumerable<string> NamesOfZeros()
    {
        List<string>? names = null;
        foreach (var (name, values) in response.Headers.NonValidated)
        {
            if (values.Count != 1 || values.ToString() != "0") continue;
            names ??= [];
            names.Add(name);
        }

        return names ?? [];
    }

    public int? Number(string name) => this[name] is { } text
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Seconds to wait, as a field says it.</summary>
    public double? Wait(string name) => Parsed(this[name]);

    /// <summary>Seconds to wait, from a field that holds milliseconds.</summary>
    public double? WaitOfMilliseconds(string name) => this[name] is { } text ? Parsed($"{text}ms") : null;

    /// <summary>
    /// Seconds to wait, from a text. Dates are compared with the API's own clock where it tells it: a wrong clock on
    /// this machine does not make a wrong rest of them.
    /// </summary>
    public double? Parsed(string? text) =>
        text is null ? null : WaitTime.Parse(text, response.Headers.Date ?? clock.GetUtcNow());
}
