namespace Rotato.RateLimits;

/// <summary>
/// How many requests may be under way at once, so that no crowd runs into the next refusal: any number at first, two
/// after a refusal, and one more for every four that are served.
/// </summary>
internal sealed class SlowStart
{
    private const double RoomAfterRefusal = 2;
    private const double RoomPerServed = 0.25;
    private const double Unlimited = double.PositiveInfinity;

    private int _underWay;
    private double _room = Unlimited;

    public bool HasRoom => _underWay + 1 <= _room;

    public void RecordSend() => _underWay++;

    public void RecordServed()
    {
        _underWay--;
        _room += RoomPerServed;
    }

    /// <summary>It is no longer under way, and that is all that is known.</summary>
    public void RecordUnknown() => _underWay--;

    public void RecordRefused()
    {
        _underWay--;
        _room = RoomAfterRefusal;
    }

    /// <summary>Any number may be under way again. Those that are stay counted.</summary>
    public void Forget() => _room = Unlimited;
}
