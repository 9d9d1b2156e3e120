package voice

import (
	"time"
)

func ClockTime(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// Pace is how often the line is written: nobody reads faster.
const Pace = 100 * time.Millisecond
