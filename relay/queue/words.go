package queue

import (
	"fmt"

	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// The words of the format, in the order of the constants that they stand for.
var (
	stateWords = [...]string{
		envelope.Pending:   "pending",
		envelope.Delivered: "delivered",
		envelope.Deferred:  "deferred",
		envelope.Failed:    "failed",
	}
	causeWords = [...]string{
		envelope.CauseNone:        "",
		envelope.CauseReply:       "reply",
		envelope.CauseAddress:     "address",
		envelope.CauseHost:        "host",
		envelope.CauseRoute:       "route",
		envelope.CauseLogin:       "login",
		envelope.CauseProtocol:    "protocol",
		envelope.CausePolicy:      "policy",
		envelope.CauseUnsupported: "unsupported",
		envelope.CauseRedirect:    "redirect",
		envelope.CauseLoop:        "loop",
		envelope.CauseHold:        "hold",
		envelope.CauseStopped:     "stopped",
	}
)

// word is the word for n; a number without one is written as a number, which
// number refuses.
func word(words []string, n int) string {
	if n >= 0 && n < len(words) {
		return words[n]
	}
	return fmt.Sprint(n)
}

// number is the place of w among words. An unknown word is an error: nothing is
// guessed.
func number(words []string, w string) (int, error) {
	for i, known := range words {
		if w == known {
			return i, nil
		}
	}
	return 0, fmt.Errorf("unknown word %q", w)
}

func triple(e reply.Enhanced) [3]int { return [3]int{e.Class, e.Subject, e.Detail} }

func enhanced(t [3]int) reply.Enhanced {
	return reply.Enhanced{Class: t[0], Subject: t[1], Detail: t[2]}
}

func notifyWords(n envelope.Notify) []string {
	var ws []string
	add := func(on bool, w string) {
		if on {
			ws = append(ws, w)
		}
	}
	add(n.Never, "never")
	add(n.Success, "success")
	add(n.Failure, "failure")
	add(n.Delay, "delay")
	return ws
}

func notifyOf(ws []string) (envelope.Notify, error) {
	var n envelope.Notify
	for _, w := range ws {
		if !n.Ask(w) {
			return n, fmt.Errorf("unknown word %q", w)
		}
	}
	return n, nil
}

func optionsOf(o envelope.Options) options {
	d := options{
		Return: string(o.Return), EnvelopeID: o.EnvelopeID, EightBit: o.EightBit,
		SMTPUTF8: o.SMTPUTF8, RequireTLS: o.RequireTLS, Priority: o.Priority,
	}
	if b := o.DeliverBy; b != nil {
		d.DeliverBy = (*deliverBy)(b)
	}
	if h := o.Hold; h != nil {
		d.Hold = (*hold)(h)
	}
	return d
}

func (d options) value() envelope.Options {
	return envelope.Options{
		Return: envelope.Return(d.Return), EnvelopeID: d.EnvelopeID, EightBit: d.EightBit,
		SMTPUTF8: d.SMTPUTF8, RequireTLS: d.RequireTLS, Priority: d.Priority,
		DeliverBy: (*envelope.DeliverBy)(d.DeliverBy), Hold: (*envelope.Hold)(d.Hold),
	}
}
