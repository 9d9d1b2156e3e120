package post

import (
	"fmt"
	"io"
	"time"

	"mailchute/cmd/mailchute/voice"
)

// uploadSize is how large a message is before its way is worth watching.
const uploadSize = 1 << 20

// upload shows on a terminal how much of a large message has gone. The line is
// written over by what comes next.
func upload(w io.Writer) func(n, of int64) {
	var shown time.Time
	return func(n, of int64) {
		switch now := time.Now(); {
		case n == of && !shown.IsZero():
			fmt.Fprintf(w, "%40s\r", "")
		case n >= uploadSize && now.Sub(shown) >= voice.Pace && of < 0:
			shown = now
			fmt.Fprintf(w, "  %.1f MB sent\r", float64(n)/1e6)
		case n >= uploadSize && now.Sub(shown) >= voice.Pace:
			shown = now
			fmt.Fprintf(w, "  %.1f of %.1f MB sent\r", float64(n)/1e6, float64(of)/1e6)
		}
	}
}
