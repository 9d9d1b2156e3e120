package relay

import (
	"fmt"
	"strings"
	"testing"

	"mailchute/relay/envelope"
)

// TestNobodyIsLostInSilence plays each way to misbehave at each step, with one
// smarthost and with two, and looks at what must hold whatever happens: nobody
// is pending, who is delivered got exactly one copy, and who is not got none,
// but where the server took the text and did not say so.
func TestNobodyIsLostInSilence(t *testing.T) {
	steps := []string{"CONNECT", "EHLO", "MAIL", "RCPT TO:<r0@", "RCPT TO:<r1@", "RCPT TO:<r3@", "RCPT", "DATA", "END", "QUIT"}
	replies := []string{"drop", "421 4.3.2 closing", "451 4.3.0 later", "452 4.5.3 too many", "552 too many", "550 5.1.1 no", "503 5.5.1 bad sequence",
		"250 fine", "259 odd", "354 go on", "199 hm", "what?", "557 5.2.7 <r2@x.example>", "558 5.2.8 <other@y.example>", "take, drop", "take, 199 hm"}
	ways := []string{"PIPELINING", "8BITMIME", "PIPELINING,CHUNKING", "CHUNKING", "PIPELINING,LIMITS RCPTMAX=2 MAILMAX=2", "PIPELINING,LIMITS RCPTDOMAINMAX=1"}
	misbehave(t, steps, replies, ways, func(t *testing.T, script, _ string) {
		checkNobodyIsLost(t, script, newPeer(t, script))
		checkNobodyIsLost(t, script+" and a second smarthost", newPeer(t, script), newPeer(t, "RCPT TO:<r3@ => 450 4.2.0 later"))
	})
}

// misbehave plays each reply at each step, once and every time, of a server that
// announces each way.
func misbehave(t *testing.T, steps, replies, ways []string, play func(t *testing.T, script, way string)) {
	for _, step := range steps {
		t.Run(step, func(t *testing.T) {
			for _, reply := range replies {
				if strings.HasPrefix(reply, "take") && step != "END" {
					continue
				}
				for _, way := range ways {
					for _, once := range []string{"", "once "} {
						play(t, fmt.Sprintf("%s%s => %s\nEHLO => %s", once, step, reply, way), way)
					}
				}
			}
		})
	}
}

func checkNobodyIsLost(t *testing.T, script string, peers ...*peer) {
	t.Helper()
	env := deliver(t, append(numbered(4), "far@z.example"), nil, peers...)
	all := copiesOf(peers...)
	unsaid := strings.Contains(script, "take,") || strings.HasPrefix(strings.TrimPrefix(script, "once "), "END =>")
	for _, r := range env.Recipients {
		n := all[r.Address.String()]
		switch {
		case r.Outcome.State == envelope.Pending:
			t.Errorf("%s: %s is pending", script, r.Original)
		case r.Outcome.State == envelope.Delivered && n != 1:
			t.Errorf("%s: %s is delivered and got %d copies", script, r.Original, n)
		case r.Outcome.State != envelope.Delivered && n > 0 && !unsaid, n > 1:
			t.Errorf("%s: %s got %d copies: %s", script, r.Original, n, r.Outcome.Text())
		case r.Outcome.State != envelope.Delivered && r.Outcome.Text() == "":
			t.Errorf("%s: %s failed without a word", script, r.Original)
		}
	}
}
