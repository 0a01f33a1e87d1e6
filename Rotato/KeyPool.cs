using System.Collections.Concurrent;
using Rotato.RateLimits;

namespace Rotato;

/// <summary>A key in use: its secret, its API, and what is known of it.</summary>
internal sealed record PooledKey(ApiKey Key, Api Api, KeyState State)
{
    /// <summary>What is public about its API, told by the host, else by the key itself.</summary>
    public KnownApi? Known { get; } = KnownApi.AtHost(Api.BaseUrl.Host) ?? Array.Find(KnownApi.All, Key.BelongsTo);
}

/// <summary>
/// All keys in use. A key keeps its number and all that is known of it for as long as it is listed.
/// </summary>
internal sealed class KeyPool(KeyRules rules)
{
    private readonly ConcurrentDictionary<int, PooledKey> _byNumber = new();
    private HashSet<int> _listed = [];
    private int _lastNumber;

    // An API stays the same object for as long as the program runs, because requests under way hold it.
    private readonly List<Api> _everListed = [];

    /// <summary>The APIs that the listed keys are for, in the order of the list.</summary>
    public IReadOnlyList<Api> Apis { get; private set; } = [];

    /// <summary>The key of that number; also one that is not listed any more, for requests under way.</summary>
    public PooledKey this[int number] => _byNumber[number];

    /// <summary>Whether a key of that number is listed.</summary>
    public bool Has(int number) => _listed.Contains(number);

    /// <summary>Takes a list of keys in place of the former one.</summary>
    /// <returns>What is known of each.</returns>
    public KeyState[] Load(IReadOnlyList<ListedKey> listed)
    {
        ForgetUnlisted();
        var keys = new List<PooledKey>();
        foreach (var each in listed)
        {
            var api = FindOrAddApi(each);
            var key = Find(each, api) ?? New(each.Key, api);
            keys.Add(key);
            _byNumber[key.State.Number] = key;
        }

        Apis = [.. keys.Select(key => key.Api).Distinct()];
        _listed = [.. keys.Select(key => key.State.Number)];
        return [.. keys.Select(key => key.State)];
    }

    private Api FindOrAddApi(ListedKey listed)
    {
        if (_everListed.Find(known => known.IsAt(listed.BaseUrl)) is { } api) return api;
        var known = KnownApi.AtHost(listed.BaseUrl.Host) ?? Array.Find(KnownApi.All, listed.Key.BelongsTo);
        var added = new Api(listed.BaseUrl, known);
        _everListed.Add(added);
        return added;
    }

    // Those that were not listed the last time either, and that no request uses any more.
    private void ForgetUnlisted()
    {
        foreach (var (number, key) in _byNumber)
            if (!_listed.Contains(number) && key.State.UnderWay == 0) _byNumber.TryRemove(number, out _);
    }

    private PooledKey? Find(ListedKey listed, Api api) =>
        _byNumber.Values.FirstOrDefault(known => known.Api == api && known.Key.IsSameAs(listed.Key));

    private PooledKey New(ApiKey key, Api api)
    {
        _lastNumber++;
        return new(key, api, new KeyState(_lastNumber, key.Hint, api, rules));
    }
}
