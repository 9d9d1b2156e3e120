// Package runner sends what waits in a queue: each message whose time has come
// is acquired, delivered over a connection that is kept for the next one, and
// its recipients' fates are recorded before the next is touched.
//
// Trouble with a way holds the way, not each message: the first message that
// finds it makes the others wait, and they make no attempts. One bad message
// stops nobody. The sender is told of failure, delay and, where the server does
// not do it, of success, by reports that go through the same queue.
package runner

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"mailchute/headers/address"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/redirect"
)

// Account is how the messages of one account go out.
type Account struct {
	Relay     *relay.Relay
	RetryMin  time.Duration // between attempts for one recipient
	RetryMax  time.Duration
	Expire    time.Duration // after which we give up, RFC 5321 section 4.5.4.1
	WarnAfter time.Duration // after which the sender is told of the delay, once; 0: never
	Reporter  address.Addr  // mailer-daemon at a domain of ours
	Host      string        // name of this host in reports
	Memory    *redirect.Memory
}

// Runner runs one queue. Its fields are not changed while it runs.
type Runner struct {
	Queue   *queue.Queue
	Workers int                                 // connections at a time, at least 1
	Account func(name string) (*Account, error) // called once a run for each name
	Told    func(Event)                         // of each attempt; may be nil; called by one goroutine at a time
	Now     func() time.Time                    // the clock
}

// Event is what happened to one message.
type Event struct {
	Entry   *queue.Entry // nil when it could not be read
	Attempt relay.Attempt
	Tried   []int  // recipients of the entry that the attempt was for
	Err     error  // trouble with the queue or the message file
	Text    string // something else worth a line in the log
}

// Scope says which messages a run is for. The zero value is all that is due.
type Scope struct {
	All   bool                    // without regard to the time of the next attempt and to held ways
	Only  []string                // ids: these and no others
	Match func(*queue.Entry) bool // nil: all
}

// Tally counts recipients.
type Tally struct{ Messages, Delivered, Deferred, Failed int }

// Run makes one pass over the queue, oldest first. It ends early when ctx is
// done: what is being sent is finished or deferred first.
func (r *Runner) Run(ctx context.Context, scope Scope) (Tally, error) {
	p := &pass{Runner: r, scope: scope, accounts: map[string]*way{}}
	ids := make(chan string)
	var workers sync.WaitGroup
	for range max(r.Workers, 1) {
		workers.Go(func() {
			w := worker{pass: p, carriers: map[string]*relay.Carrier{}}
			defer w.close()
			for id := range ids {
				w.work(ctx, id)
			}
		})
	}
	err := p.feed(ctx, ids)
	close(ids)
	workers.Wait()
	return p.tally, err
}

// feed gives the ids to the workers.
func (p *pass) feed(ctx context.Context, ids chan<- string) error {
	give := func(id string) bool {
		select {
		case ids <- id:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for _, id := range p.scope.Only {
		if !give(id) {
			return ctx.Err()
		}
	}
	if p.scope.Only != nil {
		return nil
	}
	list := p.Queue.Due(p.Now(), retryCeiling)
	if p.scope.All {
		list = p.Queue.Ready(p.Now())
	}
	for id, err := range list {
		if err != nil {
			p.tell(Event{Err: err})
			continue
		}
		if !give(id) {
			return ctx.Err()
		}
	}
	return nil
}

// retryCeiling is a wait that no configuration goes beyond: what waits longer
// was set aside by a wrong clock.
const retryCeiling = 7 * 24 * time.Hour

// pass is one run.
type pass struct {
	*Runner
	scope Scope

	mu       sync.Mutex
	accounts map[string]*way
	tally    Tally
}

// way is an account in a run, and whether it leads anywhere.
type way struct {
	*Account
	err     error             // the account cannot be used
	trouble *envelope.Outcome // why nothing goes this way now; nil: it does
	until   time.Time         // no attempt before
}

// way finds out once a run how an account is sent with.
func (p *pass) way(name string) *way {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.accounts[name]; w != nil {
		return w
	}
	w := &way{}
	w.Account, w.err = p.Account(name)
	if h, held := p.Queue.RouteHold(name); w.err == nil && held && !p.scope.All && h.Active(p.Now()) {
		cause := envelope.CauseRoute
		if h.Login {
			cause = envelope.CauseLogin
		}
		w.trouble, w.until = &envelope.Outcome{State: envelope.Deferred, Cause: cause, Reason: h.Reason}, h.Until
	}
	p.accounts[name] = w
	return w
}

// blocked gives the trouble of a way.
func (p *pass) blocked(w *way) (*envelope.Outcome, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return w.trouble, w.until
}

// block holds a way. A refused login waits the longest: nobody mends a password
// within a minute, and servers lock accounts.
func (p *pass) block(name string, w *way, o envelope.Outcome) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.trouble != nil {
		return w.until
	}
	now := p.Now()
	h, known := p.Queue.RouteHold(name)
	if !known {
		h = queue.RouteHold{Name: name, Since: now}
	}
	h.Set, h.Attempts, h.Reason, h.Login = now, h.Attempts+1, o.Text(), o.Cause == envelope.CauseLogin
	h.Until = queue.Next(h.Attempts, now, w.RetryMin, w.RetryMax, rand.Float64())
	if h.Login {
		h.Until = now.Add(w.RetryMax)
	}
	if err := p.Queue.HoldRoute(h); err != nil && p.Told != nil {
		p.Told(Event{Err: err})
	}
	w.trouble, w.until = &o, h.Until
	return h.Until
}

func (p *pass) tell(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Told != nil {
		p.Told(e)
	}
}

// acquire takes a message for this worker; nil when there is nothing to do.
func (p *pass) acquire(id string) *queue.Item {
	it, err := p.Queue.Acquire(id)
	switch {
	case errors.Is(err, queue.ErrBusy), errors.Is(err, queue.ErrGone):
		return nil
	case err != nil:
		p.tell(Event{Err: err})
		return nil
	}
	if it.Trouble != nil {
		p.tell(Event{Entry: &it.Entry, Err: it.Trouble})
	}
	if it.Waits(p.Now()) || p.scope.Match != nil && !p.scope.Match(&it.Entry) {
		it.Release()
		return nil
	}
	return it
}
