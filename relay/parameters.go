package relay

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/reply"
	"mailchute/relay/smtp"
)

// parameters turns the wishes of an envelope into the parameters of MAIL and
// RCPT, as far as the server offers them. A parameter that was not offered is
// never sent (RFC 5321 section 4.1.1.2): a wish is then dropped with a note, a
// demand refuses the message before any data.
type parameters struct {
	options   envelope.Options
	returning bool // the reverse-path is null: it is itself about a message
	ext       smtp.Extensions
	secure    bool // verified TLS, or a socket of this machine
	now       time.Time
	note      func(string)
}

// mail is the parameters of MAIL. The outcome is not nil when the message must
// not go to this server.
func (p parameters) mail(c *content) ([]string, *envelope.Outcome) {
	var out []string
	if p.ext.Size {
		size := c.Estimate()
		if limit := p.ext.MaxSize; limit > 0 && size > limit { // RFC 1870 section 6.1
			return nil, refuse(5, 3, 4, fmt.Sprintf("the message has %d octets, the server takes at most %d", size, limit))
		}
		out = append(out, "SIZE="+strconv.FormatInt(size, 10))
	}
	if b := c.BodyType(); b != "" {
		out = append(out, "BODY="+b) // RFC 6152 section 2, RFC 3030 section 3
	}
	if c.SMTPUTF8() {
		out = append(out, "SMTPUTF8") // RFC 6531 section 3.4
	}
	for _, f := range []func([]string) ([]string, *envelope.Outcome){p.requireTLS, p.dsn, p.priority, p.deliverBy, p.hold} {
		var refusal *envelope.Outcome
		if out, refusal = f(out); refusal != nil {
			return nil, refusal
		}
	}
	return out, nil
}

// requireTLS is RFC 8689 section 4.2.1. What goes back to a sender is for him to learn
// that his message was not sent, and goes without it where it cannot be had (section 5).
func (p parameters) requireTLS(out []string) ([]string, *envelope.Outcome) {
	switch refusal := p.unprotected(); {
	case refusal != nil:
		return nil, refusal
	case !p.options.RequireTLS:
		return out, nil
	case !p.secure || !p.ext.RequireTLS:
		p.drop("REQUIRETLS over verified TLS")
		return out, nil
	}
	return append(out, "REQUIRETLS"), nil
}

// unprotected is why a message that asks for REQUIRETLS must not go to this server:
// only over verified TLS, to one that offers it, or not at all.
func (p parameters) unprotected() *envelope.Outcome {
	switch {
	case !p.options.RequireTLS || p.returning:
		return nil
	case !p.secure:
		return refuse(5, 7, 10, "REQUIRETLS was asked for, and the connection has no verified TLS")
	case !p.ext.RequireTLS:
		return refuse(5, 7, 30, "REQUIRETLS was asked for, and the server does not offer it")
	}
	return nil
}

// dsn is RET and ENVID, RFC 3461 sections 4.3 and 4.4.
func (p parameters) dsn(out []string) ([]string, *envelope.Outcome) {
	o := p.options
	if !p.ext.DSN {
		if o.Return != "" || o.EnvelopeID != "" {
			p.drop("DSN")
		}
		return out, nil
	}
	if o.Return != "" {
		ret := o.Return
		if o.RequireTLS { // RFC 8689 section 5: the text must not come back over unknown ways
			ret = envelope.ReturnHeaders
		}
		out = append(out, "RET="+string(ret))
	}
	if o.EnvelopeID != "" {
		out = append(out, "ENVID="+envelope.EncodeXtext(o.EnvelopeID))
	}
	return out, nil
}

// priority is a parameter of MAIL, not of RCPT: RFC 6710 section 3.
func (p parameters) priority(out []string) ([]string, *envelope.Outcome) {
	if p.options.Priority == nil {
		return out, nil
	}
	if !p.ext.MTPriority {
		p.drop("MT-PRIORITY")
		return out, nil
	}
	return append(out, "MT-PRIORITY="+strconv.Itoa(*p.options.Priority)), nil
}

