package post

import (
	"fmt"
	"io"
	"time"

	"mailchute/cmd/mailchute/terminal"
)

// uploadSize is how large a message is before its way is worth watching.
const uploadSize = 1 << 20

// upload shows on a terminal how much of a large message has gone. The line is
// written over by what comes next.
func upload(w io.Writer) func(n, of int64) {
	var pace terminal.Pace
	begun := false
	return func(n, of int64) {
		switch {
		case n == of && begun:
			fmt.Fprintf(w, "%40s\r", "")
		case n < uploadSize || !pace.Due(time.Now()):
		case of < 0:
			begun = true
			fmt.Fprintf(w, "  %.1f MB sent\r", float64(n)/1e6)
		default:
			begun = true
			fmt.Fprintf(w, "  %.1f of %.1f MB sent\r", float64(n)/1e6, float64(of)/1e6)
		}
	}
}
