package runner

import (
	"fmt"
	"testing"
	"time"

	"mailchute/relay/queue"
)

// TestAMailboxGetsOneCopyWhicheverEnvelopeLeadsToIt: a list's copies have an envelope of
// their own, and several workers have them in hand at the same time.
func TestAMailboxGetsOneCopyWhicheverEnvelopeLeadsToIt(t *testing.T) {
	both := func(w *world, subject string) []queue.Entry {
		return []queue.Entry{w.letter(subject, "old@x.example", "bert@y.example"), w.letter(subject, "new@y.example", "ann@y.example")}
	}
	for _, tt := range []struct {
		name  string
		first func(w *world) // says what the first attempt finds
		then  func(w *world)
	}{
		{"at once", func(*world) {}, func(*world) {}},
		{"when the redirected copy has to wait", func(w *world) { w.peer.Say("RCPT TO:<old@", "450 4.2.0 later") },
			func(w *world) { w.peer.Say("RCPT TO:<old@", "557 5.2.7 moved to <new@y.example>") }},
		{"when the list has to wait", func(w *world) { w.peer.Say("RCPT TO:<ann@", "450 4.2.0 later") },
			func(w *world) { w.peer.Say("RCPT TO:<ann@", "") }},
		{"when nobody takes a copy at first", func(w *world) { w.peer.Say("RCPT TO:<new@", "450 4.2.0 later") },
			func(w *world) { w.peer.Say("RCPT TO:<new@", "") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.peer.Say("RCPT TO:<old@", "557 5.2.7 moved to <new@y.example>")
			tt.first(w)
			const messages = 5
			for i := range messages {
				entries := both(w, fmt.Sprint("m", i))
				if i%2 == 1 {
					entries[0], entries[1] = entries[1], entries[0]
				}
				if _, err := w.queue.AcceptAll(entries); err != nil {
					t.Fatal(err)
				}
			}
			w.flush()
			tt.then(w)
			w.another()
			w.flush()
			w.want("left", w.waiting()+w.failed(), "")
			for i := range messages {
				for _, to := range []string{"new@y.example", "ann@y.example", "bert@y.example"} {
					w.count(fmt.Sprintf("copies of message %d for %s", i, to), w.peer.copies(fmt.Sprint("m", i))[to], 1)
				}
			}
			w.want("trouble", w.trouble(), "")
		})
	}
}

// TestAFamilyThatAnotherHasStopsNobodyElse: he may be at a slow server. When it is free
// again, the same run sends what waited for it.
func TestAFamilyThatAnotherHasStopsNobodyElse(t *testing.T) {
	w := newWorld(t)
	var entries []queue.Entry
	for i := range 5 {
		entries = append(entries, w.letter("list", fmt.Sprintf("l%d@x.example", i)))
	}
	ids, err := w.queue.AcceptAll(entries)
	if err != nil {
		t.Fatal(err)
	}
	w.row(10)
	it, err := w.queue.Acquire(ids[0])
	if err != nil {
		t.Fatal(err)
	}
	defer it.Release()
	s, err := it.Siblings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := w.runner(4)
	others := 0
	r.Told = func(e Event) {
		if e.Entry != nil && e.Entry.Family == "" {
			if others++; others == 10 { // all of them, while he has it
				s.Close()
			}
		}
	}
	if tally, err := r.Run(t.Context(), Scope{}); err != nil || tally.Messages != 14 || tally.Delivered != 14 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// TestAMessageThatWentNowhereFreesNoWay: a sibling has served all its mailboxes.
func TestAMessageThatWentNowhereFreesNoWay(t *testing.T) {
	w := newWorld(t)
	ids, err := w.queue.AcceptAll([]queue.Entry{w.letter("list", "l1@x.example"), w.letter("list", "l2@x.example")})
	if err != nil {
		t.Fatal(err)
	}
	it, err := w.queue.Acquire(ids[0])
	if err != nil {
		t.Fatal(err)
	}
	s, err := it.Siblings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Add(addr("l1@x.example")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	it.Release()
	now := w.clock()
	if err := w.queue.HoldRoute(queue.RouteHold{Since: now, Set: now, Until: now.Add(time.Hour), Login: true}); err != nil {
		t.Fatal(err)
	}
	itself := func(e *queue.Entry) bool { return e.ID == ids[0] }
	if _, err := w.runner(1).Run(t.Context(), Scope{All: true, Match: itself}); err != nil {
		t.Fatal(err)
	}
	if _, held := w.queue.RouteHold(""); !held || w.peer.Sessions() != 0 {
		t.Errorf("held %v, %d connections", held, w.peer.Sessions())
	}
}
