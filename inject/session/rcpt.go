package session

import (
	"strings"
	"time"

	"mailchute/inject"
	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// rcptParameters reads the parameters of RCPT into r.
func rcptParameters(r *inject.Mailbox, list []parameter) *reply.Reply {
	for _, p := range list {
		var refusal *reply.Reply
		switch p.keyword {
		case "NOTIFY":
			refusal = notify(r, p)
		case "ORCPT":
			refusal = originalRecipient(r, p)
		case "RRVS":
			refusal = validSince(r, p)
		default:
			refusal = p.unknown()
		}
		if refusal != nil {
			return refusal
		}
	}
	return nil
}

// notify is RFC 3461 section 4.1.
func notify(r *inject.Mailbox, p parameter) *reply.Reply {
	var n envelope.Notify
	words := strings.Split(strings.ToUpper(p.value), ",")
	for _, word := range words {
		var wish *bool
		switch word {
		case "NEVER":
			wish = &n.Never
		case "SUCCESS":
			wish = &n.Success
		case "FAILURE":
			wish = &n.Failure
		case "DELAY":
			wish = &n.Delay
		}
		if wish == nil || *wish {
			return p.malformed("NEVER, or SUCCESS, FAILURE and DELAY joined by commas")
		}
		*wish = true
	}
	if n.Never && len(words) > 1 {
		return p.malformed("NEVER alone")
	}
	r.Notify = n
	return nil
}

// originalRecipient is RFC 3461 section 4.2.
func originalRecipient(r *inject.Mailbox, p parameter) *reply.Reply {
	first, ok := envelope.ParseORCPT(p.value)
	if !ok {
		return p.malformed("a type, a semicolon and xtext, at most 500 characters")
	}
	r.ORCPT = first
	return nil
}

// validSince is RFC 7293 section 3.1: a time, and what to do where the next
// server does not know the extension.
func validSince(r *inject.Mailbox, p parameter) *reply.Reply {
	moment, action, has := strings.Cut(strings.ToUpper(p.value), ";")
	t, err := time.Parse(time.RFC3339, moment)
	if err != nil || has && action != "C" && action != "R" {
		return p.malformed("a time such as 2030-01-31T08:00:00Z")
	}
	r.ValidSince, r.ValidElse = t, envelope.ValidElse(action)
	return nil
}
