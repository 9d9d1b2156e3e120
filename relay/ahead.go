package relay

import (
	"slices"

	"mailchute/relay/envelope"
	"mailchute/relay/smtp"
)

// A row of messages goes out in one flight each: while the content of one is on
// its way, the delivery of the next begins, and its envelope travels along (RFC
// 2920 section 3.1). This is for the simple case alone, which is nearly all of
// them: what has begun is one transaction for all recipients, by the smarthost
// in use, and the message before needs no other one. All else waits for its turn.
//
// What has begun is a delivery like any other. When the connection is lost before
// its content was sent, then nobody has got it, and it goes on by a new one.

// mayLookAhead tells whether nothing of this message will be left when the next
// transaction is through, as far as is known before it. Behind a redirect that was
// remembered the old address may yet get its turn.
func (d *delivery) mayLookAhead() bool {
	return d.Ahead != nil && !d.apart && d.Carrier == d.home &&
		d.list.isEmpty() && len(d.turns) == 0 && !slices.ContainsFunc(d.env.Recipients, isSentOn)
}

func isSentOn(r *envelope.Recipient) bool { return len(r.Trail) > 0 }

// lookAhead begins the next delivery, if sofar leaves nothing to do for this one,
// and gives the transaction whose envelope can travel now.
func (d *delivery) lookAhead(sofar smtp.Result) *smtp.Transaction {
	for _, r := range sofar.Recipients {
		if r != nil && (tooMany(*r) || d.Redirect.Covers(r.Code)) {
			return nil
		}
	}
	if d.begun == nil { // else this is another try of the same content
		env, msg := d.Ahead()
		if env == nil {
			return nil
		}
		d.home.begun = d.delivery(env, msg)
	}
	return d.begun.goAhead()
}

// goAhead makes the transaction of a delivery that is no more than one; nil when
// it is. All mailboxes stay on the list until wentAhead.
func (d *delivery) goAhead() *smtp.Transaction {
	batch := d.batch()
	whole := d.list.isEmpty() && len(d.turns) == 0
	d.list.back(batch)
	if !whole || slices.ContainsFunc(d.env.Recipients, isSentOn) {
		return nil
	}
	t, batch, refusal := d.prepare(batch)
	if refusal != nil || len(batch) == 0 {
		return nil
	}
	d.ahead = &transaction{t, d.conn, batch}
	return &d.ahead.Transaction
}

// wentAhead is the transaction whose envelope is on this connection already; nil
// when there is none, or the connection is another one now.
func (d *delivery) wentAhead() *transaction {
	t := d.ahead
	d.ahead = nil
	if t == nil || t.conn != d.conn {
		return nil
	}
	d.list.take(0, &domainLimit{}, nil) // goAhead took all of them
	return t
}

// isGoodbye tells whether a way was lost because the server had enough of this
// connection, and said so. Without a word it may be that it cannot cope with
// envelopes that go ahead.
func isGoodbye(lost *smtp.Error) bool { return lost.Reply != nil && lost.Reply.Code == 421 }
