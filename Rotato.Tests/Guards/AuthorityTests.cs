namespace Rotato.Tests.Guards;

/// <summary>The host of an authority, and whether it can only mean this machine.</summary>
internal sealed class AuthorityTests
{
    [TestCase("localhost", "localhost")]
    [TestCase("localhost:8080", "localhost")]
    [TestCase("localhost:", "localhost")]
    [TestCase("localhost.", "localhost")]
    [TestCase("localhost.:1", "localhost")]
    [TestCase("Proxy.Example:8443", "Proxy.Example")]
    [TestCase("127.0.0.1:8080", "127.0.0.1")]
    [TestCase("[::1]", "::1")]
    [TestCase("[::1]:8080", "::1")]
    [TestCase("[0:0:0:0:0:0:0:1]", "::1")]
    [TestCase("[::]:8080", "::")]
    public void TheHostIsWhatStandsBeforeThePort(string authority, string host) =>
        Assert.That(Authority.HostOf(authority), Is.EqualTo(host));

    [TestCase("")]
    [TestCase(":80")]
    [TestCase(".")]
    [TestCase("::1")]
    [TestCase("a:b")]
    [TestCase("a:80:80")]
    [TestCase("a:-1")]
    [TestCase("a:80 ")]
    [TestCase("a b")]
    [TestCase("a/b")]
    [TestCase("a@b")]
    [TestCase("a,b")]
    [TestCase("[::1")]
    [TestCase("[::1]x")]
    [TestCase("[::1]80")]
    [TestCase("[::1]:x")]
    [TestCase("[::1]:80:80")]
    [TestCase("[127.0.0.1]")]
    [TestCase("[localhost]")]
    [TestCase("[::1%eth0]")]
    [TestCase("[fe80::1%25eth0]:80")]
    public void AMalformedAuthorityHasNoHost(string authority) => Assert.That(Authority.HostOf(authority), Is.Null);

    [TestCase("localhost")]
    [TestCase("LOCALHOST")]
    [TestCase("app.localhost")]
    [TestCase("127.0.0.1")]
    [TestCase("127.255.255.255")]
    [TestCase("::1")]
    public void TheLoopbackInterfaceIsKnownByNameAndAddress(string host)
    {
        Assert.That(Authority.IsLoopback(host));
        Assert.That(Authority.IsThisMachine(host));
    }

    /// <summary>Requests come under them, pages do not: a container is another place.</summary>
    [TestCase("ip6-localhost")]
    [TestCase("host.docker.internal")]
    [TestCase("HOST.containers.internal")]
    [TestCase("host.lima.internal")]
    [TestCase("host.orb.internal")]
    public void ContainersKnowThisMachineByNamesOfTheirOwn(string host)
    {
        Assert.That(Authority.IsThisMachine(host));
        Assert.That(Authority.IsLoopback(host), Is.False);
    }

    [TestCase("")]
    [TestCase(".localhost.evil.com")]
    [TestCase("evillocalhost")]
    [TestCase("localhost.evil.com")]
    [TestCase("xhost.docker.internal")]
    [TestCase("a.host.docker.internal")]
    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("::ffff:0.0.0.0")]
    [TestCase("::127.0.0.1")]
    [TestCase("0:0:0:0:0:0:0:1")]
    [TestCase("127.1")]
    [TestCase("127.0.0.01")]
    [TestCase("0177.0.0.1")]
    [TestCase("0x7f000001")]
    [TestCase("2130706433")]
    [TestCase("192.168.1.5")]
    [TestCase("10.0.0.1")]
    [TestCase("fe80::1")]
    [TestCase("2001:db8::1")]
    [TestCase("evil.com")]
    public void NothingElseIsThisMachine(string host)
    {
        Assert.That(Authority.IsLoopback(host), Is.False);
        Assert.That(Authority.IsThisMachine(host), Is.False);
    }
}
