package main

import (
	"fmt"
	"io"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/runner"
)

// progress shows on a terminal how far a run of the queue is, in one line that is
// written over.
type progress struct {
	w     io.Writer
	tally runner.Tally
	shown time.Time
}

// pace is how often the line is written: nobody reads faster.
const pace = 100 * time.Millisecond

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
		case n >= uploadSize && now.Sub(shown) >= pace && of < 0:
			shown = now
			fmt.Fprintf(w, "  %.1f MB sent\r", float64(n)/1e6)
		case n >= uploadSize && now.Sub(shown) >= pace:
			shown = now
			fmt.Fprintf(w, "  %.1f of %.1f MB sent\r", float64(n)/1e6, float64(of)/1e6)
		}
	}
}

// attempted counts an event of the run, as the runner tells of it.
func (p *progress) attempted(e runner.Event) {
	if e.Err != nil || len(e.Tried) == 0 {
		return
	}
	p.tally.Messages++
	for _, i := range e.Tried {
		switch e.Entry.Envelope.Recipients[i].Outcome.State {
		case envelope.Delivered:
			p.tally.Delivered++
		case envelope.Failed:
			p.tally.Failed++
		default:
			p.tally.Deferred++
		}
	}
	if now := time.Now(); now.Sub(p.shown) >= pace {
		p.shown = now
		fmt.Fprintf(p.w, "\r%s", tallyText(p.tally))
	}
}

func tallyText(t runner.Tally) string {
	return fmt.Sprintf("%d messages: %d recipients delivered, %d deferred, %d failed", t.Messages, t.Delivered, t.Deferred, t.Failed)
}
