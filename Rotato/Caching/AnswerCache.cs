using System.IO;
using Rotato.Http;

namespace Rotato.Caching;

/// <summary>
/// Answers of the last seconds, for those who send the same requests again and again. Only in memory, only whole
/// answers with 200; the longest unused goes first. Any thread may call it.
/// </summary>
/// <param name="life">How long an answer is given again.</param>
/// <param name="clock">The time.</param>
internal sealed class AnswerCache(TimeSpan life, TimeProvider clock)
{
    private const int MostBytesOfOne = 1 << 20;
    private const int MostBytesInAll = 64 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<CachedAnswer>> _answers = [];
    private readonly LinkedList<CachedAnswer> _byUse = new();

    public long Hits { get; private set; }
    public long Bytes { get; private set; }

    /// <summary>The answer to an equal request; null where there is none.</summary>
    public Answer? Find(string key)
    {
        lock (_lock)
        {
            if (!_answers.TryGetValue(key, out var node)) return null;
            var age = clock.GetElapsedTime(node.Value.StoredAt);
            if (age >= life)
            {
                Remove(node);
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddLast(node);
            Hits++;
            return node.Value.ToAnswer(age);
        }
    }

    /// <summary>Forgets all answers: the keys that they came with may be gone.</summary>
    public void Clear()
    {
        lock (_lock)
            while (_byUse.First is { } node) Remove(node);
    }

    /// <summary>Keeps an answer when all of it has come, if it may be kept.</summary>
    public void Watch(string key, Answer answer)
    {
        // Of one that ends with its connection nobody can tell whether it was cut.
        var endIsKnown = answer.Response.Content.Headers.ContentLength is not null
            || answer.Response.Headers.TransferEncodingChunked == true;
        if (answer.Status != 200 || answer.Key is null || answer.HidesError || !endIsKnown) return;
        answer.IsCacheMiss = true;
        var bytes = new MemoryStream();
        answer.Body.Observer += OnBytes;

        void OnBytes(ReadOnlyMemory<byte> next)
        {
            if (bytes.Length + next.Length > MostBytesOfOne) answer.Body.Observer -= OnBytes;
            else if (next.IsEmpty) Store(CachedAnswer.Of(key, answer, bytes.ToArray(), clock.GetTimestamp()));
            else bytes.Write(next.Span);
        }
    }

    private void Store(CachedAnswer answer)
    {
        lock (_lock)
        {
            if (_answers.TryGetValue(answer.Key, out var old)) Remove(old);
            _answers.Add(answer.Key, _byUse.AddLast(answer));
            Bytes += answer.Size;
            while (Bytes > MostBytesInAll) Remove(_byUse.First!);
        }
    }

    private void Remove(LinkedListNode<CachedAnswer> node)
    {
        _byUse.Remove(node);
        _answers.Remove(node.Value.Key);
        Bytes -= node.Value.Size;
    }
}
