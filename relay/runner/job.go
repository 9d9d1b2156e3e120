package runner

import (
	"context"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
)

// job is a message in a worker's hands. Whatever comes, it is worked on or
// released.
type job struct {
	*queue.Item
	turn     Turn
	way      *way
	tried    []int // recipients that are awake
	recorded bool  // the state was written
}

// copies is the recipients that are awake, as they were before they were woken.
func (j *job) copies() []envelope.Recipient {
	all := make([]envelope.Recipient, len(j.tried))
	for n, i := range j.tried {
		all[n] = *j.Envelope.Recipients[i]
		if !j.Retries[i].Last.IsZero() {
			all[n].Outcome.State = envelope.Deferred
		}
	}
	return all
}

// putBack makes those recipients what they were before whose attempt was broken off,
// and tells whether there are others: only they were tried. Who was never tried is
// due now.
func (j *job) putBack(before []envelope.Recipient, now time.Time) bool {
	var tried []int
	for n, i := range j.tried {
		if r := j.Envelope.Recipients[i]; r.Outcome.Cause == envelope.CauseStopped {
			*r = before[n]
			if t := &j.Retries[i]; t.Next.IsZero() {
				t.Next = now
			}
		} else {
			tried = append(tried, i)
		}
	}
	j.tried = tried
	return len(tried) > 0
}

// run works on what comes until nothing more does.
func (w *worker) run(ctx context.Context) {
	for j := w.next(true); j != nil; j = w.next(true) {
		w.looks = true
		w.work(ctx, j)
	}
	if w.scope.Next == nil { // else the messages come again by themselves
		w.workLater(ctx)
	}
}

// workLater works on what had to wait for its siblings, now that nothing waits behind it.
func (w *worker) workLater(ctx context.Context) {
	w.looks, w.patience = false, forAttempt
	for _, t := range w.later {
		if j := w.open(t); j != nil {
			w.work(ctx, j)
		}
	}
}

// next is the message that was taken ahead, or another one; nil when there is none,
// which is the end for who wanted to wait.
func (w *worker) next(wait bool) *job {
	if j := w.ahead; j != nil {
		w.ahead = nil
		return j
	}
	for {
		t, ok := w.source(wait)
		if !ok {
			return nil
		}
		if j := w.open(t); j != nil {
			return j
		}
	}
}

// open takes a message for this worker and wakes the recipients whose time has
// come; nil when there is nothing to do.
func (w *worker) open(t Turn) *job {
	it := w.acquire(t.ID)
	if it == nil {
		return nil
	}
	it.Envelope.QueueID = it.ID
	j := &job{Item: it, turn: t, way: w.way(it.Account)}
	if j.way.err != nil {
		w.tell(Event{Entry: &it.Entry, Err: j.way.err})
		it.Release()
		return nil
	}
	j.tried = w.wake(it, t.Early)
	if len(j.tried) == 0 && !it.Next().IsZero() {
		it.Release()
		return nil
	}
	return j
}

// lookAhead is asked by the carrier of an account while it sends a message. The
// next one is this worker's from now on; it is given to the carrier if it goes the
// same way and its envelope may be said now.
func (w *worker) lookAhead(ctx context.Context, account string) (*envelope.Envelope, *message.Message) {
	if !w.looks || w.ahead != nil || ctx.Err() != nil {
		return nil, nil
	}
	j := w.next(false)
	w.ahead = j
	if j == nil || j.Account != account || len(j.tried) == 0 || j.Family != "" { // the message before may be a sibling
		return nil, nil
	}
	if trouble, _ := w.blocked(j.way); trouble != nil {
		return nil, nil
	}
	if !w.canRecord(j) {
		w.ahead = nil
		j.Release()
		return nil, nil
	}
	return j.Envelope, j.Message
}

// workAhead works on the message that was taken ahead, if there is one, before
// reports are sent over the connection that its envelope is on.
func (w *worker) workAhead(ctx context.Context) {
	w.looks = false
	if j := w.ahead; j != nil {
		w.ahead = nil
		w.work(ctx, j)
	}
}

// canRecord tells whether the fates of several recipients can be recorded, by
// doing it once before anything is sent. Where they cannot, the disk is full, and
// every run would send the message again.
func (w *worker) canRecord(j *job) bool {
	if w.isFull() {
		return false
	}
	if len(j.tried) < 2 || j.recorded {
		return true
	}
	if err := j.Update(); err != nil {
		w.tell(Event{Entry: &j.Entry, Err: err})
		return false
	}
	j.recorded = true
	return true
}
