package runner

import (
	"context"
	"math/rand/v2"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// way is an account in a run, and whether it leads anywhere.
type way struct {
	*Account
	name    string            // of the account that reports go by
	err     error             // the account cannot be used, nor can its messages wait for it
	trouble *envelope.Outcome // why nothing goes this way now; nil: it does
	until   time.Time         // no attempt before
	begun   bool              // somebody has gone ahead
	shown   chan struct{}     // closed once an attempt has shown whether the way leads anywhere
}

// headStart is how long the first message of a way goes alone. It bounds what a
// large one costs the others.
const headStart = time.Minute

// way finds out once a run how an account is sent with.
func (p *pass) way(name string) *way {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.accounts[name]
	if w == nil {
		w = p.find(name)
		p.accounts[name] = w
	}
	return w
}

func (p *pass) find(name string) *way {
	w := &way{name: name, shown: make(chan struct{})}
	if w.Account, w.err = p.Account(name); w.err != nil {
		return p.lost(name, w)
	}
	if h, held := p.Queue.RouteHold(name); held && !p.scope.All && h.Active(p.Now()) {
		cause := envelope.CauseRoute
		if h.Login {
			cause = envelope.CauseLogin
		}
		w.trouble, w.until = &envelope.Outcome{State: envelope.Deferred, Cause: cause, Reason: h.Reason}, h.Until
	}
	return w
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

// enter is called before an attempt. The first of a run goes alone, so that a
// thousand messages meet a wrong password once, and not once for each connection;
// the others wait for what it finds. It gives the trouble of the way.
func (p *pass) enter(ctx context.Context, w *way) (*envelope.Outcome, time.Time) {
	p.mu.Lock()
	first := w.trouble == nil && !w.begun
	w.begun = true
	p.mu.Unlock()
	if !first {
		p.await(ctx, w)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return w.trouble, w.until
}

func (p *pass) await(ctx context.Context, w *way) {
	if trouble, _ := p.blocked(w); trouble != nil {
		return
	}
	select {
	case <-w.shown:
		return
	default:
	}
	alone := time.NewTimer(headStart)
	defer alone.Stop()
	select {
	case <-w.shown:
	case <-alone.C:
	case <-ctx.Done():
	}
}

// leave is called after an attempt.
func (p *pass) leave(w *way) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-w.shown:
	default:
		close(w.shown)
	}
}

// blocked gives the trouble of a way.
func (p *pass) blocked(w *way) (*envelope.Outcome, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return w.trouble, w.until
}

// block holds a way and gives the time before which nothing is tried on it.
func (p *pass) block(name string, w *way, o envelope.Outcome) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.trouble != nil {
		return w.until
	}
	until, err := Hold(p.Queue, name, w.Account, o, p.Now())
	if err != nil && p.Told != nil {
		p.Told(Event{Err: err})
	}
	w.trouble, w.until = &o, until
	return until
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
