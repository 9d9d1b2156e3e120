package post

import (
	"fmt"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// maxTold bounds the lines of a reply.
const maxTold = 20

// Reply is what became of a submission as the reply to its text: there is one
// for all recipients, so a single failure makes it a failure, permanent before
// temporary, and its lines say who did not get the message.
func (p *Post) Reply(sub *inject.Submission, status exit.Status) reply.Reply {
	var worst reply.Reply
	var lines []string
	served := 0
	failed := func(name string, r reply.Reply) {
		if worst.Code == 0 || worst.Class() == reply.Temporary && r.Class() == reply.Permanent {
			worst = r
		}
		if len(lines) < maxTold {
			lines = append(lines, name+": "+r.Text())
		}
	}
	sub.Each(func(r *envelope.Recipient) {
		if p.Journal.IsKept(r) || r.Outcome.State == envelope.Delivered {
			served++
			return
		}
		failed(voice.Path(r.Original), exit.ReplyToOutcome(r.Outcome))
	}, func(m inject.Malformed) { failed(m.Element.Text, exit.ReplyToError(m.Element.Err)) })
	switch {
	case worst.Code != 0 && served > 0:
		lines = append(lines, fmt.Sprintf("the other recipients (%d) got the message", served))
	case worst.Code == 0 && status != exit.OK: // the queue could not take it; standard error says why
		return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3}, Lines: []string{"the message was not accepted"}}
	case worst.Code == 0:
		return reply.Reply{Code: 250, Enhanced: reply.Enhanced{Class: 2}, Lines: []string{p.receipt()}}
	}
	return reply.Reply{Code: worst.Code, Enhanced: worst.Enhanced, Lines: lines}
}

// receipt names the message where the queue has it.
func (p *Post) receipt() string {
	if len(p.ids) > 0 {
		return "queued as " + p.ids[0]
	}
	return "sent"
}
