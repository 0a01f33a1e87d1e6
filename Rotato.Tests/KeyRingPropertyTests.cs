namespace Rotato.Tests;

/// <summary>
/// Long random stories of arrivals, answers and a moving clock. Beside the ring runs a plain account of what was promised; where the two
/// disagree the seed and the step are named.
/// </summary>
internal sealed class KeyRingPropertyTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1), Minute = TimeSpan.FromMinutes(1), Tick = TimeSpan.FromMilliseconds(2);

    [Test]
    public void NoPromiseIsBroken([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var keys = random.Next(1, 6);
        int? rpm = random.Next(3) == 0 ? random.Next(1, 15) : null;
        var wait = new[] { 0, 5, 30, 600 }[random.Next(4)];
        var strategy = new[] { "round-robin", "sticky", "headroom" }[random.Next(3)];
        var story = new Story(random, keys, rpm, new(keys, $"--wait {wait} --strategy {strategy}{(rpm is null ? "" : $" --rpm {rpm}")}"));
        for (var step = 0; step < 500; step++)
        {
            try
            {
                story.Step();
            }
            catch (Exception e) when (e is not AssertionException)
            {
                Assert.Fail($"seed {seed}, step {step}, {story.What}: {e}");
            }

            if (story.Broken is { } broken) Assert.Fail($"seed {seed}, step {step}, {keys} keys, --rpm {rpm}, --wait {wait}, {strategy}: {broken}");
        }
    }

    /// <summary>
    /// What was promised of one key and model ("" for all). Only that: a ring that foresees more, or holds a success for too old to
    /// end a rest, keeps it all the same.
    /// </summary>
    private sealed class Promise
    {
        private TimeSpan _refused;
        private TimeSpan? _tried;
        private bool _trial;

        public TimeSpan Until { get; private set; }

        public void Rest(TimeSpan sent, TimeSpan until)
        {
            (_trial, _tried) = (true, null);
            if (until > Until) Until = until;
            if (sent > _refused) _refused = sent;
        }

        public void Clear(TimeSpan sent)
        {
            if (sent > _refused) (_trial, Until) = (false, TimeSpan.Zero);
        }

        public void Reopen() => _tried = null;

        public string? Take(TimeSpan now)
        {
            if (now < Until) return $"it rests until {Until}";
            if (_trial && now - _tried < Second) return $"its trial has begun at {_tried}";
            _tried = now;
            return null;
        }
    }

    private sealed class Story(Random random, int keys, int? rpm, RingUnderTest ring)
    {
        private readonly Dictionary<(int Key, string Model), Promise> _promises = [];
        private readonly List<Asking> _waiting = [];
        private readonly List<Asking> _sent = [];
        private readonly List<TimeSpan>[] _sentWith = [.. Enumerable.Range(0, keys + 1).Select(_ => new List<TimeSpan>())];
        private readonly TimeSpan[] _lastRest = new TimeSpan[keys + 1];
        private readonly string?[] _owner = new string?[keys + 1];
        private TimeSpan _now;

        public string? Broken { get; private set; }
        public string What { get; private set; } = "";

        public void Step()
        {
            // Two things never happen at the same moment.
            Move(TimeSpan.FromMilliseconds(random.Next(1, 20)));
            switch (random.Next(10))
            {
                case < 4: Arrive(); break;
                case < 8 when _sent.Count > 0: Answer(); break;
                case 8: Move(TimeSpan.FromSeconds(random.NextDouble() * random.Next(1, 30))); break;
                default: Leave(); break;
            }
        }

        private void Move(TimeSpan by)
        {
            // In steps, so that what is served on the way is seen at about its moment.
            for (var end = _now + by; _now < end;)
            {
                var step = end - _now < Second ? end - _now : Second;
                _now += step;
                What = $"clock to {_now}";
                ring.Pass(step.TotalSeconds);
                Collect();
            }
        }

        private void Arrive()
        {
            What = "arrival";
            _waiting.Add(ring.Ask(random.Next(5) == 0 ? "" : $"model-{random.Next(3)}"));
            Collect();
        }

        private void Leave()
        {
            if (_waiting.Count == 0) return;
            What = "leaving";
            var asking = _waiting[random.Next(_waiting.Count)];
            asking.GoAway();
            ring.Settle();
            Collect();
        }

        private void Answer()
        {
            var asking = _sent[random.Next(_sent.Count)];
            _sent.Remove(asking);
            var hint = random.Next(2) == 0 ? (double?)null : random.NextDouble() * (random.Next(4) == 0 ? 100 : 5);
            var owner = random.Next(3) == 0 ? $"org-{asking.Number / 2}" : null;
            var (status, sign) = random.Next(12) switch
            {
                < 4 => (429, new Sign(Refused: true, "rate limit", hint)),
                4 => (401, new(Refused: true, "dead", random.Next(1, 600), WholeKey: true)),
                5 => (200, new(Refused: false, "nothing left", hint, Remaining: 0)),
                6 => (503, new(Refused: false)),
                _ => (200, new(Refused: false, Remaining: random.Next(100))),
            };
            What = $"{status} {sign.Rest} for {asking.Model} of key {asking.Number}";
            var number = asking.Number;
            _owner[number] = owner ?? _owner[number];
            var rests = sign.Refused || sign.Rest is not null;
            for (var key = 1; key <= keys; key++)
            {
                var isKin = key == number || (_owner[key] is { } kin && kin == _owner[number]);
                if (rests && (sign.WholeKey ? key == number : isKin)) Note(key, asking, sign);
            }

            foreach (var promise in rests ? [] : new[] { PromiseOf(number, ""), PromiseOf(number, asking.Model) })
            {
                if (status < 500) promise.Clear(asking.SentAt);
                else promise.Reopen();
            }

            ring.Answer(asking, status, sign with { Organisation = owner });
            if (status == 429 && random.Next(4) > 0)
            {
                ring.AskAgain(asking);
                _waiting.Add(asking);
            }

            Collect();
        }

        // Without a hint there is a new rest only where nothing was sent, nor any rest begun, since this request was.
        private void Note(int key, Asking asking, Sign sign)
        {
            var isNewest = key == asking.Number && _sentWith[key][^1] == asking.SentAt && _lastRest[key] < asking.SentAt;
            var rest = sign.Rest ?? (isNewest ? 0.79 : null);
            if (rest is not null) PromiseOf(key, sign.WholeKey ? "" : asking.Model).Rest(asking.SentAt, _now + TimeSpan.FromSeconds(rest.Value));
            _lastRest[key] = _now;
        }

        private void Collect()
        {
            _now = TimeSpan.FromSeconds(ring.Ring.Now);
            foreach (var asking in _waiting.Where(asking => !asking.IsWaiting).OrderBy(asking => asking.SentAt).ToArray())
            {
                _waiting.Remove(asking);
                if (asking.Number > 0) Sent(asking);
            }

            foreach (var key in ring.Ring.Show())
            {
                // It is shown rounded. What a key foresees may be more than was promised.
                var longest = _promises.Where(pair => pair.Key.Key == key.Key).Select(pair => pair.Value.Until).DefaultIfEmpty().Max();
                if (key.RestSeconds < (longest - _now).TotalSeconds - 0.06) Broken ??= $"{What}: key {key.Key} was to rest until {longest}, and does for {key.RestSeconds} s";
            }

            if (_waiting.Count > 0 && ring.Ring.Show().Any(key => key.State == "ready" && key.Limited + key.Failed == 0))
                Broken ??= $"{What}: one waits though a key is ready that was never refused";
            foreach (var asking in _waiting)
                if (_now > asking.Deadline + Tick) Broken ??= $"{What}: one waits beyond its deadline, {asking.Deadline}";
        }

        private void Sent(Asking asking)
        {
            _sent.Add(asking);
            var sentWith = _sentWith[asking.Number];
            sentWith.Add(asking.SentAt);
            if (rpm is { } most && sentWith.Count > most && asking.SentAt - sentWith[^(most + 1)] < Minute)
                Broken ??= $"{What}: key {asking.Number} has sent {most + 1} within {asking.SentAt - sentWith[^(most + 1)]}";
            if (PromiseOf(asking.Number, "").Take(asking.SentAt) is { } whole) Broken ??= $"{What}: key {asking.Number} at {asking.SentAt}: {whole}";
            if (asking.Model != "" && PromiseOf(asking.Number, asking.Model).Take(asking.SentAt) is { } rest)
                Broken ??= $"{What}: key {asking.Number} for {asking.Model} at {asking.SentAt}: {rest}";
        }

        private Promise PromiseOf(int key, string model) =>
            _promises.TryGetValue((key, model), out var promise) ? promise : _promises[(key, model)] = new();
    }
}
