package queue

import (
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
)

// Entry is one message in the queue: what was accepted, and how far it got.
type Entry struct {
	ID        string    // set by Accept
	Submitted time.Time // when it was accepted
	Since     time.Time // from when its age counts for expiry: Submitted, or the last retry by hand
	Account   string    // the account to send with; "" is the main one
	User      string    // who submitted it
	UID       int       // his user id, where the kernel told it to a server; 0: root, or unknown
	Errors    string    // what -oe asked for: how failure is to be told; "" is the default
	Family    string    // the same for all envelopes of one message, see Siblings; "" where there is one

	Envelope *envelope.Envelope
	Message  *message.Message // nil in a listing
	Size     int64            // octets of header, empty line and body

	Retries   []Retry   // one for each recipient, in the same order
	Held      bool      // by hand; nothing is sent until it is released
	NotBefore time.Time // a wish for later release, RFC 4865, kept here; zero: none
	Warned    bool      // the sender was told that it is late
	Failed    bool      // it stands among the failed
}

// Retry is the story of the attempts for one recipient.
type Retry struct {
	Attempts int
	Last     time.Time // of the latest attempt
	Next     time.Time // the next attempt is not before this; of who has failed, the report of it
	Told     bool      // the sender was told of its final fate
}

// due tells whether the time of the next attempt has come. A clock that stands
// before the last attempt was set back, and then no wait that was counted
// from it means anything.
func (r Retry) due(now time.Time) bool {
	return !now.Before(r.Next) || now.Before(r.Last)
}

// open tells whether recipient i still waits for its fate.
func (e *Entry) open(i int) bool {
	s := e.Envelope.Recipients[i].Outcome.State
	return s == envelope.Pending || s == envelope.Deferred
}

// Next is the time of the next attempt: the earliest of the recipients that
// still wait, and not before NotBefore. Zero: none waits.
func (e *Entry) Next() time.Time {
	var next time.Time
	found := false
	for i, r := range e.Retries {
		if e.open(i) && (!found || r.Next.Before(next)) {
			next, found = r.Next, true
		}
	}
	if found && next.Before(e.NotBefore) {
		return e.NotBefore
	}
	return next
}

// Waits tells whether nothing may be sent at this time, even when a user asks
// for it: the message is held, or shall not go before a time.
func (e *Entry) Waits(now time.Time) bool {
	return e.Held || now.Before(e.NotBefore)
}

// Wake makes the deferred recipients whose time has come pending, so that the
// next attempt is for them, and tells how many are pending now. Those that meet in
// one mailbox get one copy, so the time of one is the time of all.
func (e *Entry) Wake(now time.Time) int {
	return e.wake(func(r Retry) bool { return r.due(now) })
}

// WakeAll is Wake without regard to the time of the next attempt.
func (e *Entry) WakeAll() int { return e.wake(func(Retry) bool { return true }) }

func (e *Entry) wake(due func(Retry) bool) int {
	woken := map[address.Addr]bool{}
	for i, r := range e.Envelope.Recipients {
		if r.Outcome.State == envelope.Pending || r.Outcome.State == envelope.Deferred && due(e.Retries[i]) {
			woken[r.Address.Folded()] = true
		}
	}
	n := 0
	for _, r := range e.Envelope.Recipients {
		if s := r.Outcome.State; s == envelope.Pending || s == envelope.Deferred && woken[r.Address.Folded()] {
			r.Outcome.State = envelope.Pending
			n++
		}
	}
	return n
}

// due tells whether any recipient's time has come.
func (e *Entry) due(now time.Time) bool {
	if e.Waits(now) {
		return false
	}
	for i, r := range e.Retries {
		if e.open(i) && r.due(now) {
			return true
		}
	}
	// When all fates are final somebody has to finish it.
	return e.Next().IsZero() && e.end().due(now)
}

// end is what a message waits for whose fates are all final: that the sender can be
// told of the last failure. Zero: for nothing.
func (e *Entry) end() (last Retry) {
	for i, r := range e.Envelope.Recipients {
		if t := e.Retries[i]; r.Outcome.State == envelope.Failed && !t.Told && t.Next.After(last.Next) {
			last = t
		}
	}
	return last
}

// index is the modification time that makes a look at the names find the entry
// when it is time. Held ones lie beyond every horizon.
func (e *Entry) index() time.Time {
	switch next := e.Next(); {
	case e.Held:
		return farAway
	case next.IsZero():
		return latest(e.Submitted, e.end().Next)
	default:
		return next
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

var farAway = clamp(time.Unix(1<<62, 0))

// complete gives every recipient a Retry and the entry a Since.
func (e *Entry) complete() {
	for len(e.Retries) < len(e.Envelope.Recipients) {
		e.Retries = append(e.Retries, Retry{})
	}
	e.Retries = e.Retries[:len(e.Envelope.Recipients)]
	if e.Since.IsZero() {
		e.Since = e.Submitted
	}
}
