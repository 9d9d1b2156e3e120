package runner

import (
	"fmt"
	"testing"

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
