package report_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/reply"
	"mailchute/relay/report"
)

var update = flag.Bool("update", false, "write the golden files")

type maker func(report.Original, report.Stamp) (*message.Message, *envelope.Envelope, error)

func delay(o report.Original, s report.Stamp) (*message.Message, *envelope.Envelope, error) {
	return report.Delay(o, s, noon.Add(5*24*time.Hour))
}

// cases are the golden reports.
func cases() map[string]struct {
	make maker
	of   report.Original
} {
	gone := recipient("gone@example.org", envelope.Failed, unknown)
	silent := recipient("late@example.org", envelope.Failed, nil)
	silent.Outcome.Reason, silent.Outcome.Status = "not delivered within 5d: connection refused", reply.Enhanced{Class: 4, Subject: 4, Detail: 1}
	moved := recipient("old@example.org", envelope.Failed, unknown)
	moved.Redirect(envelope.Hop{From: addr("old@example.org"), To: addr("new@example.com"), Code: 557})
	moved.Outcome = gone.Outcome
	success := recipient("ok@example.org", envelope.Delivered, taken)
	success.Notify.Success = true
	far := recipient("jürgen@bücher.example", envelope.Failed, unknown)
	chain := recipient("a@example.org", envelope.Delivered, taken)
	chain.Trail = []envelope.Hop{
		{From: addr("a@example.org"), To: addr("b@example.org"), Code: 557, Remembered: true},
		{From: addr("b@example.org"), To: addr("c@example.com"), Code: 557},
		{From: addr("c@example.com"), To: addr("d@example.com"), Code: 558},
	}

	full := original(plain, "..\nhello\n", gone, silent, moved, success)
	full.Envelope.Options = envelope.Options{EnvelopeID: "e 1", Return: envelope.ReturnFull}
	hdrs := original(plain, "hello\n", gone)
	hdrs.Envelope.Options.Return = envelope.ReturnHeaders
	utf8 := original("From: alice@example.net\r\nSubject: Grüße\r\n", "schön\n", far)
	return map[string]struct {
		make maker
		of   report.Original
	}{
		"failure-full":    {report.Failure, full},
		"failure-headers": {report.Failure, hdrs},
		"failure-utf8":    {report.Failure, utf8},
		"delay":           {delay, original(plain, "hello\n", recipient("slow@example.org", envelope.Deferred, busy))},
		"relayed":         {report.Relayed, full},
		"redirected":      {report.Redirected, original(plain, "hello\n", chain)},
	}
}

func wire(t testing.TB, m *message.Message) []byte {
	t.Helper()
	b, err := io.ReadAll(m.Body.Reader())
	if err != nil {
		t.Fatal(err)
	}
	return append(append(bytes.Clone(m.Header), "\r\n"...), b...)
}

func TestReportsLookLikeThis(t *testing.T) {
	for name, c := range cases() {
		msg, env, err := c.make(c.of, stamp)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := wire(t, msg)
		path := filepath.Join("testdata", name+".eml")
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), string(got)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
		if !env.Sender.IsNull() || len(env.Recipients) != 1 || env.Recipients[0].Address != c.of.Envelope.Sender {
			t.Errorf("%s: envelope %+v", name, env)
		}
	}
}

func TestTheOriginalRecipientIsWhomTheSenderFirstNamed(t *testing.T) { // RFC 3464 section 2.3.1
	for given, want := range map[envelope.ORCPT]string{
		"":                             "rfc822; gone@example.org",
		"rfc822;First+2BOne@z.example": "rfc822; First+One@z.example",
		"x400;/S+3Dgone/":              "x400; /S=gone/",
		"rfc822;a+0D+0AAction:+20x":    "rfc822; a Action: x",
		"utf-8;ä@z.example":            "utf-8; ä@z.example",
	} {
		r := recipient("gone@example.org", envelope.Failed, unknown)
		r.ORCPT = given
		msg, _, err := report.Failure(original(plain, "hello\n", r), stamp)
		if err != nil {
			t.Fatal(err)
		}
		text := string(wire(t, msg))
		if !strings.Contains(text, "\r\nOriginal-Recipient: "+want+"\r\nFinal-Recipient: rfc822; gone@example.org\r\n") {
			t.Errorf("ORCPT %q:\n%s", given, text)
		}
	}
}

