using Rotato.Tests.Infra;
using static Rotato.Tests.Infra.ScriptedUpstream;

namespace Rotato.Tests.Core;

/// <summary>The file of --keys: how it is read, and what follows when it has changed.</summary>
internal sealed class KeyFileTests
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"rotato-keys-{Guid.NewGuid():N}");

    private int _writes;
    private string? _first;

    [TearDown]
    public void Remove() => File.Delete(_path);

    [Test]
    public void AFileIsReadAsUtf8()
    {
        File.WriteAllText(_path, "\ufeffk1 # \u00e9\r\nk2");
        Assert.That(KeyFile.Read(_path), Is.EqualTo("k1 # \u00e9\r\nk2"));
    }

    /// <summary>Windows PowerShell writes UTF-16 where text is sent to a file.</summary>
    [TestCase("utf-16")]
    [TestCase("utf-16BE")]
    public void AFileInUtf16IsReadAsWell(string encoding)
    {
        File.WriteAllText(_path, "k1\r\nk2", System.Text.Encoding.GetEncoding(encoding));
        Assert.That(KeyFile.Read(_path), Is.EqualTo("k1\r\nk2"));
    }

    [Test]
    public void AFileIsReadWhileAnEditorHasItOpen()
    {
        using var editor = new FileStream(_path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        editor.Write("k1"u8);
        editor.Flush();
        Assert.That(KeyFile.Read(_path), Is.EqualTo("k1"));
    }

    [Test]
    public void AMebibyteIsRead()
    {
        File.WriteAllText(_path, new string('k', 1 << 20));
        Assert.That(KeyFile.Read(_path), Has.Length.EqualTo(1 << 20));
    }

    [Test]
    public void MoreIsNoListOfKeys()
    {
        File.WriteAllText(_path, new string('k', (1 << 20) + 1));
        Assert.That(() => KeyFile.Read(_path), Throws.TypeOf<UsageException>().With.Message.Contains("1 MiB"));
    }

    [Test]
    public void AFileThatIsNotThereIsSaidWithoutItsName() => Assert.That(() => KeyFile.Read(_path),
        Throws.TypeOf<StartException>().With.Message.Contains("--keys").And.Message.Contains("no such file")
            .And.Message.Not.Contains("rotato-keys"));

    [Test]
    public void AFolderIsNoFile() => Assert.That(() => KeyFile.Read(Path.GetTempPath()),
        Throws.TypeOf<StartException>().With.Message.Contains("folder"));

    /// <summary>Of two seconds at most: it is looked at once a second.</summary>
    [Test]
    public async Task AFileThatHasChangedIsReadAgainWithinTwoSeconds()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = Start(upstream, 2, "KEY1");
        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("1"));

        await ChangeAsync(rotato, "KEY1\nKEY2", seconds: 1);

        Assert.That(await KeysOfAsync(rotato, 2), Is.EqualTo("1 2"));
    }

    [Test]
    public async Task AKeyThatStaysKeepsItsNumberAndItsRests()
    {
        using var upstream = new ScriptedUpstream(_ => Answer("429 Slow", fields: "retry-after: 60\r\n"));
        await using var rotato = Start(upstream, 3, "KEY1\nKEY2\nKEY3", "--wait 0");
        Assert.That((await rotato.GetAsync("/")).Status, Is.EqualTo(429));
        Assert.That(upstream.Requests, Has.Length.EqualTo(3));

        await ChangeAsync(rotato, "KEY3\nKEY1");

        Assert.That((await rotato.GetAsync("/")).Status, Is.EqualTo(429));
        Assert.That(upstream.Requests, Has.Length.EqualTo(3), "none of them is asked before its time");
        Assert.That((await StatusAsync(rotato, "limits")).Split(' '), Is.EqualTo(["3", "1"]));
    }

    /// <summary>Whoever changes the file has most likely mended something.</summary>
    [Test]
    public async Task AnUnusableKeyIsTriedAtOnceWhenTheFileHasChanged()
    {
        var isMended = false;
        using var upstream = new ScriptedUpstream(_ => isMended ? Ok()
            : Answer("401 No", """{"error":{"code":"invalid_api_key"}}"""));
        await using var rotato = Start(upstream, 1, "KEY1");
        Assert.That((await rotato.GetAsync("/")).Status, Is.EqualTo(401));
        isMended = true;
        Assert.That((await rotato.GetAsync("/")).Status, Is.EqualTo(401), "it rests for ten minutes");

        await ChangeAsync(rotato, "KEY1 # mended");

        Assert.That((await rotato.GetAsync("/")).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task ARemovedKeyFinishesWhatItHasBegunAndGetsNothingNew()
    {
        using var upstream = new ScriptedUpstream();
        await using var rotato = Start(upstream, 2, "KEY1\nKEY2");
        using var client = await rotato.ConnectAsync();
        await client.SendAsync(RunningRotato.Get());
        var request = await upstream.NextAsync();

        await ChangeAsync(rotato, "KEY2");
        await request.SendAsync(Ok("late"));

        var response = await client.ReadAsync();
        Assert.That((response.Text, response["x-rotato-key"]), Is.EqualTo(("late", "1")));
        for (var i = 0; i < 3; i++)
        {
            var next = rotato.GetAsync("/");
            await (await upstream.NextAsync()).SendAsync(Ok());
            Assert.That((await next)["x-rotato-key"], Is.EqualTo("2"));
        }

        Assert.That((await rotato.GetAsync("/", "x-rotato-key: 1\r\n")).Status, Is.EqualTo(400));
    }

    /// <summary>No request is lost: those that wait get a key of the new list.</summary>
    [Test]
    public async Task WhoWaitsIsServedByAKeyThatIsNew()
    {
        using var upstream = new ScriptedUpstream(request =>
            request["Authorization"]!.EndsWith(_first!, StringComparison.Ordinal)
                ? Answer("429 Slow", fields: "retry-after: 20\r\n") : Ok());
        await using var rotato = Start(upstream, 2, "KEY1");
        _first = rotato.Keys[0];
        var waiting = rotato.GetAsync("/");
        await upstream.NextAsync();
        while (await WaitingAsync(rotato) != 1) await Task.Yield();

        await ChangeAsync(rotato, "KEY2");

        var response = await waiting;
        Assert.That((response.Status, response["x-rotato-key"]), Is.EqualTo((200, "2")));
    }

    [TestCase("KEY1 [KEY2]", "key 2 of --keys FILE, line 1")]
    [TestCase("# nothing", "no API key")]
    [TestCase("http://example.com KEY1", "the URL in --keys FILE, line 1")]
    [TestCase(null, "no such file")]
    public async Task AFileThatIsWrongChangesNothingAndIsSaidOnce(string? text, string said)
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        var rotato = Start(upstream, 2, "KEY1");

        if (text is null) File.Delete(_path);
        else Write(rotato.Keys, text);
        for (var i = 0; i < 5; i++) await LookAsync(rotato);
        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("1"));

        await ChangeAsync(rotato, "KEY2");
        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("2"), "when it is right again it counts");
        await rotato.DisposeAsync();
        Assert.That(rotato.Errors, Has.Exactly(1).Contains("is not used").And.One.Contains(said));
    }

    [Test]
    public async Task AFileThatIsTheSameIsNotReadAgain()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        var rotato = Start(upstream, 1, "KEY1");
        for (var i = 0; i < 5; i++) await LookAsync(rotato);
        await rotato.DisposeAsync();
        Assert.That(rotato.Errors, Has.None.Contains("--keys"));
    }

    /// <summary>As editors do that write a new file and put it in the place of the old one.</summary>
    [Test]
    public async Task AnotherFileInItsPlaceIsAChange()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = Start(upstream, 2, "KEY1");
        var other = $"{_path}.new";
        File.WriteAllText(other, Filled(rotato.Keys, "KEY2"));
        File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddHours(-1));
        File.Move(other, _path, overwrite: true);

        await LookAsync(rotato);

        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("2"));
    }

    /// <summary>As the secrets of a container come: the link stays, and what it leads to is another file.</summary>
    [Test]
    [Platform(Exclude = "Win")]
    public async Task AFileBehindALinkIsFollowed()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        var target = $"{_path}.target";
        await using var rotato = new RunningRotato(upstream, $"--keys {_path}", 2, prepare: keys =>
        {
            File.WriteAllText(target, keys[0]);
            File.CreateSymbolicLink(_path, target);
        });
        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("1"));

        await File.WriteAllTextAsync(target, rotato.Keys[1]);
        File.SetLastWriteTimeUtc(target, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        await LookAsync(rotato);

        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("2"));
        File.Delete(target);
    }

    /// <summary>As editors do that delete the old one before they write.</summary>
    [Test]
    public async Task AFileThatWasAwayIsReadWhenItIsBack()
    {
        using var upstream = new ScriptedUpstream(_ => Ok());
        await using var rotato = Start(upstream, 2, "KEY1");
        File.Delete(_path);
        await LookAsync(rotato);
        await LookAsync(rotato);

        await ChangeAsync(rotato, "KEY2");

        Assert.That((await rotato.GetAsync("/"))["x-rotato-key"], Is.EqualTo("2"));
    }

    /// <summary>What was the only API is gone; requests go to the one that has taken its place.</summary>
    [Test]
    public async Task TheFileMayNameAnotherApi()
    {
        using var first = new ScriptedUpstream(_ => Ok("first"));
        using var second = new ScriptedUpstream(_ => Ok("second"));
        await using var rotato = Start(first, 2, $"{first.Url}/v1 KEY1");
        Assert.That((await rotato.GetAsync("/v1/models")).Text, Is.EqualTo("first"));

        await ChangeAsync(rotato, $"{second.Url}/v1 KEY2");

        Assert.That((await rotato.GetAsync("/v1/models")).Text, Is.EqualTo("second"));
        var status = (await rotato.GetAsync("/_rotato/status")).Text;
        Assert.That(status, Does.Contain(second.Url[7..]).And.Not.Contain(first.Url[7..]));
    }

    // KEY1, KEY2 and so on in the text stand for secrets.
    private RunningRotato Start(ScriptedUpstream upstream, int keys, string text, string args = "") =>
        new(upstream, $"--keys {_path} {args}", keys, prepare: secrets => Write(secrets, text));

    private static string Filled(string[] keys, string text)
    {
        for (var i = keys.Length; i >= 1; i--) text = text.Replace($"KEY{i}", keys[i - 1], StringComparison.Ordinal);
        return text;
    }

    // Each time at another moment, however coarse the file system's clock is.
    private void Write(string[] keys, string text)
    {
        _writes++;
        File.WriteAllText(_path, Filled(keys, text));
        File.SetLastWriteTimeUtc(_path, new DateTime(2026, 1, 1, 0, 0, _writes, DateTimeKind.Utc));
    }

    private async Task ChangeAsync(RunningRotato rotato, string text, double seconds = 1)
    {
        Write(rotato.Keys, text);
        for (double past = 0; past < seconds; past++) await LookAsync(rotato);
    }

    // Lets the second go by after which the file is looked at.
    private static async Task LookAsync(RunningRotato rotato)
    {
        await rotato.Clock.TimerAsync(1);
        rotato.Clock.Advance(1);
        await rotato.Clock.TimerAsync(1);
    }

    private static async Task<string> KeysOfAsync(RunningRotato rotato, int requests)
    {
        var keys = new SortedSet<string>();
        for (var i = 0; i < requests; i++) keys.Add((await rotato.GetAsync("/"))["x-rotato-key"]!);
        return string.Join(' ', keys);
    }

    private static async Task<int> WaitingAsync(RunningRotato rotato)
    {
        using var json = System.Text.Json.JsonDocument.Parse((await rotato.GetAsync("/_rotato/status")).Body);
        return json.RootElement.GetProperty("waiting").GetInt32();
    }

    // The numbers of keys whose member is not empty, in their order.
    private static async Task<string> StatusAsync(RunningRotato rotato, string member)
    {
        using var json = System.Text.Json.JsonDocument.Parse((await rotato.GetAsync("/_rotato/status")).Body);
        return string.Join(' ', json.RootElement.GetProperty("keys").EnumerateArray()
            .Where(key => key.GetProperty(member).GetArrayLength() > 0).Select(key => key.GetProperty("key")));
    }
}
