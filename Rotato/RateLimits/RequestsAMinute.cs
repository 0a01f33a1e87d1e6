namespace Rotato.RateLimits;

/// <summary>The limit of --rpm: at most so many requests in any 60 seconds. Times are seconds.</summary>
internal sealed class RequestsAMinute(int most)
{
    private const double Seconds = 60;

    private readonly LinkedList<double> _sent = new();

    /// <summary>When another request may go.</summary>
    public double ReadyAt => _sent.Count < most ? 0 : _sent.First!.Value + Seconds;

    public void RecordSend(double now)
    {
        if (_sent.Count >= most) _sent.RemoveFirst();
        _sent.AddLast(now);
    }

    /// <summary>The last request was not sent after all.</summary>
    public void TakeBack() => _sent.RemoveLast();
}
