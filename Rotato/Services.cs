using Rotato.Caching;
using Rotato.Configuration;
using Rotato.Http;
using Rotato.Monitoring;
using Rotato.RateLimits;

namespace Rotato;

/// <summary>What all connections share, made once from the settings.</summary>
internal sealed class Services
{
    private readonly Settings _settings;
    private readonly KeyPool _pool;
    private readonly Journal _journal;
    private readonly KeyList _firstKeys;

    /// <exception cref="UsageException">An option or a key is wrong.</exception>
    public Services(Settings settings, TimeProvider clock, Log log)
    {
        var options = settings.Options;
        options.CheckAll();
        _settings = settings;
        _journal = new(clock);
        _pool = new(options.Rules);
        Clock = clock;
        Log = log;
        MaxBody = options.MaxBody;
        Gate = new(options.Admission);
        Ring = new(options.Strategy, options.Wait, clock, log.Warn);
        _firstKeys = settings.ReadKeys();
        Ring.Replace(_pool.Load(_firstKeys.Keys));
        var judge = new Judge(new ErrorWords(Build.Resource("ErrorWords.txt")), clock);
        var cache = options.Cache is { } life ? new AnswerCache(life, clock) : null;
        Forwarder = new(_pool, Ring, judge, _journal, log)
        {
            IsSticky = options.StrategyName == "sticky",
            Clock = clock,
            ProxyName = settings.ProxyName,
            Cache = cache,
        };
        Pages = new(Build.Resource("Status.html"), Overview, Ring, _journal) { Cache = cache };
    }

    public TimeProvider Clock { get; }
    public Log Log { get; }
    public long MaxBody { get; }
    public Gate Gate { get; }
    public KeyRing Ring { get; }
    public Forwarder Forwarder { get; }
    public StatusPages Pages { get; }

    /// <summary>The address that people are told; known when it listens.</summary>
    public string Url { get; set; } = "";

    /// <summary>The first lines on the console.</summary>
    public void Announce()
    {
        if (_settings.HasKeysOnCommandLine)
            Log.Warn("others may see keys on a command line; give them with --keys FILE or in ROTATO_KEYS");
        if (_settings.Options.IsBehindProxyWithoutToken)
            Log.Warn("--allow-host without --token: whoever reaches the proxy in front can use your keys");
        TellOf(_firstKeys);
        Log.Say($"rotato {Build.Version} listening on {Url}");
        var apis = Overview().Apis;
        var width = Math.Max(19, apis.Max(api => api.Host.Length));
        foreach (var api in apis) Log.Say($"  {api.Host.PadRight(width)} {api.Keys,-8} base URL {api.BaseUrl}");
        if (_settings.ProxyName is { } proxy) Log.Say($"  through the proxy {proxy}");
        Log.Say($"status page {Url}{Gate.StatusPage}");
    }

    /// <summary>Reads the key file again after a change. A file with an error changes nothing.</summary>
    public void ReadKeysAgain()
    {
        try
        {
            var list = _settings.ReadKeys();
            var keys = _pool.Load(list.Keys);
            Forwarder.Cache?.Clear();
            Ring.Replace(keys);
            TellOf(list);
            Log.Warn($"the file of --keys has changed and is read again; keys in use: {keys.Length}");
        }
        catch (Exception e) when (e is UsageException or StartException)
        {
            Log.Warn($"the file of --keys has changed and is not used, the keys from before are: {e.Message}");
        }
    }

    /// <summary>A request and its answer have ended.</summary>
    public void Record(Exchange exchange, bool clientHasGone)
    {
        if (exchange.Answer is { Key: { } key, HasEnded: false }) Forwarder.End(key, exchange.EndStatus(clientHasGone));
        if (exchange.Head is null || StatusPages.IsOwn(exchange.Head.Path)) return;
        var ended = exchange.ToEnded(Ring.Now, clientHasGone);
        _journal.RecordEnd(ended);
        Log.Request(ended);
    }

    /// <summary>Removes the API key from an answer's head, in case the upstream repeats it.</summary>
    public void BlankOutKey(Answer answer, RequestHead? head, StringBuilder text)
    {
        if (answer.KeyToBlank is not { } number) return;
        _pool[number].Key.BlankOut(text, head?.OfferedProtocolKey ?? "[key]");
    }

    private void TellOf(KeyList list)
    {
        if (list.HasDuplicates) Log.Warn("a key that is there twice counts once");
        foreach (var name in list.LeftOut) Log.Warn($"{name} is not the name of a key, and its value is not used");
    }

    private Overview Overview() => new(
        Build.Version,
        _settings.Options.StrategyName,
        [.. _pool.Apis.Select(api => ApiView.Of(api, _pool.Apis, Url, Ring))],
        _pool.Apis[0].BaseUrl.AbsoluteUri.TrimEnd('/'));
}
