package runner

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// runs makes a run for each message at once, as workers do that share their ways.
func (w *world) runs(ways *Ways, ids ...string) (over *sync.WaitGroup) {
	over = &sync.WaitGroup{}
	for _, id := range ids {
		r := w.runner(1)
		r.Ways = ways
		given := false
		next := func(bool) (Turn, bool) {
			defer func() { given = true }()
			return Turn{ID: id}, !given
		}
		over.Go(func() {
			if _, err := r.Run(w.Context(), Scope{Next: next}); err != nil {
				w.Error(err)
			}
		})
	}
	return over
}

func TestRunsThatShareTheirWaysMeetAWrongPasswordOnce(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("EHLO", "PIPELINING,AUTH PLAIN")
	w.peer.Say("AUTH", "535 5.7.8 wrong")
	w.account.Relay.SMTP.Login = &smtp.Login{User: "me", Secret: func(context.Context) (secret.Secret, error) { return secret.New("pw"), nil }}
	var ways Ways
	w.runs(&ways, w.row(8)...).Wait()
	w.count("logins", w.peer.Told("AUTH"), 1)

	w.after(5 * time.Hour)
	w.runs(&ways, w.ids()...).Wait()
	w.count("logins when the hold has ended", w.peer.Told("AUTH"), 2)
}

// ids is what is in the queue.
func (w *world) ids() (ids []string) {
	for e := range w.queue.List() {
		ids = append(ids, e.ID)
	}
	return ids
}

func TestTheFirstOnAWayStopsNobodyOnceItsLoginIsTaken(t *testing.T) {
	for _, step := range []string{"RCPT TO:<m0@", "DATA"} {
		for _, pipelining := range []bool{true, false} {
			w := newWorld(t)
			w.account.Relay.SMTP.NoPipelining = !pipelining
			ids := w.row(2)
			ctx, cancel := context.WithCancel(t.Context())
			slow, ways := make(chan struct{}), &Ways{}
			w.peer.SayOnce(step, 1, "wait", func() { close(slow) })
			r := w.runner(1)
			r.Ways = ways
			var first sync.WaitGroup
			first.Go(func() { r.Run(ctx, Scope{Only: ids[:1]}) })
			<-slow
			w.runs(ways, ids[1]).Wait()
			w.count(fmt.Sprintf("messages beside one that waits for %s, pipelining %v", step, pipelining), len(w.peer.letters("m1@x.example")), 1)
			cancel()
			first.Wait()
		}
	}
}

func TestWaysOfAnOldConfigurationSayNothingOfTheNewOne(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("CONNECT", "554 5.3.2 not today")
	var ways Ways
	ways.End()
	w.runs(&ways, w.row(2)...).Wait()
	if h, held := w.queue.RouteHold(""); held {
		t.Errorf("held: %+v", h)
	}
	for e := range w.queue.List() {
		if e.Next().After(w.clock()) || e.Retries[0].Attempts > 0 {
			t.Errorf("%+v: it waits for a way that is of no interest", e.Retries[0])
		}
	}
	w.peer.Say("CONNECT", "")
	w.run()
	w.once(2, "under the new one")
}

func TestWhatIsGivenBeforeItsTimeWaitsUnlessItIsAskedFor(t *testing.T) {
	w := newWorld(t)
	w.peer.SayOnce("RCPT", 1, "450 4.2.0 later", nil)
	ids := w.row(1)
	var ways Ways
	w.runs(&ways, ids...).Wait()
	w.runs(&ways, ids...).Wait()
	w.count("attempts at once", w.peer.Told("RCPT"), 1)
	early := true
	if _, err := w.runner(1).Run(t.Context(), Scope{Next: func(bool) (Turn, bool) {
		defer func() { early = false }()
		return Turn{ID: ids[0], Early: true}, early
	}}); err != nil {
		t.Error(err)
	}
	w.once(1, "asked for")
}

// TestARunHeedsWhatAnotherFindsOut: the way was open when it began.
func TestARunHeedsWhatAnotherFindsOut(t *testing.T) {
	w := newWorld(t)
	ids := w.row(2)
	var ways Ways
	w.runs(&ways, ids[0]).Wait()
	p := &pass{Runner: w.runner(1), ways: &ways, accounts: map[string]*way{}}
	way := p.way("")
	ways.lose("", func() {
		if err := w.queue.HoldRoute(queue.RouteHold{Since: w.clock(), Set: w.clock(), Until: w.clock().Add(time.Hour), Reason: "gone"}); err != nil {
			t.Error(err)
		}
	})
	if trouble, _ := p.enter(t.Context(), "", way); trouble == nil {
		t.Error("it goes a way that is known to lead nowhere")
	}
}

func TestAWayThatIsFreedInTheMiddleOfARunIsTriedAgain(t *testing.T) {
	w := newWorld(t)
	w.peer.SayOnce("CONNECT", 1, "554 5.3.2 not today", nil)
	ids := w.row(3)
	given := 0
	next := func(wait bool) (Turn, bool) {
		if !wait || given == len(ids) {
			return Turn{}, false
		}
		if given == 2 { // the second has met the hold
			w.count("connections", w.peer.Sessions(), 1)
			if err := w.queue.FreeRoute(""); err != nil {
				t.Error(err)
			}
		}
		given++
		return Turn{ID: ids[given-1]}, true
	}
	tally, err := w.runner(1).Run(t.Context(), Scope{Next: next})
	if err != nil || tally != (Tally{Messages: 3, Delivered: 1, Deferred: 2}) {
		t.Errorf("%+v, %v", tally, err)
	}
}

func TestOneOutageCountsOnceHoweverManyMeetIt(t *testing.T) {
	w := newWorld(t)
	ids := w.row(9)
	var ways Ways
	w.runs(&ways, ids[0]).Wait() // the way leads somewhere
	w.peer.Say("CONNECT", "421 4.3.2 restarting")
	w.runs(&ways, ids[1:]...).Wait()
	if h, held := w.queue.RouteHold(""); !held || h.Attempts != 1 {
		t.Errorf("%d attempts, held %v", h.Attempts, h.Until.Sub(w.clock()))
	}
}

// TestWhoMeetsAHoldLeavesNobodyWaitingForHim: a run that goes on had found the way good;
// another one finds the login refused meanwhile.
func TestWhoMeetsAHoldLeavesNobodyWaitingForHim(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("EHLO", "PIPELINING,AUTH PLAIN")
	w.account.Relay.SMTP.Login = &smtp.Login{User: "me", Secret: func(context.Context) (secret.Secret, error) { return secret.New("pw"), nil }}
	ids := w.row(7)
	var ways Ways
	r := w.runner(1)
	r.Ways = &ways
	n, sent, refused := 0, make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		r.Run(t.Context(), Scope{Next: func(wait bool) (Turn, bool) {
			if !wait || n == 2 {
				return Turn{}, false
			}
			if n++; n == 2 {
				close(sent)
				<-refused
			}
			return Turn{ID: ids[n-1]}, true
		}})
	})
	<-sent
	w.peer.Say("AUTH", "535 5.7.8 wrong")
	w.runs(&ways, ids[2]).Wait()
	close(refused)
	first.Wait()
	w.after(5 * time.Hour)
	before := w.peer.Told("AUTH")
	w.runs(&ways, ids[3:]...).Wait()
	w.count("logins when the hold has ended", w.peer.Told("AUTH")-before, 1)
}
