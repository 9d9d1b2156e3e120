package desk

import (
	"fmt"
	"io"
	"time"

	"mailchute/cmd/mailchute/terminal"
	"mailchute/relay/envelope"
	"mailchute/relay/runner"
)

// progress shows on a terminal how far a run of the queue is, in one line that is
// written over.
type progress struct {
	w     io.Writer
	tally runner.Tally
	pace  terminal.Pace
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
	if p.pace.Due(time.Now()) {
		fmt.Fprintf(p.w, "\r%s", tallyText(p.tally))
	}
}

func tallyText(t runner.Tally) string {
	return fmt.Sprintf("%d messages: %d recipients delivered, %d deferred, %d failed", t.Messages, t.Delivered, t.Deferred, t.Failed)
}
