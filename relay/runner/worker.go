package runner

import (
	"cmp"
	"context"
	"errors"
	"time"

	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
)

// worker has a connection for each account.
type worker struct {
	*pass
	source   func(wait bool) (t Turn, ok bool)
	carriers map[string]*relay.Carrier
	ahead    *job   // the next one, taken while another was being sent; nil: none was
	looks    bool   // it may take one ahead
	later    []Turn // messages whose siblings were being sent
	patience time.Duration
}

func (w *worker) close() {
	for _, c := range w.carriers {
		c.Close()
	}
}

func (w *worker) carrier(ctx context.Context, name string, r *relay.Relay) *relay.Carrier {
	c := w.carriers[name]
	if c == nil {
		c = r.Carrier()
		c.Ahead = func() (*envelope.Envelope, *message.Message) { return w.lookAhead(ctx, name) }
		c.Welcome = func() { w.ways.show(name) }
		w.carriers[name] = c
	}
	return c
}

// work makes an attempt for one message, and for the reports that come of it.
// Where the run is stopped, the recipients of whom nobody has said anything stay as
// they were: that was no attempt.
func (w *worker) work(ctx context.Context, j *job) {
	defer j.Release()
	if ctx.Err() != nil {
		return
	}
	// Without anybody to try every fate is final, and only the end is missing.
	if len(j.tried) > 0 && !w.attempt(ctx, j) {
		return
	}
	w.conclude(ctx, j)
}

// attempt sends a message to the recipients that are awake, and says when those
// that were deferred shall be tried again. It is not done where the fates could
// not be recorded, or it was broken off for all.
func (w *worker) attempt(ctx context.Context, j *job) (done bool) {
	it, way, before := j.Item, j.way, j.copies()
	trouble, until := w.blocked(way)
	if late := relay.TooLate(it.Envelope.Options.DeliverBy, w.Now()); late != nil {
		trouble, until = late, time.Time{} // whatever the way is like
	}
	if trouble == nil && !w.canRecord(j) {
		w.hangUp(it.Account) // an envelope may have gone ahead
		return false
	}
	var siblings *queue.Siblings
	if trouble == nil {
		var free bool
		if siblings, free = w.siblings(ctx, it); !free {
			w.later = append(w.later, j.turn)
			return false
		}
		trouble, until = w.enter(ctx, it.Account, way)
	}
	if siblings != nil {
		defer siblings.Close()
	}
	var attempt relay.Attempt
	if trouble != nil {
		w.hangUp(it.Account)
		w.settle(it, j.tried, *trouble)
	} else {
		attempt, until = w.send(ctx, it, siblings, way)
	}
	if ctx.Err() != nil && !j.putBack(before, w.Now()) {
		return false
	}
	w.schedule(it, way, j.tried, until)
	w.count(it, j.tried)
	w.tell(Event{Entry: &it.Entry, Attempt: attempt, Tried: j.tried})
	return true
}

// send makes the attempt; until is not zero when it found trouble with the way.
func (w *worker) send(ctx context.Context, it *queue.Item, siblings *queue.Siblings, way *way) (attempt relay.Attempt, until time.Time) {
	c := w.carrier(ctx, it.Account, way.Relay)
	attempt = w.deliver(ctx, c, it, siblings)
	switch t := c.Trouble(); {
	case t == nil && attempt.Server == "": // nobody was asked, so nothing is known of the way
		w.ways.lose(it.Account, func() {})
	case t == nil:
		w.ways.show(it.Account)
		w.free(it.Account)
	case t.Cause == envelope.CauseStopped: // it is we who gave up
		w.ways.show(it.Account)
	default:
		until = w.block(it.Account, way, *t)
		w.hangUp(it.Account)
	}
	return attempt, until
}

// forSiblings is how long a message waits for another envelope of itself that is being
// sent, as long as others wait behind it. When nobody does it may take as long as an
// attempt can; after that it stays due, for a later run.
const (
	forSiblings = 5 * time.Second
	forAttempt  = 15 * time.Minute
)

