package runner

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// by makes e a message with a deadline, counted from now.
func (w *world) by(e queue.Entry, within time.Duration, back bool) queue.Entry {
	e.Envelope.Options.DeliverBy = &envelope.DeliverBy{Deadline: w.clock().Add(within), Return: back}
	return e
}

// nextIn is how long the only message waits for its next attempt.
func (w *world) nextIn() time.Duration {
	w.Helper()
	for e := range w.queue.List() {
		return e.Next().Sub(w.clock())
	}
	w.Error("nothing waits")
	return 0
}

// TestWhatMissedItsDeadlineIsReturned whatever the way is like: who does not get it
// is not asked, and the way may lead nowhere.
func TestWhatMissedItsDeadlineIsReturned(t *testing.T) {
	for _, tt := range []struct {
		name, command, reply string
		scope                Scope
	}{
		{"the smarthost is down", "CONNECT", "421 4.3.2 later", Scope{}},
		{"the smarthost is down, and somebody asks", "CONNECT", "421 4.3.2 later", Scope{All: true}},
		{"the session is broken off", "MAIL", "421 4.7.0 not now", Scope{}},
		{"the recipient is refused for now", "RCPT TO:<a@", "450 4.2.0 later", Scope{}},
		{"all is well, but nobody came by", "", "", Scope{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.account.RetryMin = 10 * time.Minute
			w.peer.Say("EHLO", "DELIVERBY")
			id := w.accept(w.by(w.letter("hi", "a@x.example"), time.Minute, true))
			if tt.command != "" {
				w.peer.Say(tt.command, tt.reply)
				w.run()
				if next := w.nextIn(); next != time.Minute {
					t.Errorf("the next attempt is in %s, the deadline in a minute", next)
				}
			}
			w.after(time.Minute)
			before := w.peer.Told("RCPT TO:<a@")
			w.scope(tt.scope)
			w.want("failed", w.failed(), "from <me@here.example>: a@x.example failed")
			w.count("times that it was offered past its deadline", w.peer.Told("RCPT TO:<a@")-before, 0)
			e, err := w.queue.Show(id)
			if err != nil {
				t.Fatal(err)
			}
			w.want("why", e.Summary().LastError, "5.4.7 the deadline set with --deliver-by has passed")
			if tt.command != "" {
				w.peer.Say(tt.command, "")
			}
			w.flush()
			if reports := w.peer.letters("me@here.example"); len(reports) != 1 || !strings.Contains(reports[0].Text, "Action: failed") || !strings.Contains(reports[0].Text, "Status: 5.4.7") {
				t.Errorf("the reports: %v", reports)
			}
			w.want("waiting", w.waiting(), "")
		})
	}
}

// TestADeadlineThatOnlyTellsIsToldOnce, at its time, and the message goes on.
func TestADeadlineThatOnlyTellsIsToldOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		notify envelope.Notify
		told   int
	}{
		{"nothing asked", envelope.Notify{}, 1},
		{"delay", envelope.Notify{Delay: true, Failure: true}, 1},
		{"no delay", envelope.Notify{Failure: true}, 0},
		{"never", envelope.Notify{Never: true}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.account.WarnAfter = 4 * time.Hour
			w.peer.Say("RCPT TO:<a@", "450 4.2.0 later")
			e := w.by(w.letter("hi", "a@x.example"), 30*time.Minute, false)
			e.Envelope.Recipients[0].Notify = tt.notify
			w.accept(e)
			for told := 0; told < 30; told++ {
				w.run()
				w.count("told before the deadline", len(w.peer.letters("me@here.example")), 0)
				w.after(time.Minute)
			}
			for range 100 {
				w.run()
				w.after(time.Hour / 6)
			}
			reports := w.peer.letters("me@here.example")
			w.count("reports", len(reports), tt.told)
			for _, r := range reports {
				if !strings.Contains(r.Text, "Action: delayed") {
					t.Errorf("the report:\n%s", r.Text)
				}
			}
			w.want("waiting", w.waiting(), "from <me@here.example>: a@x.example deferred")
		})
	}
}

func TestAWarningOfWhatIsReturnedSoonSaysWhen(t *testing.T) {
	w := newWorld(t)
	w.account.WarnAfter = time.Hour
	w.peer.Say("EHLO", "DELIVERBY")
	w.peer.Say("RCPT TO:<a@", "450 4.2.0 later")
	e := w.by(w.letter("hi", "a@x.example"), 2*time.Hour, true)
	w.accept(e)
	w.run()
	w.after(61 * time.Minute)
	w.run()
	reports := w.peer.letters("me@here.example")
	until := "Will-Retry-Until: " + e.Envelope.Options.DeliverBy.Deadline.Format("Mon, 2 Jan 2006 15:04:05")
	if len(reports) != 1 || !strings.Contains(reports[0].Text, until) {
		t.Errorf("want one with %q: %v", until, reports)
	}
}

// TestADeadlineDoesNotMakeAStorm: one attempt more, at the deadline, and then the
// intervals are what they were.
func TestADeadlineDoesNotMakeAStorm(t *testing.T) {
	w := newWorld(t)
	w.account.RetryMin = 10 * time.Minute
	w.peer.Say("RCPT TO:<a@", "450 4.2.0 later")
	w.accept(w.by(w.letter("hi", "a@x.example"), time.Minute, false))
	for range 60 {
		w.run()
		w.after(10 * time.Second)
	}
	w.want("attempts in ten minutes", fmt.Sprint(w.peer.Told("RCPT TO:<a@")), "2")
}
