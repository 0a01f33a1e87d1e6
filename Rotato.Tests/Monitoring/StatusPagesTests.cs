namespace Rotato.Tests.Monitoring;

/// <summary>The pages may be watched, and there is no way to change anything.</summary>
internal sealed class StatusPagesTests
{
    private readonly WatchedRing _ring = new();

    [TestCase(WatchedRing.Page, "text/html; charset=utf-8")]
    [TestCase(WatchedRing.Page + "/", "text/html; charset=utf-8")]
    [TestCase(WatchedRing.Page + "?theme=dark", "text/html; charset=utf-8")]
    [TestCase(WatchedRing.Json, "application/json")]
    [TestCase(WatchedRing.Json + "?x", "application/json")]
    [TestCase(WatchedRing.Metrics, "text/plain; version=0.0.4; charset=utf-8")]
    public void EveryPageSaysWhatItIsAndIsKeptNowhere(string target, string type)
    {
        var response = _ring.Pages.AnswerTo(WatchedRing.Head(target), 0).Response;

        Assert.That((int)response.StatusCode, Is.EqualTo(200));
        Assert.That(response.Content.Headers.NonValidated["Content-Type"].ToString(), Is.EqualTo(type));
        Assert.That(response.Headers.NonValidated["Cache-Control"].ToString(), Is.EqualTo("no-store"));
        Assert.That(response.Headers.NonValidated["X-Content-Type-Options"].ToString(), Is.EqualTo("nosniff"));
        var policy = response.Headers.NonValidated["Content-Security-Policy"].ToString().Split("; ");
        Assert.That(policy, Does.Contain("default-src 'none'").And.Contain("frame-ancestors 'none'")
            .And.Contain("base-uri 'none'").And.Contain("form-action 'none'").And.Contain("connect-src 'self'"));
        Assert.That(policy, Has.None.Contains("http").And.None.Contains("*").And.None.Contains("unsafe-eval"));
    }

    [Test]
    public void ThePageWorksWithoutANetworkAndHoldsNoState()
    {
        var page = File.ReadAllText(Repository.Of("Rotato", "Monitoring", "Status.html"));

        Assert.That(page, Does.StartWith("<!DOCTYPE html>").IgnoreCase);
        Assert.That(page.TrimEnd().Split('\n'), Has.Length.LessThanOrEqualTo(250));
        Assert.That(page, Does.Not.Match("(src|href)\\s*=\\s*[\"']?(https?:)?//"), "nothing from elsewhere");
        Assert.That(page, Does.Not.Match("@import|url\\(\\s*[\"']?http|innerHTML|document\\.write|eval\\("),
            "nothing from elsewhere, nothing unescaped");
        Assert.That(page, Does.Not.Contain("<form").And.Not.Contain("POST"));
        Assert.That(page, Does.Contain("_rotato/status").Or.Contain("\"status\"").Or.Contain("/status"));
    }

    [Test]
    public void AHeadIsAnsweredAsItsGet(
        [Values(WatchedRing.Page, WatchedRing.Json, WatchedRing.Metrics)] string target) =>
        Assert.That(_ring.Pages.AnswerTo(WatchedRing.Head(target, "HEAD"), 0).Status, Is.EqualTo(200));

    [Test]
    public void NoOtherMethodIsServed(
        [Values("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "X")] string method,
        [Values(WatchedRing.Page, WatchedRing.Json, WatchedRing.Metrics)] string target)
    {
        var refusal = Assert.Throws<Refusal>(() => _ring.Pages.AnswerTo(WatchedRing.Head(target, method), 0))!;
        Assert.That(refusal.Code, Is.EqualTo(ErrorCode.BadRequest));
    }

    [TestCase("/_rotato/keys")]
    [TestCase("/_rotato/status/")]
    [TestCase("/_rotato/Status")]
    [TestCase("/_rotato/metrics/x")]
    [TestCase("/_rotato//")]
    [TestCase("/_rotato/../v1/models")]
    [TestCase("/_rotato/%73tatus")]
    [TestCase("/_rotato/other")]
    public void AnUnknownPageIsRefusedAndNeverSentOn(string target)
    {
        var head = WatchedRing.Head(target);
        Assert.That(StatusPages.IsOwn(head.Path));
        var refusal = Assert.Throws<Refusal>(() => _ring.Pages.AnswerTo(head, 0))!;
        Assert.That(refusal.Message, Does.Contain("/_rotato/status"));
    }

    [TestCase("/")]
    [TestCase("/v1/chat/completions")]
    [TestCase("/_rotatox")]
    [TestCase("/_rotato.html")]
    [TestCase("/_ROTATO")]
    [TestCase("/v1/_rotato")]
    [TestCase("/v1?x=/_rotato")]
    public void EverythingElseIsTheUpstreams(string target) =>
        Assert.That(StatusPages.IsOwn(WatchedRing.Head(target).Path), Is.False);

    [Test]
    public void WatchingChangesNothing()
    {
        _ring.Answer(_ring.Ask(), 429, hint: 10);
        _ring.Ask();
        var before = _ring.Text(WatchedRing.Json);
        for (var i = 0; i < 100; i++)
        {
            _ring.Text(WatchedRing.Page);
            _ring.Text(WatchedRing.Metrics);
        }

        Assert.That(_ring.Text(WatchedRing.Json), Is.EqualTo(before));
    }
}
