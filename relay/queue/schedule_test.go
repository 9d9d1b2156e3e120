package queue

import (
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

func TestIntervalsDoubleFromShortestToLongest(t *testing.T) {
	const m, h = time.Minute, time.Hour
	for i, want := range []time.Duration{m, m, 2 * m, 4 * m, 8 * m, 16 * m, 32 * m, 64 * m, 128 * m, 3 * h, 3 * h} {
		if got := Next(i, noon, m, 4*h, 0).Sub(noon); got != want {
			t.Errorf("after attempt %d: %v, want %v", i, got, want)
		}
	}
}

func TestJitterStaysBetweenShortestAndLongest(t *testing.T) {
	for _, c := range [][2]time.Duration{{time.Minute, 4 * time.Hour}, {time.Hour, time.Hour}, {0, 0}, {time.Hour, time.Minute}, {time.Second, 1 << 62}} {
		for attempts := -1; attempts < 200; attempts++ {
			var last time.Duration
			for _, jitter := range []float64{-1, 0, 0.3, 0.999, 1, 7} {
				got := Next(attempts, noon, c[0], c[1], jitter).Sub(noon)
				if got < max(c[0], time.Second) || got > max(c[0], c[1], time.Second) || got < last {
					t.Fatalf("%v, attempt %d, jitter %v: %v after %v", c, attempts, jitter, got, last)
				}
				last = got
			}
		}
	}
}

func TestExpiry(t *testing.T) {
	const day, longest = 24 * time.Hour, 4 * time.Hour
	for name, c := range map[string]struct {
		since, last, now time.Duration
		want             bool
	}{
		"young":                            {0, day, day + time.Hour, false},
		"old enough":                       {0, 5*day - time.Hour, 5 * day, true},
		"first attempt soon after expiry":  {0, 0, 5 * day, false},
		"the machine slept for a week":     {0, time.Hour, 7 * day, false},
		"and the attempt after that":       {0, 7 * day, 7*day + time.Hour, true},
		"the clock was wrong by ten years": {0, 0, 3650 * day, false},
		"the clock went back":              {0, 5 * day, -day, false},
	} {
		if got := Expired(noon.Add(c.since), noon.Add(c.last), noon.Add(c.now), 5*day, longest); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheSenderIsWarnedOnce(t *testing.T) {
	const h = time.Hour
	for _, c := range []struct {
		age, after   time.Duration
		warned, want bool
	}{{3 * h, 4 * h, false, false}, {4 * h, 4 * h, false, true}, {9 * h, 4 * h, true, false}, {9 * h, 0, false, false}, {-h, 4 * h, false, false}} {
		if got := Late(noon, noon.Add(c.age), c.after, c.warned); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

func TestTheTimeOfOneIsTheTimeOfAllInItsMailbox(t *testing.T) {
	now := time.Unix(1e9, 0)
	box := func(local string, s envelope.State) *envelope.Recipient {
		return &envelope.Recipient{Address: address.Addr{Local: local, Domain: "x.example"}, Outcome: envelope.Outcome{State: s}}
	}
	later := Retry{Next: now.Add(time.Hour)}
	e := Entry{Retries: []Retry{{Next: now}, later, later, later, later},
		Envelope: &envelope.Envelope{Recipients: []*envelope.Recipient{
			box("a", envelope.Deferred), box("a", envelope.Deferred), box("b", envelope.Deferred), box("a", envelope.Delivered), box("a", envelope.Failed)}}}
	e.Envelope.Recipients[1].Address.Domain = "X.Example"
	if n := e.Wake(now); n != 2 || e.Envelope.Recipients[1].Outcome.State != envelope.Pending || e.Envelope.Recipients[2].Outcome.State != envelope.Deferred {
		t.Errorf("%d are awake", n)
	}
}
