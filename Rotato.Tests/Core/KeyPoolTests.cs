namespace Rotato.Tests.Core;

/// <summary>A key keeps its number, and all that is known of it, for as long as it is listed.</summary>
internal sealed class KeyPoolTests
{
    private readonly KeyPool _pool = new(new KeyRules(null, null));

    [Test]
    public void KeysAreNumberedFromOneInTheOrderOfTheList() =>
        Assert.That(NumbersOf(Load("a b c")), Is.EqualTo([1, 2, 3]));

    [Test]
    public void AKeyThatStaysKeepsItsNumberAndWhatIsKnown()
    {
        var before = Load("a b c");
        var after = Load("c x a");
        Assert.That(NumbersOf(after), Is.EqualTo([3, 4, 1]));
        Assert.That((after[0], after[2]), Is.EqualTo((before[2], before[0])));
    }

    /// <summary>Clients may still hold it for their files and batches.</summary>
    [Test]
    public void ANumberIsNeverGivenToAnotherKey()
    {
        Load("a b");
        Load("a");
        Assert.That(NumbersOf(Load("a c")), Is.EqualTo([1, 3]));
        Assert.That(NumbersOf(Load("b")), Is.EqualTo([4]), "a key that was away is forgotten, and its secret with it");
    }

    [Test]
    public void AKeyThatIsNotListedAnyMoreIsThereForRequestsUnderWayOnly()
    {
        Load("a b");
        Load("b");
        Assert.That((_pool.Has(1), _pool.Has(2), _pool.Has(3)), Is.EqualTo((false, true, false)));
        Assert.That(_pool[1].State.Number, Is.EqualTo(1));
    }

    [Test]
    public void TheApisAreThoseOfTheListedKeysInTheirOrder()
    {
        Assert.That(ApisAfter("https://a.example/v1 k1 k2 https://b.example k3"), Is.EqualTo("a.example b.example"));
        Assert.That(ApisAfter("https://b.example k3 https://c.example k4"), Is.EqualTo("b.example c.example"));
        Assert.That(ApisAfter("https://a.example/v1 k1"), Is.EqualTo("a.example"));
    }

    [Test]
    public void TwoBaseUrlsAtOneHostAreTwoApis() =>
        Assert.That(ApisAfter("https://a.example/v1 k1 https://a.example/v2 k1"), Is.EqualTo("a.example a.example"));

    [TestCase("https://a.example/v1 k1 https://a.example/v1/ k2")]
    [TestCase("https://a.example k1 https://a.example/ k2 https://A.example:443 k3")]
    public void ASlashAtTheEndOfABaseUrlMakesNoOtherApi(string keys) =>
        Assert.That(ApisAfter(keys), Is.EqualTo("a.example"));

    /// <summary>By its host, and else by its keys.</summary>
    [TestCase("sk-ant-1", "api.anthropic.com")]
    [TestCase("https://eu.api.anthropic.com/v1 k1", "api.anthropic.com")]
    [TestCase("http://localhost:4000 sk-ant-1", "api.anthropic.com")]
    [TestCase("https://team.openai.azure.com/openai/v1 k1", "openai.azure.com")]
    [TestCase("https://vm.westeurope.cloudapp.azure.com/v1 sk-ant-1", "api.anthropic.com")]
    [TestCase("https://gateway.example sk-1", null)]
    [TestCase("http://localhost:4000 k1", null)]
    public void WhatIsKnownOfAnApi(string keys, string? expected)
    {
        Load(keys);
        Assert.That(_pool.Apis.Single().Known?.Host, Is.EqualTo(expected));
    }

    /// <summary>Where a client has put no key of its own, the API's host tells which field it wants.</summary>
    [TestCase("https://api.anthropic.com k", "x-api-key")]
    [TestCase("https://API.Anthropic.com/ k", "x-api-key")]
    [TestCase("https://generativelanguage.googleapis.com k", "x-goog-api-key")]
    [TestCase("https://team.openai.azure.com/openai k", "api-key")]
    [TestCase("https://api.openai.com k", "Authorization")]
    [TestCase("http://localhost:1 k", "Authorization")]
    public void TheApiTellsTheFieldOfAKey(string keys, string expected)
    {
        Load(keys);
        var head = Monitoring.WatchedRing.Head("/v1/models");
        Assert.That(KnownApi.KeyFieldFor(_pool.Apis.Single().Known, head, new("https://any.example/v1/models")), Is.EqualTo(expected));
    }

    private KeyState[] Load(string keys) => _pool.Load(Given.Settings([], keys: keys).ReadKeys().Keys);

    private static int[] NumbersOf(KeyState[] keys) => [.. keys.Select(key => key.Number)];

    private string ApisAfter(string keys)
    {
        Load(keys);
        return string.Join(' ', _pool.Apis.Select(api => api.Host));
    }
}
