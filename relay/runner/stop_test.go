package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mailchute/relay/envelope"
)

func TestToBeStoppedIsNoAttempt(t *testing.T) {
	for _, step := range []string{"CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "END"} {
		t.Run(step, func(t *testing.T) {
			w := newWorld(t)
			w.peer.SayOnce("RCPT", 1, "450 4.2.0 not now", nil)
			id := w.accept(w.letter("hi", "a@x.example"))
			w.run()
			w.after(6 * 24 * time.Hour) // the next attempt is the last
			seen := len(w.events)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.peer.SayOnce(step, 1, "wait", cancel)
			tally, err := w.runner(1).Run(ctx, Scope{})
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if tally != (Tally{}) || len(w.events) != seen {
				t.Errorf("it counts: %+v, %+v", tally, w.events[seen:])
			}
			e, err := w.queue.Show(id)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Message.Body.Close()
			if o := e.Envelope.Recipients[0].Outcome; e.Retries[0].Attempts != 1 || o.State != envelope.Deferred || o.Text() != "450 4.2.0 not now" {
				t.Errorf("%+v, %+v", o, e.Retries[0])
			}
			w.want("failed", w.failed(), "")
			if holds, _ := w.queue.RouteHolds(); len(holds) != 0 {
				t.Errorf("held: %+v", holds)
			}
		})
	}
}

func TestWhatWasSaidBeforeARunIsStoppedCounts(t *testing.T) {
	w := newWorld(t)
	w.account.Relay.SMTP.NoPipelining = true // each reply is read before the next command
	w.accept(w.letter("hi", "a@x.example", "b@x.example", "c@x.example"))
	w.peer.SayOnce("RCPT TO:<a@", 1, "550 5.1.1 no", nil)
	w.peer.SayOnce("RCPT TO:<b@", 1, "450 4.2.0 not now", nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.peer.SayOnce("DATA", 1, "wait", cancel)
	tally, err := w.runner(1).Run(ctx, Scope{})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if tally != (Tally{Messages: 1, Failed: 1, Deferred: 1}) {
		t.Errorf("%+v", tally)
	}
	for _, want := range []string{"from <me@here.example>: a@x.example failed b@x.example deferred c@x.example pending", "from <>: me@here.example pending"} {
		if left := w.waiting(); !strings.Contains(left, want) { // both were accepted in one second, so in any order
			t.Errorf("no %q in %q", want, left)
		}
	}
	w.run()
	w.count("c", len(w.peer.letters("c@x.example")), 1)
	w.count("b", len(w.peer.letters("b@x.example")), 0)
}

func TestARunThatIsStoppedHoldsNoWay(t *testing.T) {
	w := newWorld(t)
	w.accept(w.letter("hi", "a@x.example"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := w.runner(1).Run(ctx, Scope{}); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, held := w.queue.RouteHold(""); held {
		t.Error("the way is held because we stopped")
	}
	w.flush()
	w.count("messages", len(w.peer.letters("")), 1)
}
