// Package envelope is who sends, who shall receive, and what became of each.
// A recipient's fate is its own: it changes only through Apply, and only
// forward, from Pending to Delivered, Deferred or Failed.
package envelope

import (
	"time"

	"mailchute/headers/address"
)

// Envelope is what RFC 5321 section 2.3.1 calls the envelope, with the
// parameters that extensions attach to it. It is kept apart from the header
// from the moment both are known.
type Envelope struct {
	Sender     address.Addr // the reverse-path; the zero value is the null one
	Recipients []*Recipient
	Options    Options
	QueueID    string // of the message in the queue that it is sent from, for logs; "" where it is sent at once

	// Served are mailboxes that have had their copy by another envelope of the same
	// message, such as that of a mailing list. Whom a redirect leads there gets no other.
	Served []address.Addr
}

// Options are the wishes that hold for the whole message. A zero value asks for
// nothing.
type Options struct {
	Return     Return     // RET, RFC 3461 section 4.3
	EnvelopeID string     // ENVID as typed, not yet xtext; RFC 3461 section 4.4
	EightBit   bool       // -B8BITMIME was given; only a hint, the body is looked at
	SMTPUTF8   bool       // -U: ask for SMTPUTF8 even where nothing needs it, RFC 6531
	RequireTLS bool       // RFC 8689
	Priority   *int       // MT-PRIORITY, -9 to 9, RFC 6710; nil: not asked
	DeliverBy  *DeliverBy // RFC 2852; nil: not asked
	Hold       *Hold      // FUTURERELEASE, RFC 4865; nil: not asked
}

// Return is what a delivery report shall hold of the message.
type Return string

// The values of RET, RFC 3461 section 4.3.
const (
	ReturnFull    Return = "FULL"
	ReturnHeaders Return = "HDRS"
)

// DeliverBy is a deadline, RFC 2852 section 4.
type DeliverBy struct {
	Deadline time.Time // seconds on the wire are counted from the time of sending
	Return   bool      // R: send back when late; else N: notify only
	Trace    bool      // T
}

// Missed tells whether the deadline of b has passed in mode R: what has not been sent
// is returned. A nil b is no deadline.
func (b *DeliverBy) Missed(now time.Time) bool {
	return b != nil && b.Return && !now.Before(b.Deadline)
}

// NotAfter is next, or the deadline where that comes first: then the sender is to be
// told something. In mode N he has been told once it has passed.
func (b *DeliverBy) NotAfter(next, now time.Time) time.Time {
	if b == nil || !b.Deadline.Before(next) || !b.Return && !b.Deadline.After(now) {
		return next
	}
	return b.Deadline
}

// Hold asks for release at a later time, RFC 4865. Until is always set; For is
// the wish as it was typed when it was a duration, zero otherwise.
type Hold struct {
	Until time.Time
	For   time.Duration
}

// Notify is NOTIFY of RFC 3461 section 4.1. The zero value asks for nothing.
type Notify struct {
	Never, Success, Failure, Delay bool
}

// Ask sets what a keyword in lower case asks for, and tells whether it is one.
func (n *Notify) Ask(keyword string) bool {
	switch keyword {
	case "never":
		n.Never = true
	case "success":
		n.Success = true
	case "failure":
		n.Failure = true
	case "delay":
		n.Delay = true
	default:
		return false
	}
	return true
}

// IsZero tells whether nothing was asked.
func (n Notify) IsZero() bool { return n == Notify{} }

// Or is what is asked of one copy for two recipients: all that one of them wants to
// know. Who asked nothing may be told of failure and delay (RFC 3461 section 4.1).
func (n Notify) Or(o Notify) Notify {
	switch {
	case n == o, o.Never:
		return n
	case n.Never:
		return o
	}
	usual := n.IsZero() || o.IsZero()
	return Notify{Success: n.Success || o.Success, Failure: usual || n.Failure || o.Failure, Delay: usual || n.Delay || o.Delay}
}
