package envelope

import (
	"testing"
	"time"
)

func TestADeadlineBoundsTheNextAttempt(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	by := func(after time.Duration, back bool) *DeliverBy {
		return &DeliverBy{Deadline: noon.Add(after), Return: back}
	}
	const hour = time.Hour
	for _, tt := range []struct {
		name   string
		by     *DeliverBy
		want   time.Duration // of a next attempt in an hour
		missed bool
	}{
		{"without one", nil, hour, false},
		{"R, later", by(2*hour, true), hour, false},
		{"R, sooner", by(time.Minute, true), time.Minute, false},
		{"R, now", by(0, true), 0, true},
		{"R, missed: at once", by(-time.Minute, true), -time.Minute, true},
		{"N, later", by(2*hour, false), hour, false},
		{"N, sooner", by(time.Minute, false), time.Minute, false},
		{"N, passed: told already", by(0, false), hour, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.by.NotAfter(noon.Add(hour), noon).Sub(noon); got != tt.want {
				t.Errorf("the next attempt is in %s, want %s", got, tt.want)
			}
			if got := tt.by.Missed(noon); got != tt.missed {
				t.Errorf("missed: %t", got)
			}
		})
	}
}
