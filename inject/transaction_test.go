package inject

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
)

func addr(t *testing.T, s string) address.Addr {
	t.Helper()
	a, err := address.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestATransactionBecomesASubmissionAsACommandLineDoes(t *testing.T) {
	in, err := Read(strings.NewReader("From: boss@example.org\r\nBcc: hidden@example.org\r\nTo: x@example.org\r\n\r\nx\r\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	since := time.Date(2029, 1, 1, 0, 0, 0, 0, time.UTC)
	tr := Transaction{Sender: addr(t, "other"), Options: envelope.Options{EnvelopeID: "id"}, Recipients: []Mailbox{
		{Address: addr(t, "root"), ORCPT: "rfc822;first@z.example", Notify: envelope.Notify{Success: true}, ValidSince: since, ValidElse: envelope.Continue},
		{Address: address.Addr{Local: "Postmaster"}, Notify: envelope.Notify{Never: true}},
		{Address: addr(t, "root@BOX.example")}, // a copy already
	}}
	w := World{Login: "alice", Hostname: "box.example", Stamp: NewStamp()}
	for _, c := range []struct {
		name    string
		trusted []string
		sender  string
		notes   int
	}{
		{"MAIL FROM of a trusted user counts", []string{"alice"}, "other@box.example", 0},
		{"that of another is ignored, with a note", nil, "alice@box.example", 1},
	} {
		sub, err := tr.Submit(in, w, Rules{Identity: Identity{Trusted: c.trusted}})
		if err != nil {
			t.Fatal(err)
		}
		if len(sub.Envelopes) != 1 || len(sub.Notes) != c.notes {
			t.Fatalf("%s: %d envelopes, notes %q", c.name, len(sub.Envelopes), sub.Notes)
		}
		env := sub.Envelopes[0]
		want := []*envelope.Recipient{
			{Original: addr(t, "root@box.example"), Address: addr(t, "root@box.example"), ORCPT: "rfc822;first@z.example", Notify: envelope.Notify{Success: true}, ValidSince: since, ValidElse: envelope.Continue},
			{Original: addr(t, "Postmaster@box.example"), Address: addr(t, "Postmaster@box.example"), Notify: envelope.Notify{Never: true}},
		}
		if diff := cmp.Diff(want, env.Recipients); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
		if env.Sender.String() != c.sender || env.Options.EnvelopeID != "id" {
			t.Errorf("%s: sender %q, options %+v", c.name, env.Sender, env.Options)
		}
		if h := string(sub.Message.Header); strings.Contains(h, "hidden") || !strings.Contains(h, "Sender: alice@box.example\r\n") {
			t.Errorf("%s: header\n%s", c.name, h)
		}
	}
	tr.Recipients = nil
	if _, err := tr.Submit(in, w, Rules{}); err == nil {
		t.Error("a transaction without recipients was taken")
	}
}

func TestAClientThatNamesItsOwnUserIsNoWarning(t *testing.T) {
	in, err := Read(strings.NewReader("Subject: x\r\n\r\nx\r\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	w := World{Login: "alice", Hostname: "box.example", Stamp: NewStamp()}
	tr := Transaction{Sender: addr(t, "alice@other.example"), Recipients: []Mailbox{{Address: addr(t, "root")}}}
	for _, c := range []struct {
		trusted []string
		sender  string
	}{{nil, "alice@box.example"}, {[]string{"alice"}, "alice@other.example"}} {
		sub, err := tr.Submit(in, w, Rules{Identity: Identity{Trusted: c.trusted}})
		if err != nil {
			t.Fatal(err)
		}
		if got := sub.Envelopes[0].Sender.String(); got != c.sender || len(sub.Notes) > 0 {
			t.Errorf("trusted %q: sender %q, notes %q", c.trusted, got, sub.Notes)
		}
	}
}