// hold is FUTURERELEASE, RFC 4865 section 3: one of HOLDFOR and HOLDUNTIL,
// within what the server allows.
func (p parameters) hold(out []string) ([]string, *envelope.Outcome) {
	h := p.options.Hold
	if h == nil {
		return out, nil
	}
	left := h.Until.Sub(p.now)
	if left <= 0 {
		return out, nil // released already
	}
	switch {
	case !p.ext.FutureRelease:
		return nil, notHeld("a hold was asked for, and the server does not offer FUTURERELEASE")
	case p.ext.MaxHold > 0 && left > p.ext.MaxHold,
		!p.ext.MaxUntil.IsZero() && h.Until.After(p.ext.MaxUntil):
		return nil, notHeld("a hold was asked for, and it is longer than the server allows")
	case h.For > 0:
		return append(out, "HOLDFOR="+strconv.Itoa(int(math.Ceil(left.Seconds())))), nil
	}
	return append(out, "HOLDUNTIL="+h.Until.UTC().Format("2006-01-02T15:04:05Z")), nil
}

// notHeld defers: who has a queue can hold the message there.
func notHeld(reason string) *envelope.Outcome {
	return &envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseHold, Status: reply.Enhanced{Class: 5, Subject: 3, Detail: 3}, Reason: reason}
}

// rcpt is the parameters of one RCPT.
func (p parameters) rcpt(r *envelope.Recipient, utf8 bool) []string {
	var out []string
	switch {
	case r.Notify.IsZero():
	case p.ext.DSN:
		out = append(out, "NOTIFY="+notify(r.Notify))
	default:
		p.drop("DSN")
	}
	if p.ext.DSN && (r.ORCPT != "" || !r.Notify.IsZero() || len(r.Trail) > 0) {
		// RFC 3461 section 4.2: the address as the sender named it
		if value := r.OriginalRecipient().Parameter(utf8); value != "" {
			out = append(out, "ORCPT="+value)
		}
	}
	if p.ext.RRVS && isDated(r) { // RFC 7293 section 3.1
		value := r.ValidSince.UTC().Format("2006-01-02T15:04:05Z")
		if r.ValidElse != envelope.NotSaid {
			value += ";" + string(r.ValidElse)
		}
		out = append(out, "RRVS="+value)
	}
	return out
}

// untested is why a mailbox must not be offered to this server: who asked for it wants
// no copy delivered unless its owner is known to be the same.
func (p parameters) untested(r *envelope.Recipient) *envelope.Outcome {
	if p.ext.RRVS || !isDated(r) || r.ValidElse != envelope.Reject {
		return nil
	}
	return refuse(5, 7, 19, "it was to be delivered only where the mailbox has not changed hands, and the server does not offer RRVS")
}

// isDated tells whether the mailbox that r leads to must have had the same owner since a
// time. Behind a redirect it is another mailbox, of which nothing is known.
func isDated(r *envelope.Recipient) bool { return !r.ValidSince.IsZero() && len(r.Trail) == 0 }

func (p parameters) drop(extension string) {
	if p.note != nil {
		p.note("the server does not offer " + extension + "; sent without")
	}
}

func refuse(class, subject, detail int, reason string) *envelope.Outcome {
	cause := envelope.CauseUnsupported
	if subject == 7 {
		cause = envelope.CausePolicy
	}
	return &envelope.Outcome{State: envelope.Failed, Cause: cause, Status: reply.Enhanced{Class: class, Subject: subject, Detail: detail}, Reason: reason}
}

// notify is the value of NOTIFY, RFC 3461 section 4.1.
func notify(n envelope.Notify) string {
	if n.Never {
		return "NEVER"
	}
	var words []string
	if n.Success {
		words = append(words, "SUCCESS")
	}
	if n.Failure {
		words = append(words, "FAILURE")
	}
	if n.Delay {
		words = append(words, "DELAY")
	}
	return strings.Join(words, ",")
}
