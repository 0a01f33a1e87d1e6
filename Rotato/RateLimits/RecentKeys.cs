namespace Rotato.RateLimits;

/// <summary>Which key something belongs to, by its name; the last ones are kept. Any thread may call it.</summary>
internal sealed class RecentKeys
{
    private const int Most = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _keys = [];
    private readonly Queue<string> _inOrder = new();

    /// <summary>The key's number; null where none is remembered.</summary>
    public int? Of(string? name)
    {
        lock (_lock) return name is not null && _keys.TryGetValue(name, out var key) ? key : null;
    }

    public void Remember(string name, int key)
    {
        lock (_lock)
        {
            var isNew = !_keys.ContainsKey(name);
            _keys[name] = key;
            if (!isNew) return;
            _inOrder.Enqueue(name);
            if (_inOrder.Count > Most) _keys.Remove(_inOrder.Dequeue());
        }
    }
}
