using System.Net.Http;
using Rotato.Caching;
using Rotato.Http;
using Rotato.Monitoring;
using Rotato.RateLimits;

namespace Rotato;

/// <summary>
/// A request's way to the upstream: choose a key, send, judge the answer. Where that says "this key, not now" the next
/// key is tried, else it goes to the client. While this runs no byte of an answer has gone to the client.
/// </summary>
internal sealed class Forwarder(KeyPool pool, KeyRing ring, Judge judge, Journal journal, Log log)
{
    // A body of more bytes is not looked through on the thread that serves the sockets.
    private const int LargeBody = 1 << 20;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    private readonly Upstream _upstream = new();
    private readonly RememberedResponses _responses = new();

    /// <summary>Whether requests of one conversation stay with one key.</summary>
    public required bool IsSticky { get; init; }
    public required TimeProvider Clock { get; init; }

    /// <summary>Answers in memory; null where none are wanted.</summary>
    public required AnswerCache? Cache { get; init; }

    /// <summary>The proxy of the environment; null where there is none.</summary>
    public required string? ProxyName { get; init; }

    /// <summary>The upstream's answer, or Rotato's own where no key can serve.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="body">Its body.</param>
    /// <param name="deadline">Moved on at every step; its end ends this, whatever its reason.</param>
    /// <exception cref="Refusal">There is no answer.</exception>
    public async Task<Answer> SendAsync(Exchange exchange, RequestBody body, Deadline deadline)
    {
        var head = exchange.Head!;
        var choice = ChooseApi(head);
        var cacheKey = Cache is null ? null : CacheKey.Of(head, choice, body.Content);
        if (cacheKey is not null && Cache!.Find(cacheKey) is { } cached) return cached;
        var request = await ArriveAsync(head, choice, body);
        exchange.Request = request;
        request.Pinned ??= KeyOfPreviousResponse(request);
        var answer = await TryKeysAsync(head, choice.Target, body, request, deadline);
        if (RememberedResponses.AreMadeAt(head.Path)) _responses.Watch(answer);
        if (cacheKey is not null) Cache!.Watch(cacheKey, answer);
        return answer;
    }

    /// <summary>The answer of a key has ended.</summary>
    public void End(int key, int status) => End(pool[key].State, status);

    private async Task<Answer> TryKeysAsync(
        RequestHead head, string target, RequestBody body, KeyRequest request, Deadline deadline)
    {
        using var refusals = new HeldAnswers();
        var failures = 0;
        deadline.Enter(Phase.Line);
        while (await ring.NextAsync(request, deadline.Token) is { } state)
        {
            deadline.Enter(Phase.Upstream);
            try
            {
                var (answer, evidence) = await TryAsync(head, target, body, pool[state.Number], deadline.Token);
                answer.Tries = request.Tries;
                var verdict = Judgement.Of(evidence);
                ring.Report(state, request, evidence, verdict);
                if (!Judgement.WantsNextKey(verdict) || !MayTryNext(answer))
                {
                    return answer;
                }

                End(state, answer.Status);
                refusals.Add(answer, verdict, state.RestsUntil(request.Scope));
            }
            // Whatever it is: a key whose request has ended must not count as busy.
            catch (Exception e)
            {
                failures++;
                await AfterFailureAsync(e, state, request, failures, deadline.Token);
            }

            deadline.Enter(Phase.Line);
        }

        return NoKeyAnswer.Choose(head, request, refusals, ring);
    }

    private static bool MayTryNext(Answer answer) =>
        Resending.MayFollowAnswer(answer.ReceivedStatus, answer.Body.Beginning.Span);

    private void End(KeyState key, int status)
    {
        ring.End(key, status);
        journal.RecordTry(status);
    }

    private ApiChoice ChooseApi(RequestHead head)
    {
        var choice = ApiChoice.Of(pool.Apis, head);
        return PinnedKey(head) is { } key ? choice with { Api = key.Api } : choice;
    }

    private async ValueTask<KeyRequest> ArriveAsync(RequestHead head, ApiChoice choice, RequestBody body)
    {
        var pinned = PinnedKey(head)?.State.Number;
        if (body.Length <= LargeBody) return Arrive();
        return await Task.Run(Arrive);

        KeyRequest Arrive() => KeyRequest.Of(
            head, choice, body.Content, IsSticky, pinned, ring.DeadlineFromNow);
    }

    private int? KeyOfPreviousResponse(KeyRequest request)
    {
        if (_responses.KeyOf(request.PreviousResponse) is not { } number) return null;
        return pool.Has(number) && pool[number].Api == request.Api ? number : null;
    }

    private PooledKey? PinnedKey(RequestHead head)
    {
        if (head["x-rotato-key"] is not { } text) return null;
        var isNumber = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        return isNumber && pool.Has(number) ? pool[number]
            : throw Refusal.BadRequest("x-rotato-key is not the number of a key");
    }

    private async Task<(Answer Answer, Evidence Evidence)> TryAsync(
        RequestHead head, string target, RequestBody body, PooledKey key, CancellationToken ended)
    {
        var response = await _upstream.SendAsync(head, target, body.Content, key, ended);
        try
        {
            AnswerFraming.Check(response, head);
            var stream = await response.Content.ReadAsStreamAsync(ended);
            var answer = new Answer(response, new AnswerBody(stream)) { Key = key.State.Number };
            return (answer, await judge.ExamineAsync(answer, ended));
        }
        catch (Exception e)
        {
            response.Dispose();
            // HttpClient has kept its time for a connection; whatever ends now, the request has been sent.
            if (e is OperationCanceledException && !ended.IsCancellationRequested)
                throw new HttpRequestException(HttpRequestError.ResponseEnded);
            throw;
        }
    }

    // Ends the request, unless nothing of it can have arrived: then it is tried once more, after a pause.
    private async Task AfterFailureAsync(
        Exception exception, KeyState state, KeyRequest request, int failures, CancellationToken ended)
    {
        var failure = Resending.FailureOf(exception);
        var api = pool[state.Number].Api;
        var detail = (exception.InnerException as UntrustedCertificateException)?.Message;
        var refusal = FailureText.ToRefusal(failure, api.Host, detail, api.BaseUrl.IsLoopback ? null : ProxyName);
        ring.ReportFailure(state, request);
        End(state, ended.IsCancellationRequested ? Exchange.StatusOfLeaving : refusal.Code.Status);
        ended.ThrowIfCancellationRequested();
        if (exception is Refusal) throw exception;
        if (failures > 1 || !Resending.MayFollowFailure(failure))
        {
            log.Warn($"upstream {refusal.Message}");
            throw refusal;
        }

        request.WaitAtLeastUntil(ring.Now + 1);
        await Task.Delay(PauseAfterFailure, Clock, ended);
    }
}
