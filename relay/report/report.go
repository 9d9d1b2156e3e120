// Package report tells the sender what became of a message: delivery status
// notifications (RFC 3464, RFC 6533 for addresses beyond ASCII) and a notice
// when a redirect was followed.
//
// A report is a value made from values: clock, Message-ID and boundary come in,
// a message and its envelope come out, and nothing is sent. Its reverse-path is
// null and it says Auto-Submitted: auto-replied (RFC 3834), so no report ever
// answers a report; about a message with a null reverse-path there is none at
// all (RFC 5321 section 4.5.5). NOTIFY decides whom it speaks of (RFC 3461
// section 4.1).
package report

import (
	"errors"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/reply"
)

// ErrNothing says that there is nothing to tell: the sender is null, or nobody
// in the envelope has a fate of which the sender wants to hear.
var ErrNothing = errors.New("nothing to report")

// Original is the message that a report speaks of. Of the envelope's recipients
// those are told whose outcome the report is about; leave out those that were
// told before.
type Original struct {
	Envelope  *envelope.Envelope
	Message   *message.Message
	ID        string    // in the queue; "" if it has none
	Submitted time.Time // when it was accepted

	// To is the mailboxes that mail to its sender goes to, where that is an alias of this
	// machine; none: the sender's own.
	To []address.Addr
}

// Stamp is what makes a report this one.
type Stamp struct {
	From      address.Addr // who reports: mailer-daemon at a domain of ours
	Host      string       // the name of this host: Reporting-MTA
	Date      time.Time
	MessageID string // without brackets
	Boundary  string // random: no line of the original begins with it; RFC 2046 section 5.1.1
}

// Failure reports the recipients that failed for good. The original goes back
// with it: whole or its header, as RET says.
func Failure(o Original, s Stamp) (*message.Message, *envelope.Envelope, error) {
	about := o.choose(envelope.Failed, func(n envelope.Notify) bool { return n.IsZero() || n.Failure })
	return o.notify(s, about, failed, o.returned())
}

// Delay reports the recipients that are still deferred; they are tried until the
// time given.
func Delay(o Original, s Stamp, until time.Time) (*message.Message, *envelope.Envelope, error) {
	about := o.choose(envelope.Deferred, func(n envelope.Notify) bool { return n.IsZero() || n.Delay })
	k := delayed
	k.until = until
	// Without a failure only the header goes back, RFC 3461 section 4.3.
	return o.notify(s, about, k, returnHeader)
}

// Relayed reports, to a sender who asked for it with NOTIFY=SUCCESS, the
// recipients that were handed to a server which does not report itself (RFC 3461
// section 5.2.2).
func Relayed(o Original, s Stamp) (*message.Message, *envelope.Envelope, error) {
	about := o.choose(envelope.Delivered, func(n envelope.Notify) bool { return n.Success })
	return o.notify(s, about, relayed, returnHeader)
}

// choose is the recipients in a state whose NOTIFY wants a report about it.
func (o Original) choose(state envelope.State, wanted func(envelope.Notify) bool) []*envelope.Recipient {
	var rs []*envelope.Recipient
	for _, r := range o.Envelope.Recipients {
		if r.Outcome.State == state && !r.Notify.Never && wanted(r.Notify) {
			rs = append(rs, r)
		}
	}
	return rs
}

// kind is a kind of report.
type kind struct {
	subject string
	action  string // RFC 3464 section 2.3.3
	class   int    // of the status code
	intro   string
	outro   string
	until   time.Time // Will-Retry-Until
}

var (
	failed = kind{
		subject: "Mail could not be delivered",
		action:  "failed", class: 5,
		intro: "Your message could not be delivered to the addresses below, and will not be tried again.",
	}
	delayed = kind{
		subject: "Mail is delayed",
		action:  "delayed", class: 4,
		intro: "Your message could not be delivered to the addresses below yet.",
		outro: "This is a warning only. You need not send it again: it is tried until %s.",
	}
	relayed = kind{
		subject: "Mail was handed on",
		action:  "relayed", class: 2,
		intro: "Your message for the addresses below was handed to a mail server that may not tell you of its further way.",
	}
)

// status is the status code of a recipient in a report of kind k: its own, with
// the class of what the report says (RFC 3463 section 2): when we give up, a
// temporary trouble has become permanent.
func (k kind) status(o envelope.Outcome) reply.Enhanced {
	e := o.Status
	if e.IsZero() && o.Reply != nil {
		e = o.Reply.Enhanced
	}
	e.Class = k.class
	return e
}

// envelope is the envelope of a report about o: from nobody, to the sender.
func (o Original) envelope() *envelope.Envelope {
	mailboxes := o.To
	if len(mailboxes) == 0 {
		mailboxes = []address.Addr{o.Envelope.Sender}
	}
	var recipients []*envelope.Recipient
	for _, to := range mailboxes {
		recipients = append(recipients, &envelope.Recipient{Original: to, Address: to})
	}
	return &envelope.Envelope{
		Recipients: recipients,
		// A report tells as much as the message did: it is protected alike, RFC
		// 8689 section 5.
		Options: envelope.Options{RequireTLS: o.Envelope.Options.RequireTLS},
	}
}
