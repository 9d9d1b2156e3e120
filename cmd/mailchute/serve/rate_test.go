package serve

import (
	"strconv"
	"testing"
	"time"
)

func TestAMinuteHasRoomForSoManyAndForOthers(t *testing.T) {
	r := newRate()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	count := func(user string, perMinute int, now time.Time) (n int) {
		for n < 100 && r.allow(user, perMinute, now) {
			n++
		}
		return n
	}
	for _, c := range []struct {
		name      string
		user      string
		perMinute int
		after     time.Duration
		want      int
	}{
		{"all of a minute at once", "a", 6, 0, 6},
		{"nothing more then", "a", 6, 9 * time.Second, 0},
		{"but another has his own minute", "b", 6, 9 * time.Second, 6},
		{"evenly from then on", "a", 6, 10 * time.Second, 1},
		{"and what was not used is not lost", "a", 6, 40 * time.Second, 3},
		{"a minute later all is there again", "a", 6, 2 * time.Minute, 6},
		{"and no more for who was away for long", "a", 6, 24 * time.Hour, 6},
		{"a limit that a reload lowers counts at once", "a", 2, 24*time.Hour + 20*time.Second, 0},
		{"and one that it raises", "a", 60, 24*time.Hour + 20*time.Second, 20},
		{"a clock that is set back does not lock anybody out", "a", 60, 0, 60},
		{"0 is no limit", "c", 0, 0, 100},
	} {
		if got := count(c.user, c.perMinute, noon.Add(c.after)); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

func TestUsersWhoAreIdleAreForgotten(t *testing.T) {
	r := newRate()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	most := 0
	for i := range 100_000 { // a thousand new ones each minute
		r.allow(strconv.Itoa(i), 10, now.Add(time.Duration(i)*60*time.Millisecond))
		most = max(most, len(r.spent))
	}
	if most > 1000 {
		t.Errorf("%d are remembered", most)
	}
}
