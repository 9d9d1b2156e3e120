package runner

import (
	"math/rand/v2"
	"strconv"
	"time"

	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// schedule sets the time of the next attempt for what is deferred, and gives up
// on what is too old, or too late for its deadline. held is until when the way is
// held, zero when it is not.
func (w *worker) schedule(it *queue.Item, way *way, tried []int, held time.Time) {
	now, by := w.Now(), it.Envelope.Options.DeliverBy
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
		switch wish := it.Envelope.Options.Hold; {
		case r.Outcome.State != envelope.Deferred:
			t.Next = time.Time{}
		case r.Outcome.Cause == envelope.CauseHold && wish != nil && wish.Until.After(now):
			// The server does not offer FUTURERELEASE, RFC 4865: it is held here,
			// and its age counts from then on.
			it.NotBefore, it.Since, t.Next = wish.Until, wish.Until, wish.Until
		case by.Missed(now): // while it was tried
			late := relay.TooLate(by, now)
			r.Outcome.Status = late.Status
			giveUp(r, t, late.Reason)
		case queue.Expired(it.Since, last, now, way.Expire, way.RetryMax):
			giveUp(r, t, "given up after "+age(way.Expire))
			if err := way.Relay.GaveUp(r); err != nil {
				w.tell(Event{Entry: &it.Entry, Err: err})
			}
		default:
			t.Next = by.NotAfter(way.next(r, t, now, held), now)
		}
	}
}

// next is the time of the next attempt for r after one that ended now.
func (w *way) next(r *envelope.Recipient, t *queue.Retry, now, held time.Time) time.Time {
	switch {
	case !held.IsZero():
		return held // the way waits, and this message with it
	case r.Outcome.Cause == envelope.CauseLogin:
		return now.Add(w.RetryMax)
	}
	return queue.Next(t.Attempts, now, w.RetryMin, w.RetryMax, rand.Float64())
}

// giveUp makes a deferred recipient one that failed: why stands in front of what its
// last attempt found.
func giveUp(r *envelope.Recipient, t *queue.Retry, why string) {
	if r.Outcome.Reason != "" {
		why += "; " + r.Outcome.Reason
	}
	r.Outcome.State, r.Outcome.Reason, t.Next = envelope.Failed, why, time.Time{}
}

// warnAfter is how old a message is when its sender is told of the delay; 0 is never.
// A deadline that asks for no more than that is when he wants to be told (RFC 2852,
// introduction).
func warnAfter(it *queue.Item, way *way) time.Duration {
	if by := it.Envelope.Options.DeliverBy; by != nil && !by.Return {
		return max(by.Deadline.Sub(it.Since), 1)
	}
	return way.WarnAfter
}

// triedUntil is when a message is given up.
func triedUntil(it *queue.Item, way *way) time.Time {
	until := it.Since.Add(way.Expire)
	if by := it.Envelope.Options.DeliverBy; by != nil && by.Return && by.Deadline.Before(until) {
		return by.Deadline
	}
	return until
}

// age is a time for people: whole days where it is some.
func age(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 1 && d%(24*time.Hour) == 0 {
		return strconv.Itoa(int(days)) + " days"
	}
	return d.String()
}
