package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"mailchute/relay/queue"
)

// row puts n messages into the queue, message i to m<i>@x.example.
func (w *world) row(n int) (ids []string) {
	w.Helper()
	for i := range n {
		w.after(time.Second)
		ids = append(ids, w.accept(w.letter(fmt.Sprint("message ", i), fmt.Sprintf("m%d@x.example", i))))
	}
	return ids
}

// once looks at what must hold at the end: each message of the row has arrived
// once, or failed and has not, and nothing waits.
func (w *world) once(n int, what string) {
	w.Helper()
	failed := w.failed()
	for i := range n {
		to := fmt.Sprintf("m%d@x.example", i)
		want := 1
		if strings.Contains(failed, to) {
			want = 0
		}
		if got := len(w.peer.letters(to)); got != want {
			w.Errorf("%s: message %d arrived %d times, want %d", what, i, got, want)
		}
	}
	if left := w.waiting(); left != "" {
		w.Errorf("%s: in the queue is %s", what, left)
	}
}

func TestTheNextEnvelopeTravelsWithEachMessage(t *testing.T) {
	w := newWorld(t)
	w.row(10)
	tally, err := w.runner(1).Run(t.Context(), Scope{})
	if err != nil || tally != (Tally{Messages: 10, Delivered: 10}) {
		t.Errorf("%+v, %v", tally, err)
	}
	w.once(10, "a row")
	w.count("envelopes that went ahead", w.peer.along(), 9)
	w.count("connections", w.peer.Sessions(), 1)
	for i, l := range w.peer.letters("") {
		w.want("order", l.Recipients[0], fmt.Sprintf("m%d@x.example", i))
	}
}

func TestNothingInARowIsLostOrDoubled(t *testing.T) {
	const n = 6
	for _, step := range []string{"MAIL", "RCPT", "DATA", "END"} {
		for _, reply := range []string{"drop", "421 4.3.2 closing", "451 4.3.0 later", "503 5.5.1 what", "552 5.3.4 no"} {
			for _, nth := range []int{1, 2, 3, n} {
				for _, workers := range []int{1, 3} {
					what := fmt.Sprintf("%s the %d. time: %s, %d workers", step, nth, reply, workers)
					w := newWorld(t)
					w.row(n)
					w.peer.SayOnce(step, nth, reply, nil)
					for range 3 {
						w.after(5 * time.Hour)
						if _, err := w.runner(workers).Run(t.Context(), Scope{All: true}); err != nil {
							t.Error(err)
						}
					}
					w.once(n, what)
				}
			}
		}
	}
}

func TestAStoppedRunLetsGoOfTheNextMessage(t *testing.T) {
	for _, step := range []string{"DATA", "END", "MAIL"} {
		for _, reply := range []string{"drop", ""} {
			w := newWorld(t)
			ids := w.row(5)
			ctx, cancel := context.WithCancel(t.Context())
			w.peer.SayOnce(step, 2, reply, cancel)
			if _, err := w.runner(1).Run(ctx, Scope{}); err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			for _, id := range ids {
				it, err := w.queue.Acquire(id)
				if err == nil {
					it.Release()
				} else if !errors.Is(err, queue.ErrGone) {
					t.Errorf("%s %q: %s: %v", step, reply, id, err)
				}
			}
			w.after(5 * time.Hour)
			w.flush()
			// The one whose reply did not get through may have arrived twice, and no other.
			twice := 0
			for i := range ids {
				switch n := len(w.peer.letters(fmt.Sprintf("m%d@x.example", i))); {
				case n == 2:
					twice++
				case n != 1:
					t.Errorf("%s %q: message %d arrived %d times", step, reply, i, n)
				}
			}
			if left := w.waiting(); left != "" || twice > 1 {
				t.Errorf("%s %q: %d arrived twice; in the queue is %s", step, reply, twice, left)
			}
		}
	}
}

func TestAReportIsSentBehindTheMessageThatWasTakenAhead(t *testing.T) {
	for step, nth := range map[string]int{"RCPT TO:<m1@": 1, "END": 2} {
		w := newWorld(t)
		w.row(4)
		w.peer.SayOnce(step, nth, "550 5.1.1 no", nil)
		if _, err := w.runner(1).Run(t.Context(), Scope{}); err != nil {
			t.Error(err)
		}
		w.once(4, step)
		w.count("reports", len(w.peer.letters("me@here.example")), 1)
		w.count("connections", w.peer.Sessions(), 1)
	}
}

func TestMessagesOfAnotherAccountGoInTurnsOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	for i := range 6 {
		w.after(time.Second)
		e := w.letter("hi", fmt.Sprintf("m%d@x.example", i))
		e.Account = []string{"", "other"}[i%2]
		w.accept(e)
	}
	if _, err := w.runner(1).Run(t.Context(), Scope{}); err != nil {
		t.Error(err)
	}
	w.once(6, "two accounts")
	w.count("connections", w.peer.Sessions(), 2)
	w.count("envelopes that went ahead", w.peer.along(), 0)
}

func TestMessagesThatComeOneByOneGoOverOneConnection(t *testing.T) {
	w := newWorld(t)
	ids := w.row(3)
	given, waited := 0, 0
	next := func(wait bool) (Turn, bool) {
		if !wait { // the next one comes only when the last has gone
			return Turn{}, false
		}
		waited++
		if got := len(w.peer.letters("")); got != given {
			t.Errorf("%d messages have gone, %d were given", got, given)
		}
		if given == len(ids) {
			return Turn{}, false
		}
		given++
		return Turn{ID: ids[given-1]}, true
	}
	tally, err := w.runner(1).Run(t.Context(), Scope{Next: next})
	if err != nil || tally != (Tally{Messages: 3, Delivered: 3}) {
		t.Errorf("%+v, %v", tally, err)
	}
	w.once(3, "one by one")
	w.count("connections", w.peer.Sessions(), 1)
	w.count("waits", waited, 4)
}
