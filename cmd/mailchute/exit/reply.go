package exit

import (
	"errors"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// ReplyToOutcome is what an outcome that is no success is to an SMTP client: the
// server's own reply where there is one.
func ReplyToOutcome(o envelope.Outcome) reply.Reply {
	class, code := 5, 554
	if o.State != envelope.Failed {
		class, code = 4, 451
	}
	r := reply.Reply{Code: code, Enhanced: o.Status, Lines: []string{o.Reason}}
	if o.Reply != nil && int(o.Reply.Class()) == class {
		r.Code, r.Lines = o.Reply.Code, o.Reply.Lines
	}
	if r.Enhanced.Class != class {
		r.Enhanced = reply.Enhanced{Class: class}
	}
	return r
}

// ReplyToError is what a failure before any attempt is to an SMTP client. What
// the message is to blame for is permanent; trouble with this machine and its
// configuration will be mended.
func ReplyToError(err error) reply.Reply {
	var h *headers.Error
	var a *address.Error
	switch {
	case errors.As(err, &h):
		return reply.Reply{Code: 554, Enhanced: h.Status, Lines: []string{h.Reason}}
	case errors.As(err, &a):
		return reply.Reply{Code: 553, Enhanced: reply.Enhanced{Class: 5, Subject: 1, Detail: 3}, Lines: []string{a.Error()}}
	case OfError(err) == Config:
		return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3, Detail: 5}, Lines: []string{err.Error()}}
	}
	return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3}, Lines: []string{err.Error()}}
}
