package runner

import (
	"context"
	"math/rand/v2"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/route"
)

// way is an account in a run, and whether it leads anywhere.
type way struct {
	*Account
	name    string            // of the account that reports go by
	err     error             // the account cannot be used, nor can its messages wait for it
	trouble *envelope.Outcome // why nothing goes this way now; nil: it does
	until   time.Time         // no attempt before
	held    bool              // the queue knows it
}

// way finds out once a run how an account is sent with, and again when somebody has
// freed its way.
func (p *pass) way(name string) *way {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.accounts[name]
	if w == nil || w.held && !p.isHeld(name) {
		w = p.find(name)
		p.accounts[name] = w
	}
	return w
}

func (p *pass) find(name string) *way {
	w := &way{name: name}
	if w.Account, w.err = p.Account(name); w.err != nil {
		return p.lost(name, w)
	}
	p.heed(name, w)
	return w
}

func (p *pass) isHeld(name string) bool {
	h, held := p.Queue.RouteHold(name)
	return held && h.Active(p.Now())
}

// heed looks at what the queue knows of a way.
func (p *pass) heed(name string, w *way) {
	h, held := p.Queue.RouteHold(name)
	if w.trouble != nil || !held || p.scope.All || !h.Active(p.Now()) {
		return
	}
	cause := envelope.CauseRoute
	if h.Login {
		cause = envelope.CauseLogin
	}
	w.trouble, w.until, w.held = &envelope.Outcome{State: envelope.Deferred, Cause: cause, Reason: h.Reason}, h.Until, true
}

// lost is the way of an account that is not there any more: its messages wait
// for somebody to put it right, by the times of the main account, and like all
// others they do not wait for ever.
func (p *pass) lost(name string, w *way) *way {
	main, err := p.Account("")
	if name == "" || err != nil {
		return w
	}
	w.trouble = &envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseRoute, Reason: w.err.Error()}
	w.Account, w.name, w.err, w.until = main, "", nil, p.Now().Add(main.RetryMax)
	return w
}

// enter is called before an attempt and gives the trouble of the way. The first
// attempt goes alone; the others wait for what it finds, in this run or another.
func (p *pass) enter(ctx context.Context, name string, w *way) (*envelope.Outcome, time.Time) {
	if trouble, until := p.blocked(w); trouble != nil || w.isMany() {
		return trouble, until
	}
	if !p.ways.enter(ctx, name) {
		p.mu.Lock()
		p.heed(name, w)
		p.mu.Unlock()
	}
	trouble, until := p.blocked(w)
	if trouble != nil { // no attempt comes of it: the next one is the first
		p.ways.lose(name, func() {})
	}
	return trouble, until
}

// isMany tells whether each domain is a way of its own, so that one says nothing of
// the others.
func (w *way) isMany() bool {
	return len(w.Relay.Smarthosts) > 0 && w.Relay.Smarthosts[0].Scheme == route.MX
}

// blocked gives the trouble of a way.
func (p *pass) blocked(w *way) (*envelope.Outcome, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return w.trouble, w.until
}

// block holds a way and gives the time before which nothing is tried on it. Where
// another configuration is in force by now, it says nothing of the way.
func (p *pass) block(name string, w *way, o envelope.Outcome) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.trouble != nil {
		return w.until
	}
	w.trouble, w.until = &o, p.Now()
	p.ways.lose(name, func() {
		var err error
		if h, held := p.Queue.RouteHold(name); held && !p.scope.All && h.Active(p.Now()) && (h.Login || o.Cause != envelope.CauseLogin) {
			w.until, w.held = h.Until, true // found by another while we tried: one trouble counts once
			return
		}
		w.until, err = Hold(p.Queue, name, w.Account, o, p.Now())
		if w.held = err == nil; !w.held && p.Told != nil {
			p.Told(Event{Err: err})
		}
	})
	return w.until
}

// Hold records trouble with the way of an account, found by an attempt that
// ended now. It gives the time before which nothing is to be tried on it. A
// refused login waits the longest: nobody mends a password within a minute, and
// servers lock accounts.
func Hold(q *queue.Queue, name string, a *Account, o envelope.Outcome, now time.Time) (time.Time, error) {
	h, known := q.RouteHold(name)
	if !known {
		h = queue.RouteHold{Name: name, Since: now}
	}
	h.Set, h.Attempts, h.Reason, h.Login = now, h.Attempts+1, o.Text(), o.Cause == envelope.CauseLogin
	h.Until = queue.Next(h.Attempts, now, a.RetryMin, a.RetryMax, rand.Float64())
	if h.Login {
		h.Until = now.Add(a.RetryMax)
	}
	return h.Until, q.HoldRoute(h)
}
