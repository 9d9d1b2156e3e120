// Package runner sends what waits in a queue: each message whose time has come
// is acquired, delivered over a connection that is kept for the next one, and
// its recipients' fates are recorded before the content of the next is sent.
//
// Trouble with a way holds the way, not each message: the first message that
// finds it makes the others wait, and they make no attempts. One bad message
// stops nobody. The sender is told of failure, delay and, where the server does
// not do it, of success, by reports that go through the same queue.
package runner

import (
	"context"
	"errors"
	"sync"
	"syscall"
	"time"

	"mailchute/headers/address"
	"mailchute/relay"
	"mailchute/relay/queue"
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

	// Mailboxes is where mail to a sender goes, behind the aliases of this machine. Nil is
	// to himself.
	Mailboxes func(sender address.Addr) []address.Addr
}

// Runner runs one queue. Its fields are not changed while it runs.
type Runner struct {
	Queue   *queue.Queue
	Workers int                                 // connections at a time, at least 1
	Account func(name string) (*Account, error) // called once a run for each name, and again when a hold of its way has ended
	Told    func(Event)                         // of each attempt; may be nil; called by one goroutine at a time
	Now     func() time.Time                    // the clock
	Ways    *Ways                               // what this run shares with others of the same configuration; nil: nothing
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

	// Next, if not nil, gives the messages instead, one by one, to several goroutines.
	// Told to wait, by a worker that has nothing else to do, it may wait for one to
	// come; the connections stay open meanwhile. The run ends when it was told to wait
	// and gives none. Told not to, it may give one that is locked from then on and
	// tried behind the one that is being sent, however long that takes.
	Next func(wait bool) (t Turn, ok bool)
}

// Turn is a message whose turn it is.
type Turn struct {
	ID    string
	Early bool // without regard to the time of the next attempt
}

// Tally counts recipients.
type Tally struct{ Messages, Delivered, Deferred, Failed int }

// Run makes one pass over the queue, oldest first. It ends early when ctx is
// done: what is being sent is finished or deferred first.
func (r *Runner) Run(ctx context.Context, scope Scope) (Tally, error) {
	p := &pass{Runner: r, scope: scope, ways: r.Ways, accounts: map[string]*way{}}
	if p.ways == nil {
		p.ways = &Ways{}
	}
	ids := make(chan string)
	var workers sync.WaitGroup
	for range max(r.Workers, 1) {
		workers.Go(func() {
			w := worker{pass: p, source: p.source(ids), carriers: map[string]*relay.Carrier{}}
			defer w.close()
			w.run(ctx)
		})
	}
	err := p.feed(ctx, ids)
	close(ids)
	workers.Wait()
	return p.tally, err
}

// source is where a worker gets its messages.
func (p *pass) source(ids <-chan string) func(wait bool) (t Turn, ok bool) {
	if p.scope.Next != nil {
		return p.scope.Next
	}
	early := p.scope.All || p.scope.Only != nil
	return func(bool) (Turn, bool) { // there is always a next one soon, or the end
		id, ok := <-ids
		return Turn{ID: id, Early: early}, ok
	}
}

// feed gives the ids to the workers.
func (p *pass) feed(ctx context.Context, ids chan<- string) error {
	if p.scope.Next != nil {
		return nil
	}
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
	list := p.Queue.Due(p.Now(), RetryCeiling)
	if p.scope.All {
		list = p.Queue.Ready(p.Now())
	}
	for id, err := range list {
		if err != nil {
			p.tell(Event{Err: err})
			if id == "" { // the queue itself cannot be read, not one file in it
				return err
			}
			continue
		}
		if !give(id) {
			return ctx.Err()
		}
	}
	return nil
}

// RetryCeiling is longer than attempts usually lie apart: of what waits longer,
// by its configuration or by a wrong clock, the queue asks the state.
const RetryCeiling = 7 * 24 * time.Hour

// pass is one run.
type pass struct {
	*Runner
	scope   Scope
	ways    *Ways
	reports sync.Mutex // who tells senders: one at a time, so that an address that takes no report is found out by one

	mu       sync.Mutex
	accounts map[string]*way
	tally    Tally
	full     bool // nothing can be recorded, so nothing more is sent
}

func (p *pass) tell(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Told != nil {
		p.Told(e)
	}
}

// failed tells of a record that could not be written. Where it is the disk's
// fault the run sends nothing more.
func (p *pass) failed(it *queue.Item, err error) {
	p.tell(Event{Entry: &it.Entry, Err: err})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO, syscall.EROFS} {
		p.full = p.full || errors.Is(err, e)
	}
}

func (p *pass) isFull() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.full
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
