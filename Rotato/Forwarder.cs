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
    private const int LargeBody = 1 << 20;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TimeToClose = TimeSpan.FromMilliseconds(50);

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
    /// <param name="deadline">Moved on at every step. When it ends, for whatever reason, so does this.</param>
    /// <exception cref="Refusal">There is no answer.</exception>
    public async Task<Answer> SendAsync(Exchange exchange, RequestBody body, Deadline deadline)
    {
        var head = exchange.Head!;
        var choice = ChooseApi(head);
        var cacheKey = Cache is null ? null
            : await LookThroughAsync(body, () => CacheKey.Of(head, choice, body.Content));
        if (cacheKey is not null && Cache!.Find(cacheKey) is { } cached) return cached;
        var request = await LookThroughAsync(body, () => KeyRequest.Of(
            head, choice, body.Content, IsSticky, PinnedKey(head)?.State.Number, ring.DeadlineFromNow));
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
        deadline.Enter(Phase.Line);
        while (await ring.NextAsync(request, deadline.Token) is { } state)
        {
            deadline.Enter(Phase.Upstream);
            var tried = await TryAsync(head, target, body, pool[state.Number], request, deadline);
            if (tried is (var answer, var evidence))
            {
                var verdict = Judgement.Of(evidence);
                var restsUntil = ring.Report(state, request, evidence, verdict);
                if (!Judgement.WantsNextKey(verdict) || !MayTryNext(answer)) return answer;
                End(state, answer.Status);
                refusals.Add(answer, verdict, restsUntil);
                // HttpClient would send the next try on the connection that such a server is about to close.
                if (answer.EndsConnection) await Task.Delay(TimeToClose, Clock, deadline.Token);
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

    // A large body is not looked through on the thread that serves the sockets.
    private static async ValueTask<T> LookThroughAsync<T>(RequestBody body, Func<T> look) =>
        body.Length <= LargeBody ? look() : await Task.Run(look);

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

    // The answer and what it tells of its key; null after a failure behind which the request may be sent again.
    private async Task<(Answer Answer, Evidence Evidence)?> TryAsync(
        RequestHead head, string target, RequestBody body, PooledKey key, KeyRequest request, Deadline deadline)
    {
        try
        {
            var response = await _upstream.SendAsync(head, target, body.Content, key, deadline.Token);
            return await ExamineAsync(head, response, key, request, deadline.Token);
        }
        // Whatever it is: a key whose request has ended must not count as busy.
        catch (Exception e)
        {
            var refusal = GiveBack(key, request, e, deadline);
            deadline.Token.ThrowIfCancellationRequested();
            if (e is Refusal) throw;
            var isFirst = request.Failures == 1;
            if (!isFirst || !Resending.MayFollowFailure(Resending.FailureOf(e)))
            {
                log.Warn($"upstream {refusal.Message}");
                throw refusal;
            }

            request.WaitAtLeastUntil(ring.Now + 1);
            await Task.Delay(PauseAfterFailure, Clock, deadline.Token);
            return null;
        }
    }

    private async Task<(Answer Answer, Evidence Evidence)> ExamineAsync(
        RequestHead head, HttpResponseMessage response, PooledKey key, KeyRequest request, CancellationToken cancel)
    {
        try
        {
            AnswerFraming.Check(response, head);
            var body = new AnswerBody(await response.Content.ReadAsStreamAsync(cancel));
            var answer = new Answer(response, body) { Key = key.State.Number, Tries = request.Tries };
            return (answer, await judge.ExamineAsync(answer, cancel));
        }
        catch (Exception e)
        {
            response.Dispose();
            // It cannot be the time for a connection that is over: the request has been sent.
            if (e is OperationCanceledException && !cancel.IsCancellationRequested)
                throw new HttpRequestException(HttpRequestError.ResponseEnded);
            throw;
        }
    }

    // A request has failed: its key is free again, and not to blame.
    private Refusal GiveBack(PooledKey key, KeyRequest request, Exception exception, Deadline deadline)
    {
        var detail = (exception.InnerException as UntrustedCertificateException)?.Message;
        var proxy = key.Api.IsOnThisMachine ? null : ProxyName;
        var refusal = FailureText.ToRefusal(Resending.FailureOf(exception), key.Api.Host, detail, proxy);
        request.RecordFailure();
        ring.ReportFailure(key.State, request);
        End(key.State, deadline.ClientHasGone ? Exchange.StatusOfLeaving : refusal.Code.Status);
        return refusal;
    }
}
