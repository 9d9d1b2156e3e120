package queue

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"mailchute/relay/envelope"
)

func TestAMessageComesBackAsItWasAccepted(t *testing.T) {
	for name, body := range map[string]string{
		"plain":   "hello\n",
		"empty":   "",
		"odd":     "..\r\n\x00\xff\nmailchute-queue 1\n",
		"large":   strings.Repeat("0123456789abcde\n", 1<<16),
		"at edge": strings.Repeat("x", inMemory),
	} {
		q := fresh(t)
		e := letter("bob@example.org")
		e.Message = text(body)
		e.Message.Header = []byte("X-Odd: \xe4 \"\\\r\n folded\r\n")
		id := accept(t, q, e)
		it := acquire(t, q, id)
		got, err := io.ReadAll(it.Message.Body.Reader())
		if err != nil || string(got) != body || string(it.Message.Header) != string(e.Message.Header) {
			t.Errorf("%s: the text changed: %q %v", name, it.Message.Header, err)
		}
		if it.Message.Body.Traits != e.Message.Body.Traits {
			t.Errorf("%s: traits %+v, want %+v", name, it.Message.Body.Traits, e.Message.Body.Traits)
		}
		if want := int64(len(e.Message.Header) + 2 + len(body)); it.Size != want {
			t.Errorf("%s: size %d, want %d", name, it.Size, want)
		}
	}
}

func TestEveryWishAndEveryFateComesBack(t *testing.T) {
	p := -3
	e := letter("bob@example.org", "x\r\n\"mailchute-queue 1\n@b.example", "jürgen@bücher.example")
	e.Account, e.User, e.Errors = "work\n", "alice", "m"
	e.Since, e.NotBefore, e.Held, e.Warned = noon.Add(time.Hour), noon.Add(48*time.Hour), true, true
	e.Envelope.Options = envelope.Options{
		Return: envelope.ReturnHeaders, EnvelopeID: "a+b c", EightBit: true, SMTPUTF8: true, RequireTLS: true, Priority: &p,
		DeliverBy: &envelope.DeliverBy{Deadline: noon, Return: true, Trace: true},
		Hold:      &envelope.Hold{Until: noon, For: 90 * time.Minute},
	}
	rs := e.Envelope.Recipients
	rs[0].Notify = envelope.Notify{Success: true, Failure: true, Delay: true}
	rs[0].ValidSince, rs[0].ValidElse = noon, envelope.Reject
	rs[0].ORCPT, rs[1].ORCPT = "rfc822;Old+2BOne@z.example", "utf-8;jürgen@z.example"
	rs[0].Redirect(envelope.Hop{From: addr("bob@example.org"), To: addr("b@new.example"), Code: 557, Remembered: true})
	rs[0].Redirect(envelope.Hop{From: addr("b@new.example"), To: addr("b@far.example"), Code: 557, Said: noon, Server: "mx.new.example\n", Verified: "mx.new.example", Trusted: true, Own: true, Outside: true, Direct: true, TLS: true, Demanded: true})
	rs[0].Outcome = deferred
	rs[1].Notify.Never = true
	rs[1].Outcome = refused
	rs[1].Outcome.Reason = "a \"reason\"\n{}"
	e.Retries = []Retry{{Attempts: 3, Last: noon, Next: noon.Add(time.Minute)}, {Attempts: 1, Told: true}, {}}

	q := fresh(t)
	e.ID = accept(t, q, e)
	e.Size = int64(len("Subject: hi\r\n\r\nhello\n"))
	same := func(when string) {
		t.Helper()
		it := acquire(t, q, e.ID)
		defer it.Release()
		if d := cmp.Diff(e, it.Entry, cmpopts.IgnoreFields(Entry{}, "Message"), cmpopts.EquateApproxTime(0)); d != "" {
			t.Errorf("%s:\n%s", when, d)
		}
	}
	same("as accepted")

	it := acquire(t, q, e.ID)
	e.Retries[2] = Retry{Attempts: 9, Last: noon, Next: noon, Told: true}
	rs[2].Outcome = delivered
	rs[2].Outcome.ReportsSuccess = true
	e.Held, e.Warned = false, false
	it.Entry.Retries, it.Entry.Envelope, it.Held, it.Warned = e.Retries, e.Envelope, false, false
	if err := it.Update(); err != nil {
		t.Fatal(err)
	}
	it.Release()
	same("after an update")
}

// TestARecordOfAnOlderVersionProvesNothing: it does not say who can have said a
// redirect, so nobody is to be sure of it.
func TestARecordOfAnOlderVersionProvesNothing(t *testing.T) {
	q := fresh(t)
	e := letter("bob@example.org")
	r := e.Envelope.Recipients[0]
	r.Redirect(envelope.Hop{From: addr("bob@example.org"), To: addr("b@new.example"), Code: 557, Said: noon, Server: "mx.example.org", Verified: "mx.example.org", Trusted: true})
	r.Outcome = deferred
	id := accept(t, q, e)
	const known = `"said":"2026-03-01T12:00:00Z","server":"mx.example.org","verified":"mx.example.org","trusted":true`
	if err := edit(filepath.Join(q.path, messageDir, id), func(s string) string {
		if !strings.Contains(s, known) {
			t.Errorf("the record is %q", s)
		}
		return strings.Replace(s, known, `"server":"mx.example.org"`, 1)
	}); err != nil {
		t.Fatal(err)
	}
	got := acquire(t, q, id).Envelope.Recipients[0].Trail
	want := []envelope.Hop{{From: addr("bob@example.org"), To: addr("b@new.example"), Code: 557, Server: "mx.example.org"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEveryStateAndCauseHasAWord(t *testing.T) {
	for s := envelope.Pending; s <= envelope.Failed; s++ {
		if n, err := number(stateWords[:], word(stateWords[:], int(s))); err != nil || n != int(s) {
			t.Errorf("state %d: %v", s, err)
		}
	}
	for c := envelope.CauseNone; c <= envelope.CauseLoop; c++ {
		if n, err := number(causeWords[:], word(causeWords[:], int(c))); err != nil || n != int(c) {
			t.Errorf("cause %d: %v", c, err)
		}
	}
	if _, err := number(stateWords[:], word(stateWords[:], 99)); err == nil {
		t.Error("a state without a word was read back")
	}
}

func TestAnInvalidAddressIsRefusedAndNotChanged(t *testing.T) {
	q := fresh(t)
	if _, err := q.Accept(letter("a\xff@example.org")); err == nil {
		t.Error("accepted")
	}
	if left := files(t, q); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}
