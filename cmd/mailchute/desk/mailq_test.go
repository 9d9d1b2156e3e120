package desk

import (
	"regexp"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/headers/address"
	"mailchute/relay/queue"
)

func TestMailqHasTheFormOfPostfix(t *testing.T) {
	var b strings.Builder
	entry := servetest.Waiting()
	listEntry(&b, entry.Summary())
	want := `361nsm8qyydrhx      4769 Thu Apr  9 06:35:05  sender@example.com
                                              new@example.com
                                                   (450 4.2.0 later\x{1B}[31m)
                                              a@example.com
                                              b@example.com

`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// What scripts take out of the listing, as Postfix's own manuals and monitoring
// plugins do it.
func TestMailqIsReadByScripts(t *testing.T) {
	held, null := servetest.Waiting(), servetest.Waiting()
	held.Held = true
	null.Envelope.Sender = address.Addr{}
	for _, c := range []struct {
		entry queue.Entry
		sign  string
		from  string
	}{{servetest.Waiting(), "", "sender@example.com"}, {held, "!", "sender@example.com"}, {null, "", "MAILER-DAEMON"}} {
		var b strings.Builder
		listEntry(&b, c.entry.Summary())
		first, _, _ := strings.Cut(b.String(), "\n")
		m := regexp.MustCompile(`^([0-9A-Za-z]+)([*!]?)\s+(\d+)\s+(\S+ \S+ +\d+ \d+:\d+:\d+)\s+(\S+)$`).FindStringSubmatch(first)
		if m == nil || m[1] != c.entry.ID || m[2] != c.sign || m[3] != "4769" || m[5] != c.from {
			t.Errorf("%q is read as %q", first, m)
		}
		if f := strings.Fields(first); f[1] != "4769" || f[6] != c.from {
			t.Errorf("awk sees %q", f)
		}
		if n := len(regexp.MustCompile(`(?m)^[0-9A-Za-z]`).FindAllString(b.String(), -1)); n != 1 {
			t.Errorf("%d lines begin a message", n)
		}
	}
}
