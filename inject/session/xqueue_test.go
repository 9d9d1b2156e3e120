package session

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"mailchute/relay/reply"
	"mailchute/relay/xqueue"
)

// asked runs a session in which XQUEUE is offered.
func asked(t *testing.T, input string, answer func(c xqueue.Command, line func(string) error) reply.Reply) string {
	t.Helper()
	o := Options{Name: "x", XQueue: func(_ context.Context, c xqueue.Command, line func(string) error) reply.Reply {
		return answer(c, line)
	}}
	out, _, err := talk(o, input)
	if err != nil {
		t.Error(err)
	}
	return out
}

func TestXQUEUEIsOfferedWhereSomebodyAnswersIt(t *testing.T) {
	out := asked(t, "EHLO x\r\nQUIT\r\n", nil)
	if !strings.Contains(out, "250 XQUEUE\r\n") {
		t.Error(out)
	}
	out, _, err := talk(Options{Name: "x"}, "EHLO x\r\nXQUEUE LIST\r\nQUIT\r\n")
	if err != nil || strings.Contains(out, "250-XQUEUE") || strings.Contains(out, "250 XQUEUE") || !strings.Contains(out, "\r\n500 5.5.1 ") {
		t.Error(out)
	}
}

func TestXQUEUEIsAnsweredInItsPlace(t *testing.T) {
	out := asked(t, "HELO x\r\nMAIL FROM:<a>\r\nxqueue show abc\r\nXQUEUE\r\nRCPT TO:<b>\r\nXQUEUE HOLD 1\r\nQUIT\r\n", func(c xqueue.Command, line func(string) error) reply.Reply {
		if c.Verb == xqueue.Hold {
			return say(550, 5, 5, 4, "no")
		}
		for i := range 2 {
			if err := line(fmt.Sprintf("%s %d", c.ID, i)); err != nil {
				t.Error(err)
			}
		}
		return say(250, 2, 0, 0, "that is all")
	})
	want := "250 2.1.0 sender taken\r\n250-2.0.0 abc 0\r\n250-2.0.0 abc 1\r\n250 2.0.0 that is all\r\n501 5.5.4 XQUEUE what?\r\n250 2.1.5 recipient taken\r\n550 5.5.4 no\r\n221 "
	if !strings.Contains(out, want) {
		t.Errorf("got %q", out)
	}
}
