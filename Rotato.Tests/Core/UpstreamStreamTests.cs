using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Rotato.Tests.Core;

/// <summary>
/// Connections to upstreams that say more than they were asked for. HttpClient watches one that is idle; one that it
/// gives from a request straight to another it does not.
/// </summary>
internal sealed class UpstreamStreamTests : IDisposable
{
    private const string First = "GET /first HTTP/1.1\r\n\r\n";
    private const string Second = "GET /second HTTP/1.1\r\n\r\n";
    private const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly Socket _upstream;
    private readonly UpstreamStream _stream;

    public UpstreamStreamTests()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Connect(listener.LocalEndpoint);
        _upstream = listener.AcceptSocket();
        _stream = new(socket);
    }

    [TearDown]
    public void Dispose()
    {
        _upstream.Dispose();
        _stream.Dispose();
    }

    /// <summary>The surplus would be the answer to the next request, perhaps another client's.</summary>
    [TestCase("surplus")]
    [TestCase("end")]
    public async Task NothingIsSentWhereMoreHasComeThanAnAnswer(string what)
    {
        await SendAsync(First);
        await _upstream.SendAsync(Encoding.ASCII.GetBytes(Answer));
        Assert.That(await ReadAsync(Answer.Length), Is.EqualTo(Answer.Length));
        if (what == "end") _upstream.Shutdown(SocketShutdown.Send);
        else await _upstream.SendAsync(Encoding.ASCII.GetBytes(Answer));
        while (!_stream.Socket.Poll(1000, SelectMode.SelectRead)) { }

        var failure = Assert.ThrowsAsync<HttpIOException>(() => SendAsync(Second));
        Assert.That(failure!.HttpRequestError, Is.EqualTo(HttpRequestError.ConnectionError), "so it may be sent again");
        Assert.That(await ReceivedAsync(First.Length), Is.EqualTo(First));
    }

    [Test]
    public async Task OneRequestAfterTheOtherIsSent()
    {
        foreach (var request in new[] { First, Second, First })
        {
            await SendAsync(request);
            Assert.That(await ReceivedAsync(request.Length), Is.EqualTo(request));
            await _upstream.SendAsync(Encoding.ASCII.GetBytes(Answer));
            Assert.That(await ReadAsync(9) + await ReadAsync(1000), Is.EqualTo(Answer.Length));
        }
    }

    /// <summary>What HttpClient sees while it watches may be an early answer to what is still being sent.</summary>
    [Test]
    public async Task AnEarlyAnswerStopsNoRequest()
    {
        var watching = ReadAsync(0);
        await SendAsync("head");
        await _upstream.SendAsync(Encoding.ASCII.GetBytes(Answer));
        await watching;
        Assert.That(await ReadAsync(10), Is.EqualTo(10));
        Assert.That(_stream.Socket.Poll(1000, SelectMode.SelectRead), "the rest of it is there");

        await SendAsync("body");
        Assert.That(await ReceivedAsync("headbody".Length), Is.EqualTo("headbody"));
    }

    /// <summary>After a 101 both sides send when they like.</summary>
    [Test]
    public async Task WhatLiesUnreadStopsNoTunnel()
    {
        await SendAsync(First);
        await _upstream.SendAsync(Encoding.ASCII.GetBytes(Answer));
        Assert.That(await ReadAsync(10), Is.EqualTo(10));
        Assert.That(_stream.Socket.Poll(1000, SelectMode.SelectRead), "the rest of it is there");

        await SendAsync("frame");
        Assert.That(await ReceivedAsync(First.Length + 5), Is.EqualTo(First + "frame"));
    }

    private async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.ASCII.GetBytes(text));

    private async Task<int> ReadAsync(int most) => await _stream.ReadAsync(new byte[most]);

    private async Task<string> ReceivedAsync(int length)
    {
        var bytes = new byte[length];
        var count = 0;
        while (count < length) count += await _upstream.ReceiveAsync(bytes.AsMemory(count));
        return Encoding.ASCII.GetString(bytes);
    }
}