// siblings holds the family of a message, nil where it has none; free is false where
// another has it. Where it cannot be had for other reasons the message goes all the
// same: a second copy is better than none.
func (w *worker) siblings(ctx context.Context, it *queue.Item) (s *queue.Siblings, free bool) {
	wait, cancel := context.WithTimeout(ctx, cmp.Or(w.patience, forSiblings))
	defer cancel()
	s, err := it.Siblings(wait)
	if err != nil && !errors.Is(err, queue.ErrBusy) {
		w.tell(Event{Entry: &it.Entry, Err: err})
	}
	return s, !errors.Is(err, queue.ErrBusy)
}

// deliver sends a message, and tells its siblings who has got it.
func (w *worker) deliver(ctx context.Context, c *relay.Carrier, it *queue.Item, siblings *queue.Siblings) relay.Attempt {
	if siblings == nil {
		return c.Deliver(ctx, it.Envelope, it.Message, false)
	}
	it.Envelope.Served = siblings.Served
	attempt := c.Deliver(ctx, it.Envelope, it.Message, false)
	if err := siblings.Add(it.Envelope.Copies()...); err != nil {
		w.tell(Event{Entry: &it.Entry, Err: err})
	}
	return attempt
}

// hangUp ends the connections of an account.
func (w *worker) hangUp(name string) {
	if c := w.carriers[name]; c != nil {
		c.Close()
		delete(w.carriers, name)
	}
}

// wake opens the recipients whose time has come, or all when it is early.
func (w *worker) wake(it *queue.Item, early bool) (tried []int) {
	if early {
		it.WakeAll()
	} else {
		it.Wake(w.Now())
	}
	for i, r := range it.Envelope.Recipients {
		if r.Outcome.State == envelope.Pending {
			tried = append(tried, i)
		}
	}
	return tried
}

// settle gives recipients an outcome without an attempt.
func (w *worker) settle(it *queue.Item, tried []int, o envelope.Outcome) {
	for _, i := range tried {
		it.Envelope.Recipients[i].Apply(o)
	}
}

// free forgets the trouble that a way had.
func (w *worker) free(name string) {
	if _, held := w.Queue.RouteHold(name); held {
		_ = w.Queue.FreeRoute(name)
	}
}

func (w *worker) count(it *queue.Item, tried []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tally.Messages++
	for _, i := range tried {
		switch it.Envelope.Recipients[i].Outcome.State {
		case envelope.Delivered:
			w.tally.Delivered++
		case envelope.Failed:
			w.tally.Failed++
		default:
			w.tally.Deferred++
		}
	}
}

// conclude records the fates, then tells the sender what is news to him, then
// puts the message where its fates belong. A crash in between tells twice and
// sends once. What another has told him meanwhile is no news any more.
func (w *worker) conclude(ctx context.Context, j *job) {
	it, way := j.Item, j.way
	if len(w.news(it, way, j.tried)) == 0 {
		w.finish(it, true)
		return
	}
	if err := it.Update(); err != nil {
		w.failed(it, err)
		return
	}
	w.workAhead(ctx)
	w.reports.Lock()
	defer w.reports.Unlock()
	ids, told := w.report(it, way, w.news(it, way, j.tried))
	w.finish(it, told || w.Now().Sub(it.Since) > 2*way.Expire)
	for _, id := range ids {
		if j := w.open(Turn{ID: id}); j != nil {
			w.work(ctx, j)
		}
	}
}

// finish puts the message where its fates belong. One whose sender could not be
// told of a failure stays for the next run.
func (w *worker) finish(it *queue.Item, told bool) {
	var err error
	switch {
	case !it.Next().IsZero() || !told:
		err = it.Update()
	case len(it.Envelope.Failed()) > 0:
		err = it.Fail(w.Now())
	default:
		err = it.Remove()
	}
	if err != nil {
		w.failed(it, err)
	}
}
