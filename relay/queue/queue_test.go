package queue

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	rs[0].ValidSince = noon
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

func TestAcceptIsTwoFsyncs(t *testing.T) {
	q := fresh(t)
	accept(t, q, letter("a@example.org")) // makes the directories
	var steps []string
	q = open(t, q.path)
	q.hook = func(step, path string) error { steps = append(steps, step); return nil }
	accept(t, q, letter("b@example.org"))
	want := []string{"create", "write", "touch", "fsync", "rename", "fsync"}
	if !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
}

func TestAStateIsSyncedWhenALossWouldDoHarm(t *testing.T) {
	for name, c := range map[string]struct {
		outcome envelope.Outcome
		fsyncs  int
	}{
		"a delivery, for it would be sent twice": {delivered, 2},
		"a failure, for it would be told twice":  {refused, 2},
		"not another try later":                  {deferred, 0},
	} {
		q := fresh(t)
		it := acquire(t, q, accept(t, q, letter("a@example.org", "b@example.org")))
		if err := it.Update(); err != nil { // makes the folder
			t.Fatal(err)
		}
		n := 0
		hook := func(step, path string) error {
			if step == "fsync" {
				n++
			}
			return nil
		}
		for _, d := range q.subs {
			d.hook = hook
		}
		it.Envelope.Recipients[0].Apply(c.outcome)
		if err := it.Update(); err != nil || n != c.fsyncs {
			t.Errorf("%s: %d fsyncs, want %d: %v", name, n, c.fsyncs, err)
		}
	}
}

