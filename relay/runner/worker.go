package runner

import (
	"context"
	"math/rand/v2"
	"time"

	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// worker has a connection for each account.
type worker struct {
	*pass
	carriers map[string]*relay.Carrier
}

func (w *worker) close() {
	for _, c := range w.carriers {
		c.Close()
	}
}

func (w *worker) carrier(name string, r *relay.Relay) *relay.Carrier {
	c := w.carriers[name]
	if c == nil {
		c = r.Carrier()
		w.carriers[name] = c
	}
	return c
}

// work makes an attempt for one message, and for the reports that come of it.
func (w *worker) work(ctx context.Context, id string) {
	it := w.acquire(id)
	if it == nil {
		return
	}
	defer it.Release()
	way := w.way(it.Account)
	if way.err != nil {
		w.tell(Event{Entry: &it.Entry, Err: way.err})
		return
	}
	tried, woken := w.wake(it)
	if woken == 0 && it.Next().IsZero() {
		w.finish(it, way) // all was said already, only the record is missing
		return
	}
	if woken == 0 {
		return
	}
	trouble, until := w.blocked(way)
	var attempt relay.Attempt
	if trouble != nil {
		w.postpone(it, tried, *trouble)
	} else {
		if woken > 1 {
			// Where the fates cannot be recorded nothing may be sent: the disk is
			// full, and every run would send the message again.
			if err := it.Update(); err != nil {
				w.tell(Event{Entry: &it.Entry, Err: err})
				return
			}
		}
		c := w.carrier(it.Account, way.Relay)
		attempt = c.Deliver(ctx, it.Envelope, it.Message, false)
		if t := c.Trouble(); t != nil {
			until = w.block(it.Account, way, *t)
			delete(w.carriers, it.Account)
		} else {
			w.free(it.Account)
		}
	}
	w.count(it, tried)
	reports := w.settle(it, way, tried, attempt, until)
	w.tell(Event{Entry: &it.Entry, Attempt: attempt, Tried: tried})
	w.finish(it, way)
	for _, id := range reports {
		w.work(ctx, id)
	}
}

// wake opens the recipients whose time has come.
func (w *worker) wake(it *queue.Item) (tried []int, woken int) {
	if w.scope.All || w.scope.Only != nil {
		woken = it.WakeAll()
	} else {
		woken = it.Wake(w.Now())
	}
	for i, r := range it.Envelope.Recipients {
		if r.Outcome.State == envelope.Pending {
			tried = append(tried, i)
		}
	}
	return tried, woken
}

// postpone defers without an attempt.
func (w *worker) postpone(it *queue.Item, tried []int, o envelope.Outcome) {
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

// settle sets the time of the next attempt for what is deferred, gives up on
// what is too old, and makes the reports: it returns their ids.
func (w *worker) settle(it *queue.Item, way *way, tried []int, attempt relay.Attempt, held time.Time) []string {
	now := w.Now()
	for _, i := range tried {
		r, t := it.Envelope.Recipients[i], &it.Retries[i]
		last := t.Last
		if last.IsZero() {
			last = it.Submitted
		}
		t.Last = now
		if held.IsZero() {
			t.Attempts++
		}
		switch {
		case r.Outcome.State != envelope.Deferred:
		case queue.Expired(it.Since, last, now, way.Expire, way.RetryMax):
			r.Outcome.State = envelope.Failed
			r.Outcome.Reason = expiredReason(r.Outcome, way.Expire)
		case !held.IsZero():
			t.Next = held // the way waits, and this message with it
		case r.Outcome.Cause == envelope.CauseLogin:
			t.Next = now.Add(way.RetryMax)
		default:
			t.Next = queue.Next(t.Attempts, now, way.RetryMin, way.RetryMax, rand.Float64())
		}
	}
	return w.report(it, way, tried, attempt)
}

func expiredReason(o envelope.Outcome, after time.Duration) string {
	text := "given up after " + after.String()
	if o.Reason != "" {
		text += "; " + o.Reason
	}
	return text
}

// finish puts the message where its fates belong.
func (w *worker) finish(it *queue.Item, way *way) {
	var err error
	switch {
	case !it.Next().IsZero():
		err = it.Update()
	case len(it.Envelope.Failed()) > 0:
		err = it.Fail(w.Now())
	default:
		err = it.Remove()
	}
	if err != nil {
		w.tell(Event{Entry: &it.Entry, Err: err})
	}
}
