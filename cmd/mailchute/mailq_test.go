package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
)

func waiting() queue.Entry {
	e := queue.Entry{ID: "361nsm8qyydrhx", Size: 4769, Submitted: time.Date(2026, 4, 9, 6, 35, 5, 0, time.Local),
		Envelope: &envelope.Envelope{Sender: address.Addr{Local: "sender", Domain: "example.com"}}}
	add := func(local string, o envelope.Outcome) {
		a := address.Addr{Local: local, Domain: "example.com"}
		e.Envelope.Recipients = append(e.Envelope.Recipients, &envelope.Recipient{Original: a, Address: a, Outcome: o})
		e.Retries = append(e.Retries, queue.Retry{})
	}
	later := envelope.Outcome{State: envelope.Deferred, Reply: &reply.Reply{Code: 450, Enhanced: reply.Enhanced{Class: 4, Subject: 2}, Lines: []string{"later\x1b[31m"}}}
	add("a", later)
	add("new", envelope.Outcome{})
	add("done", envelope.Outcome{State: envelope.Delivered})
	add("b", later)
	return e
}

func TestMailqHasTheFormOfPostfix(t *testing.T) {
	var b strings.Builder
	entry := waiting()
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
	held, null := waiting(), waiting()
	held.Held = true
	null.Envelope.Sender = address.Addr{}
	for _, c := range []struct {
		entry queue.Entry
		sign  string
		from  string
	}{{waiting(), "", "sender@example.com"}, {held, "!", "sender@example.com"}, {null, "", "MAILER-DAEMON"}} {
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
