package runner

import (
	"strings"
	"testing"
	"time"

	"mailchute/relay/envelope"
)

func TestTheIntervalGrowsToRetryMax(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT", "450 4.2.0 later")
	w.accept(w.letter("hi", "a@x.example"))
	for range 5 * 24 * 60 / 2 { // a run every two minutes
		w.run()
		w.after(2 * time.Minute)
	}
	if n := w.peer.Told("RCPT"); n < 30 || n > 50 {
		t.Errorf("%d attempts in five days", n)
	}
}

func TestWhatIsTooOldIsGivenUpAndReported(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<a@", "450 4.2.0 later")
	w.accept(w.letter("hi", "a@x.example"))
	for range 30 {
		w.run()
		w.after(4 * time.Hour)
	}
	w.run()
	w.want("waiting", w.waiting(), "")
	w.want("failed", w.failed(), "from <me@here.example>: a@x.example failed")
	reports := w.peer.letters("me@here.example")
	w.count("reports", len(reports), 1)
	if len(reports) == 1 && (!strings.Contains(reports[0].Text, "given up after 5 days") || !strings.Contains(reports[0].Text, "Status: 5.2.0")) {
		t.Errorf("the report:\n%s", reports[0].Text)
	}
}

func TestAMachineThatSleptTriesOnceMore(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<a@", "450 4.2.0 later")
	w.accept(w.letter("hi", "a@x.example"))
	w.run()
	w.after(30 * 24 * time.Hour)
	w.run()
	w.want("waiting", w.waiting(), "from <me@here.example>: a@x.example deferred")
}

func TestAWishForLaterReleaseIsKeptHere(t *testing.T) {
	w := newWorld(t)
	until := w.clock().Add(10 * 24 * time.Hour)
	e := w.letter("later", "a@x.example")
	e.Envelope.Options.Hold = &envelope.Hold{Until: until}
	w.accept(e)
	w.run() // the server does not offer FUTURERELEASE
	w.flush()
	w.count("messages", len(w.peer.letters("")), 0)
	w.want("waiting", w.waiting(), "from <me@here.example>: a@x.example deferred")
	for e := range w.queue.List() {
		if !e.NotBefore.Equal(until) || !e.Since.Equal(until) {
			t.Errorf("not before %s, age counts from %s; want %s", e.NotBefore, e.Since, until)
		}
	}

	e = w.letter("soon", "b@x.example")
	e.NotBefore = w.clock().Add(time.Hour)
	w.accept(e)
	w.flush()
	w.count("messages before their time", len(w.peer.letters("b@x.example")), 0)
	w.after(time.Hour)
	w.run()
	w.count("messages at their time", len(w.peer.letters("b@x.example")), 1)
}

func TestAClockThatJumpsBackStopsNothing(t *testing.T) {
	for _, trouble := range []string{"RCPT", "CONNECT"} {
		w := newWorld(t)
		w.after(365 * 24 * time.Hour) // the clock is wrong when the mail comes
		w.peer.Say(trouble, "450 4.2.0 later")
		w.accept(w.letter("hi", "a@x.example"))
		w.run()
		w.after(-365 * 24 * time.Hour)
		w.peer.Say(trouble, "")
		w.run()
		w.want("waiting after trouble with "+trouble, w.waiting(), "")
		w.count("messages", len(w.peer.letters("")), 1)
	}
}