func TestTheWayOfAMessage(t *testing.T) {
	q := fresh(t)
	id := accept(t, q, letter("a@example.org", "b@example.org"))
	it := acquire(t, q, id)
	if n := it.Wake(noon); n != 2 {
		t.Fatalf("%d recipients are open, want 2", n)
	}
	it.Envelope.Recipients[0].Apply(delivered)
	it.Envelope.Recipients[1].Apply(deferred)
	it.Retries[1] = Retry{Attempts: 1, Last: noon, Next: noon.Add(time.Minute)}
	if err := it.Update(); err != nil {
		t.Fatal(err)
	}
	it.Release()

	later := noon.Add(2 * time.Minute)
	if got := ids(t, q.Due(noon, time.Hour)); got != nil {
		t.Errorf("due before its time: %q", got)
	}
	if got := ids(t, q.Due(later, time.Hour)); !slices.Equal(got, []string{id}) {
		t.Errorf("not due in time: %q", got)
	}
	if got := ids(t, q.Ready(noon)); !slices.Equal(got, []string{id}) {
		t.Errorf("a flush does not see it: %q", got)
	}

	it = acquire(t, q, id)
	if n := it.Wake(noon); n != 0 {
		t.Errorf("%d recipients woke too early", n)
	}
	if n := it.Wake(later); n != 1 {
		t.Errorf("%d recipients woke, want 1", n)
	}
	it.Envelope.Recipients[1].Apply(refused)
	if err := it.Fail(later); err != nil {
		t.Fatal(err)
	}
	if got := listed(t, q.List()); got != nil {
		t.Errorf("still in the queue: %q", got)
	}
	if got := listed(t, q.ListFailed()); !slices.Equal(got, []string{id}) {
		t.Fatalf("among the failed: %q", got)
	}

	if err := q.Retry(id, later); err != nil {
		t.Fatal(err)
	}
	it = acquire(t, q, id)
	if n := it.Wake(later); n != 1 || !it.Since.Equal(later) || it.Envelope.Recipients[0].Outcome.State != envelope.Delivered {
		t.Errorf("after a retry: %d open, since %v, first %v", n, it.Since, it.Envelope.Recipients[0].Outcome.State)
	}
	if err := it.Remove(); err != nil {
		t.Fatal(err)
	}
	if left := files(t, q); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestHands(t *testing.T) {
	q := fresh(t)
	id := accept(t, q, letter("a@example.org"))
	if err := q.Hold(id); err != nil {
		t.Fatal(err)
	}
	week := noon.Add(7 * 24 * time.Hour)
	if got := append(ids(t, q.Ready(week)), ids(t, q.Due(week, time.Hour))...); got != nil {
		t.Errorf("a held message would be sent: %q", got)
	}
	if err := q.Unhold(id); err != nil {
		t.Fatal(err)
	}
	if got := ids(t, q.Due(noon, time.Hour)); !slices.Equal(got, []string{id}) {
		t.Errorf("not due after its release: %q", got)
	}
	it := acquire(t, q, id)
	for name, err := range map[string]error{"hold": q.Hold(id), "delete": q.Delete(id), "retry": q.Retry(id, noon)} {
		if err != ErrBusy {
			t.Errorf("%s while it is being sent: %v, want ErrBusy", name, err)
		}
	}
	if e, err := q.Show(id); err != nil || e.Message == nil {
		t.Errorf("show while it is being sent: %v", err)
	}
	it.Release()
	if err := q.Delete(id); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{id, "../../etc/passwd", "", "nosuchid000000"} {
		if err := q.Hold(id); err != ErrGone {
			t.Errorf("hold %q: %v, want ErrGone", id, err)
		}
		if _, err := q.Show(id); err != ErrGone {
			t.Errorf("show %q: %v, want ErrGone", id, err)
		}
	}
}

func TestFailedOnesExpire(t *testing.T) {
	q := fresh(t)
	var all []string
	for i := range 3 {
		id := accept(t, q, letter("a@example.org"))
		it := acquire(t, q, id)
		it.Envelope.Recipients[0].Apply(refused)
		if err := it.Fail(noon.Add(time.Duration(i) * time.Hour)); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	n, err := q.Expire(noon.Add(90 * time.Minute))
	if n != 2 || err != nil {
		t.Errorf("%d expired, %v", n, err)
	}
	if got := listed(t, q.ListFailed()); !slices.Equal(got, all[2:]) {
		t.Errorf("left %q, want %q", got, all[2:])
	}
}

func TestASummaryTellsWhatPeopleAskFor(t *testing.T) {
	q := fresh(t)
	e := letter("a@example.org", "b@example.org")
	e.Account = "work"
	it := acquire(t, q, accept(t, q, e))
	it.Envelope.Recipients[0].Apply(delivered)
	it.Envelope.Recipients[1].Apply(deferred)
	it.Retries[1] = Retry{Attempts: 2, Last: noon, Next: noon.Add(time.Minute)}
	if err := it.Update(); err != nil {
		t.Fatal(err)
	}
	for e, err := range q.List() {
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%+v", e.Summary())
		for _, want := range []string{"Account:work", "Sender:alice@example.net", "Recipients:[b@example.org]", "Size:21",
			"Attempts:2", "12:01:00", "LastError:450 4.2.1 busy", "Held:false", "State:delivered"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in %s", want, got)
			}
		}
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

func TestTheSpoolHasNoName(t *testing.T) {
	q := fresh(t)
	f, err := q.Spool()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("body"); err != nil {
		t.Error(err)
	}
	if left := files(t, q); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestAnAbsentQueueIsEmpty(t *testing.T) {
	q := fresh(t)
	if got := ids(t, q.Due(noon, time.Hour)); got != nil {
		t.Error(got)
	}
	if got := append(listed(t, q.List()), listed(t, q.ListFailed())...); got != nil {
		t.Error(got)
	}
	if _, err := q.Acquire("00000000000000"); err != ErrGone {
		t.Error(err)
	}
	if errs := q.Sweep(noon); errs != nil {
		t.Error(errs)
	}
	if _, err := q.Expire(noon); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(q.path); !errors.Is(err, os.ErrNotExist) {
		t.Error("a look made the directory")
	}
}