func TestWhoIsToldOfWhat(t *testing.T) {
	n := func(s string) envelope.Notify {
		return envelope.Notify{
			Never: strings.Contains(s, "never"), Success: strings.Contains(s, "success"),
			Failure: strings.Contains(s, "failure"), Delay: strings.Contains(s, "delay"),
		}
	}
	for _, c := range []struct {
		notify string
		want   string // F, D, R, M: failure, delay, relayed, moved
	}{
		{"", "FDM"}, {"never", ""}, {"failure", "FM"}, {"delay", "DM"}, {"success", "RM"}, {"success,failure,delay", "FDRM"},
	} {
		got := ""
		for _, m := range []struct {
			sign  string
			state envelope.State
			make  maker
		}{{"F", envelope.Failed, report.Failure}, {"D", envelope.Deferred, delay}, {"R", envelope.Delivered, report.Relayed}, {"M", envelope.Delivered, report.Redirected}} {
			for _, state := range []envelope.State{envelope.Pending, envelope.Delivered, envelope.Deferred, envelope.Failed} {
				r := recipient("a@example.org", state, nil)
				r.Notify = n(c.notify)
				if m.sign == "M" {
					r.Trail = []envelope.Hop{{From: r.Original, To: addr("b@example.org"), Code: 557}}
				}
				_, _, err := m.make(original(plain, "", r), stamp)
				if err == nil && state == m.state {
					got += m.sign
				} else if err == nil && m.sign != "M" {
					t.Errorf("%q: %s about state %v", c.notify, m.sign, state)
				} else if err != nil && !errors.Is(err, report.ErrNothing) {
					t.Error(err)
				}
			}
		}
		if got != c.want {
			t.Errorf("NOTIFY %q: %q, want %q", c.notify, got, c.want)
		}
	}
}

func TestNothingIsSaidToTheNullSender(t *testing.T) {
	for name, c := range cases() {
		c.of.Envelope.Sender = address.Addr{}
		if msg, env, err := c.make(c.of, stamp); msg != nil || env != nil || !errors.Is(err, report.ErrNothing) {
			t.Errorf("%s: a report, %v", name, err)
		}
	}
}

func TestHowMuchGoesBack(t *testing.T) {
	big := strings.Repeat("0123456789\n", 10000)
	for name, c := range map[string]struct {
		options envelope.Options
		body    string
		want    string
	}{
		"small, no wish":        {envelope.Options{}, "hello\n", "message/rfc822"},
		"big, no wish":          {envelope.Options{}, big, "text/rfc822-headers"},
		"RET=FULL":              {envelope.Options{Return: envelope.ReturnFull}, big, "message/rfc822"},
		"RET=HDRS":              {envelope.Options{Return: envelope.ReturnHeaders}, "hello\n", "text/rfc822-headers"},
		"REQUIRETLS beats FULL": {envelope.Options{Return: envelope.ReturnFull, RequireTLS: true}, "hello\n", "text/rfc822-headers"},
	} {
		o := original(plain, c.body, recipient("a@example.org", envelope.Failed, unknown))
		o.Envelope.Options = c.options
		msg, env, err := report.Failure(o, stamp)
		if err != nil {
			t.Fatal(err)
		}
		if _, parts := read(t, msg); parts[c.want] == "" {
			t.Errorf("%s: no part %s", name, c.want)
		}
		if env.Options.RequireTLS != c.options.RequireTLS {
			t.Errorf("%s: the report is not protected like the message", name)
		}
	}
}

func TestNoWordOfAServerLeavesItsField(t *testing.T) {
	evil := recipient("a@example.org", envelope.Failed, &reply.Reply{Code: 550, Lines: []string{
		"x\r\nAction: delivered\r\n\r\n--" + stamp.Boundary + "\r\n", strings.Repeat("y", 5000), "\x00\x1b[31m\u2028\xff",
	}})
	evil.Outcome.Server = "mx\r\nX-Evil: yes"
	evil.Original.Local = "a\r\nX-Evil: yes\r\n"
	o := original("Subject: a\r\nMessage-ID: <x@y> X-Evil\r\n", "", evil)
	o.Envelope.Options.EnvelopeID = "e\r\nX-Evil: yes"
	o.Envelope.Sender.Local = "x\r\nX-Evil: yes"
	msg, _, err := report.Failure(o, stamp)
	if err != nil {
		t.Fatal(err)
	}
	text := string(wire(t, msg))
	for _, no := range []string{"\nX-Evil", "\nAction: delivered", "\x1b", "\x00", "In-Reply-To"} {
		if strings.Contains(text, no) {
			t.Errorf("%q got through", no)
		}
	}
	for _, l := range strings.Split(text, "\r\n") {
		if len(l) > 998 {
			t.Errorf("a line of %d octets", len(l))
		}
	}
	read(t, msg)
}

func TestManyRecipientsAreAllNamedToTheMachine(t *testing.T) {
	var rs []*envelope.Recipient
	for range 5000 {
		rs = append(rs, recipient("someone@example.org", envelope.Failed, unknown))
	}
	msg, _, err := report.Failure(original(plain, "", rs...), stamp)
	if err != nil {
		t.Fatal(err)
	}
	_, parts := read(t, msg)
	if n := strings.Count(parts["message/delivery-status"], "Final-Recipient:"); n != len(rs) {
		t.Errorf("%d of %d", n, len(rs))
	}
	if n := strings.Count(parts["text/plain"], "\n"); n > 1000 {
		t.Errorf("the text has %d lines", n)
	}
}
