namespace Rotato.Tests.RateLimits;

/// <summary>
/// Long random stories of arrivals, answers and a moving clock. Beside the ring runs a plain account of what was
/// promised; where the two disagree the seed and the step are named.
/// </summary>
internal sealed class KeyRingPropertyTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(2);

    [Test]
    public void NoPromiseIsBroken([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        var keys = random.Next(1, 6);
        int? rpm = random.Next(3) == 0 ? random.Next(1, 15) : null;
        int? concurrent = random.Next(3) == 0 ? random.Next(1, 5) : null;
        var wait = new[] { 0, 5, 30, 600 }[random.Next(4)];
        var strategy = new[] { "round-robin", "sticky", "headroom" }[random.Next(3)];
        var arguments = $"--wait {wait} --strategy {strategy}";
        if (rpm is not null) arguments += $" --rpm {rpm}";
        if (concurrent is not null) arguments += $" --concurrent {concurrent}";
        var story = new Story(random, keys, rpm, concurrent, new(keys, arguments));
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

            if (story.Broken is { } broken) Assert.Fail($"seed {seed}, step {step}, {keys} keys {arguments}: {broken}");
        }
    }

    /// <summary>
    /// What was promised of one key and model ("" for the whole key). Only that: a ring that foresees more keeps it all
    /// the same.
    /// </summary>
    private sealed class Promise
    {
        private TimeSpan? _tried;
        private bool _isOnTrial;

        public TimeSpan Until { get; private set; }

        public void Rest(TimeSpan until)
        {
            if (until <= Until) return;
            Until = until;
            _isOnTrial = true;
            _tried = null;
        }

        /// <summary>An answer of the key's API to what was sent after the rest.</summary>
        public void Clear(TimeSpan sent)
        {
            if (sent >= Until) _isOnTrial = false;
        }

        /// <summary>An answer that says nothing: the next one may try.</summary>
        public void Reopen(TimeSpan sent)
        {
            if (sent >= Until) _tried = null;
        }

        public string? Take(TimeSpan now)
        {
            if (now < Until) return $"it rests until {Until}";
            if (_isOnTrial && now - _tried < Second) return $"its trial has begun at {_tried}";
            _tried = now;
            return null;
        }
    }

    private sealed class Story(Random random, int keys, int? rpm, int? concurrent, RingUnderTest ring)
    {
        private readonly Dictionary<(int Key, string Model), Promise> _promises = [];
        private readonly List<Asking> _waiting = [];
        private readonly List<Asking> _sent = [];
        private readonly List<TimeSpan>[] _sentWith = [.. Enumerable.Range(0, keys + 1).Select(_ => new List<TimeSpan>())];
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
                case < 4:
                    Arrive();
                    break;
                case < 8 when _sent.Count > 0:
                    Answer();
                    break;
                case 8:
                    Move(TimeSpan.FromSeconds(random.NextDouble() * random.Next(1, 30)));
                    break;
                default:
                    Leave();
                    break;
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
            int? pinned = random.Next(8) == 0 ? random.Next(1, keys + 1) : null;
            var scope = new Scope(RingUnderTest.Chat, $"model-{random.Next(3)}");
            _waiting.Add(ring.Ask(scope, pinned: pinned, conversation: $"{random.Next(10)}"));
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
            var number = asking.Number;
            if (random.Next(12) == 0)
            {
                What = $"failure of key {number}";
                foreach (var promise in PromisesOf(asking)) promise.Reopen(asking.SentAt);
                ring.Fail(asking, 502);
                Collect();
                return;
            }

            var evidence = Evidence();
            var verdict = Judgement.Of(evidence);
            What = $"{verdict} {evidence.Hint} {evidence.EmptyFor} for {asking.Model} of key {number}";
            _owner[number] = evidence.Organisation ?? _owner[number];
            Note(asking, evidence, verdict);
            ring.Answer(asking, evidence);
            if (Judgement.WantsNextKey(verdict) && random.Next(4) > 0)
            {
                ring.AskAgain(asking);
                _waiting.Add(asking);
            }

            Collect();
        }

        private Evidence Evidence()
        {
            double? hint = random.Next(2) == 0 ? null : random.NextDouble() * (random.Next(4) == 0 ? 100 : 5);
            var evidence = random.Next(12) switch
            {
                < 4 => new Evidence(429) { Hint = hint },
                4 => new(401) { Meaning = Meaning.KeyInvalid },
                5 => new(random.Next(2) == 0 ? 402 : 403) { Meaning = Meaning.FundsUsedUp },
                6 => new(200) { EmptyFor = hint, Remaining = 0 },
                7 => new(random.Next(2) == 0 ? 503 : 404),
                8 => new(random.Next(3) == 0 ? 401 : 403) { Meaning = Meaning.NoAccess },
                _ => new(200) { Remaining = random.Next(100) },
            };
            return evidence with { Organisation = random.Next(3) == 0 ? $"org-{random.Next(2)}" : null };
        }

        private void Note(Asking asking, Evidence evidence, Verdict verdict)
        {
            var number = asking.Number;
            var whole = PromiseOf(number, "");
            if (verdict == Verdict.Dead) whole.Rest(_now + TimeSpan.FromSeconds(600));
            else if (verdict == Verdict.Unpaid) whole.Rest(_now + TimeSpan.FromSeconds(3600));
            else if (verdict is Verdict.Served or Verdict.Limited) whole.Clear(asking.SentAt);
            else whole.Reopen(asking.SentAt);
            // Without a hint it is a second, less a fifth.
            var foreseen = verdict == Verdict.Served ? evidence.EmptyFor : null;
            var rest = verdict == Verdict.Limited ? evidence.Hint ?? 0.79 : foreseen;
            var own = PromiseOf(number, asking.Model);
            if (verdict == Verdict.Served) own.Clear(asking.SentAt);
            else if (verdict != Verdict.Limited) own.Reopen(asking.SentAt);
            if (rest is null) return;
            // Its kin gets only what lengthens the key's own rest.
            var isLonger = rest > ring.RestFor(number, asking.Model) + 0.1;
            for (var key = 1; key <= keys; key++)
            {
                var isKin = key == number || (_owner[key] is { } kin && kin == _owner[number]);
                if (key == number || (isKin && isLonger)) PromiseOf(key, asking.Model).Rest(_now + TimeSpan.FromSeconds(rest.Value));
            }
        }

        private void Collect()
        {
            _now = TimeSpan.FromSeconds(ring.Ring.Now);
            foreach (var asking in _waiting.Where(asking => !asking.IsWaiting).OrderBy(asking => asking.SentAt).ToArray())
            {
                _waiting.Remove(asking);
                if (asking.Number > 0) Sent(asking);
            }

            for (var number = 1; number <= keys; number++) CheckShown(number);
            foreach (var asking in _waiting)
            {
                if (_now > asking.Deadline + Tick) Broken ??= $"{What}: one waits beyond its deadline, {asking.Deadline}";
                if (IsAnyFree(asking)) Broken ??= $"{What}: one waits though a key is ready that was never refused";
            }
        }

        private void CheckShown(int number)
        {
            var view = ring.View(number);
            var under = _sent.Count(asking => asking.Number == number);
            if (view.Requests != view.Ok + view.Limited + view.Failed + under)
                Broken ??= $"{What}: key {number} counts {view.Requests} with {under} under way";
            // It is shown rounded. What a key foresees may be more than was promised.
            var whole = (PromiseOf(number, "").Until - _now).TotalSeconds;
            if (view.RestSeconds < whole - 0.06)
                Broken ??= $"{What}: key {number} was to rest {whole} s, and does for {view.RestSeconds} s";
            for (var model = 0; model < 3; model++)
            {
                var rest = (PromiseOf(number, $"model-{model}").Until - _now).TotalSeconds;
                if (ring.RestFor(number, $"model-{model}") < rest - 0.06)
                    Broken ??= $"{What}: key {number} was to rest {rest} s for model {model}";
            }
        }

        private bool IsAnyFree(Asking asking) => ring.Keys.Any(key =>
        {
            if (!asking.Request.MayUse(key)) return false;
            var view = ring.View(key.Number);
            var isBusy = _sent.Count(sent => sent.Number == key.Number) >= concurrent;
            return view.State == "ready" && view.Limits.Length == 0 && view.Limited + view.Failed == 0 && !isBusy;
        });

        private void Sent(Asking asking)
        {
            _sent.Add(asking);
            var sentWith = _sentWith[asking.Number];
            sentWith.Add(asking.SentAt);
            if (rpm is { } most && sentWith.Count > most && asking.SentAt - sentWith[^(most + 1)] < Minute)
                Broken ??= $"{What}: key {asking.Number} has sent {most + 1} within {asking.SentAt - sentWith[^(most + 1)]}";
            if (_sent.Count(sent => sent.Number == asking.Number) > concurrent)
                Broken ??= $"{What}: key {asking.Number} has more than {concurrent} under way";
            if (asking.Request.Pinned is { } pinned && pinned != asking.Number)
                Broken ??= $"{What}: key {asking.Number} has what is for {pinned}";
            if (PromiseOf(asking.Number, "").Take(asking.SentAt) is { } whole)
                Broken ??= $"{What}: key {asking.Number} at {asking.SentAt}: {whole}";
            if (PromiseOf(asking.Number, asking.Model).Take(asking.SentAt) is { } rest)
                Broken ??= $"{What}: key {asking.Number} for {asking.Model} at {asking.SentAt}: {rest}";
        }

        private Promise[] PromisesOf(Asking asking) =>
            [PromiseOf(asking.Number, ""), PromiseOf(asking.Number, asking.Model)];

        private Promise PromiseOf(int key, string model)
        {
            if (_promises.TryGetValue((key, model), out var promise)) return promise;
            promise = new();
            _promises.Add((key, model), promise);
            return promise;
        }
    }
}
