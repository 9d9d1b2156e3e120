package session

import (
	"context"
	"strings"
	"testing"

	"mailchute/relay/reply"
)

// TestATextComesWhenItsHostIsReady: what is waited for is waited for in front of 354, and
// over when the text has its answer, whatever that is.
func TestATextComesWhenItsHostIsReady(t *testing.T) {
	for _, end := range []string{wholeText, "DATA\r\nSubject: half\r\n"} {
		var said []string
		o := options(t, new([]delivered))
		o.Ready = func(context.Context) func() {
			said = append(said, "ready")
			return func() { said = append(said, "done") }
		}
		o.Deliver = func(context.Context, *Mail) reply.Reply {
			said = append(said, "delivered")
			return say(451, 4, 3, 0, "no")
		}
		talk(o, "DATA\r\n"+envelopeOfOne+"BDAT x\r\n")
		if len(said) != 0 {
			t.Errorf("%q without a text", said)
		}
		talk(o, envelopeOfOne+end)
		if got := strings.Join(said, " "); got != "ready delivered done" && !(strings.Contains(end, "half") && got == "ready done") {
			t.Errorf("%q: %s", end, got)
		}
	}
}
