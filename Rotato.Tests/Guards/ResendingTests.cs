using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;

namespace Rotato.Tests.Guards;

/// <summary>When a request may be sent a second time: its owner pays twice where this is wrong.</summary>
internal sealed class ResendingTests
{
    /// <summary>Only answers that say that the request was not served, and that another key may be.</summary>
    [Test]
    public void AfterTheseAnswersAndNoOthers() => Assert.That(
        Enumerable.Range(-1, 1001).Where(status => Resending.MayFollowAnswer(status, "{}"u8)),
        Is.EqualTo([400, 401, 402, 403, 404, 429]));

    /// <summary>A 200 that is nothing but an error, as OpenRouter sends it, has served nobody.</summary>
    [TestCase("""{"error":{"code":429}}""", true)]
    [TestCase(""" {"error" : {"code":429},"user_id":"u"}""", true)]
    [TestCase("""{"id":"x","error":{"code":1},"choices":[]}""", false)]
    [TestCase("""{"choices":[{"error":{"code":429}}]}""", false)]
    [TestCase("""{"output":[],"error":{"code":1}}""", false)]
    [TestCase("""{"error":{"code":1},"content":[]}""", false)]
    [TestCase("""{"error":{"code":1},"candidates":[]}""", false)]
    [TestCase("""{"error":null,"status":"completed"}""", false)]
    [TestCase("""{"message":{"error":1}}""", false)]
    [TestCase("""[{"error":{"code":429}}]""", false)]
    [TestCase("""{"error":{"code":429}""", false)]
    [TestCase("""{"error":{"code":429},""", false)]
    [TestCase("""{"error":1} {"choices":[]}""", false)]
    [TestCase("", false)]
    [TestCase("error", false)]
    public void AfterA200ThatIsNothingButAnError(string body, bool mayFollow) => Assert.That(
        Resending.MayFollowAnswer(200, Encoding.UTF8.GetBytes(body)), Is.EqualTo(mayFollow));

    [TestCase(HiddenError.MostBytes, true)]
    [TestCase(HiddenError.MostBytes + 1, false)]
    public void OfALongBodyNothingIsBelieved(int length, bool mayFollow)
    {
        var body = $$$"""{"error":{"message":"{{{new string('x', length - 24)}}}"}}""";
        Assert.That(body, Has.Length.EqualTo(length));
        Assert.That(Resending.MayFollowAnswer(200, Encoding.UTF8.GetBytes(body)), Is.EqualTo(mayFollow));
    }

    /// <summary>Only failures after which no byte of the request can have arrived.</summary>
    [Test]
    public void AfterTheseFailuresAndNoOthers() => Assert.That(
        Enum.GetValues<UpstreamFailure>().Where(Resending.MayFollowFailure), Is.EquivalentTo((UpstreamFailure[])
        [
            UpstreamFailure.NameNotFound, UpstreamFailure.NotConnected, UpstreamFailure.NotSecured,
        ]));

    /// <summary>Every kind that HttpClient knows: what is not certainly before the request counts as behind it.</summary>
    [Test]
    public void EveryFailureOfHttpClientIsKnownOrTheWorst()
    {
        var known = new Dictionary<HttpRequestError, UpstreamFailure>
        {
            [HttpRequestError.NameResolutionError] = UpstreamFailure.NameNotFound,
            [HttpRequestError.ConnectionError] = UpstreamFailure.NotConnected,
            [HttpRequestError.ProxyTunnelError] = UpstreamFailure.RefusedByProxy,
            [HttpRequestError.SecureConnectionError] = UpstreamFailure.NotSecured,
            [HttpRequestError.InvalidResponse] = UpstreamFailure.Invalid,
            [HttpRequestError.ConfigurationLimitExceeded] = UpstreamFailure.Invalid,
        };
        foreach (var error in Enum.GetValues<HttpRequestError>())
        {
            Assert.That(Resending.FailureOf(new HttpRequestException(error)),
                Is.EqualTo(known.GetValueOrDefault(error, UpstreamFailure.Broken)), $"{error}");
        }
    }

    /// <summary>A kind that a later HttpClient may have.</summary>
    [Test]
    public void AnUnknownFailureCountsAsBroken() => Assert.That(
        Resending.FailureOf(new HttpRequestException((HttpRequestError)1000)), Is.EqualTo(UpstreamFailure.Broken));

    [Test]
    public void AFailureOfAnyOtherKindCountsAsBroken()
    {
        Exception[] others =
        [
            new HttpRequestException("no kind"), new IOException(), new SocketException(), new AuthenticationException(),
            new InvalidOperationException(), new TimeoutException(),
            new HttpRequestException("behind it", new SocketException((int)SocketError.ConnectionRefused)),
            new IOException("behind it", new HttpRequestException(HttpRequestError.ConnectionError)),
        ];
        foreach (var exception in others)
        {
            Assert.That(Resending.FailureOf(exception), Is.EqualTo(UpstreamFailure.Broken), $"{exception.GetType()}");
            Assert.That(Resending.MayFollowFailure(Resending.FailureOf(exception)), Is.False);
        }
    }

    [Test]
    public void TheTimeThatHttpClientKeepsIsThatForAConnection() => Assert.That(
        Resending.FailureOf(new TaskCanceledException("", new TimeoutException())), Is.EqualTo(UpstreamFailure.NotConnectedInTime));

    // HttpClient repeats by itself what has no content, when an idle connection turns out to be closed.
    [TestCase("GET", true)]
    [TestCase("HEAD", true)]
    [TestCase("OPTIONS", false)]
    [TestCase("POST", false)]
    [TestCase("PUT", false)]
    [TestCase("PATCH", false)]
    [TestCase("DELETE", false)]
    [TestCase("QUERY", false)]
    [TestCase("get", false)]
    public void OnlyWhatChangesNothingMayBeRepeatedUnseen(string method, bool expected) =>
        Assert.That(Resending.HttpClientMayRepeat(method), Is.EqualTo(expected));
}
