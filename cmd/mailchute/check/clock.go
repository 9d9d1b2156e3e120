package check

import (
	"os"
	"strings"
	"time"

	"mailchute/cmd/mailchute/machine"
)

// checkClock tells a clock that cannot be right: Date fields, certificates and
// the times of the queue depend on it.
func checkClock(at about, now time.Time) {
	oldest := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if self, err := os.Executable(); err == nil {
		if info, err := os.Stat(self); err == nil && info.ModTime().After(oldest) {
			oldest = info.ModTime()
		}
	}
	synchronized, known := machine.Synchronized()
	text := now.UTC().Format(time.RFC3339)
	switch {
	case now.Before(oldest.Add(-24 * time.Hour)):
		at.warn("clock", text+" is before this program was installed: certificates will not be believed, and mail will look old", "set it, and turn on NTP")
	case known && !synchronized:
		at.note("clock", text+"; nothing keeps it right", "turn on NTP, such as: timedatectl set-ntp true")
	default:
		at.ok("clock", text)
	}
}

// tellDrift compares the clock with the one in a server's greeting, where there is
// one: many say the time there in the form of RFC 5322.
func tellDrift(at about, greeting string, now time.Time) {
	said, ok := timeIn(greeting)
	if !ok {
		return
	}
	if drift := now.Sub(said).Round(time.Second); drift.Abs() > clockSlack {
		at.warn("clock", "the server says "+said.UTC().Format(time.RFC3339)+", this machine "+now.UTC().Format(time.RFC3339), "one of the clocks is wrong")
	}
}

// timeIn is the first date and time of RFC 5322 in a text.
func timeIn(text string) (time.Time, bool) {
	words := strings.Fields(text)
	for i := 0; i+6 <= len(words); i++ {
		if t, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", strings.Join(words[i:i+6], " ")); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
