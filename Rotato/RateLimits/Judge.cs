using System.Net;
using Rotato.Http;

namespace Rotato.RateLimits;

/// <summary>Reads what an answer tells of its key, before anybody else reads it.</summary>
/// <param name="words">The words of errors.</param>
/// <param name="clock">The time.</param>
internal sealed class Judge(ErrorWords words, TimeProvider clock)
{
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(5);

    /// <summary>The evidence. An error that is hidden in a 200 gives the answer its own status.</summary>
    /// <param name="answer">The answer; its body stays to be read from the first byte.</param>
    /// <param name="cancel">The end of the request.</param>
    public async ValueTask<Evidence> ExamineAsync(Answer answer, CancellationToken cancel)
    {
        ErrorBody? error = null;
        if (answer.Status is (>= 400 and <= 404) or 429)
        {
            var beginning = await answer.Body.PeekAsync(ErrorBody.MostBytes, MostTime, clock, cancel);
            error = ErrorBody.Read(beginning, answer.Field("Content-Encoding"));
        }
        else if (MayHideError(answer))
        {
            error = await HiddenErrorAsync(answer, cancel);
        }

        return Evidence.Of(answer.Response, error, words, clock);
    }

    private async ValueTask<ErrorBody?> HiddenErrorAsync(Answer answer, CancellationToken cancel)
    {
        // One byte more than there can be, so that the end is seen as well.
        var most = (int)answer.Response.Content.Headers.ContentLength!.Value + 1;
        var body = await answer.Body.PeekAsync(most, MostTime, clock, cancel);
        if (!HiddenError.IsIn(body.Span)) return null;
        answer.HidesError = true;
        var error = ErrorBody.Read(body, coding: null);
        if (error.StatusCode is not { } status) return error;
        answer.Response.StatusCode = (HttpStatusCode)status;
        // Otherwise it would still be the "OK" that the upstream has sent.
        answer.Response.ReasonPhrase = null;
        return error;
    }

    private static bool MayHideError(Answer answer)
    {
        if (answer.Status != 200) return false;
        if (answer.Response.Content.Headers.ContentLength is not (> 0 and <= HiddenError.MostBytes)) return false;
        if (answer.Field("Content-Encoding") is not null) return false;
        return answer.Field("Content-Type")?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) == true;
    }
}
