package inject

import (
	"testing"
	"time"
)

func TestADurationIsReadToTheLastUnit(t *testing.T) {
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"30s": 30 * time.Second, "5m": 5 * time.Minute, "4h": 4 * time.Hour, "5d": 5 * day, "2w": 14 * day,
		"1h30m": 90 * time.Minute, "1d12h": 36 * time.Hour, "1.5d": 36 * time.Hour, "100ms": 100 * time.Millisecond, "7us": 7 * time.Microsecond,
		"0s": 0, "": -1, "5": -1, "d": -1, "5dd": -1, "-5d": -1, "+5d": -1, "5 d": -1, "1..5d": -1, "5x": -1, ".d": -1,
		"9999999w": -1, "106751d23h": 106751*day + 23*time.Hour, "106751d24h": -1, "1e3s": -1, "5d ": -1, "５s": -1,
	} {
		got, ok := ParseDuration(text)
		if !ok {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}
