package post

import (
	"errors"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
	"mailchute/relay/reply"
)

// conclude prints a line for each recipient that did not get the message and is
// not taken care of.
func (p *Post) conclude(sub *inject.Submission) exit.Status {
	var statuses []exit.Status
	untold, wayIsBad, wantsLogin := false, false, false
	sub.Each(func(r *envelope.Recipient) {
		switch {
		case p.Journal.IsKept(r):
			if p.loud && r.Outcome.State == envelope.Deferred {
				p.voice.Say("%s: kept in the queue: %s", voice.Path(r.Original), r.Outcome.Text())
			}
		case r.Outcome.State != envelope.Delivered:
			statuses = append(statuses, p.statusOf(r.Outcome))
			untold = untold || !p.mailed[r]
			wayIsBad = wayIsBad || r.Outcome.Cause == envelope.CauseRoute || r.Outcome.Cause == envelope.CauseLogin
			wantsLogin = wantsLogin || asksForLogin(r.Outcome.Reply)
			if !p.quiet && (p.loud || !p.mailed[r]) {
				p.voice.Fail(r)
			}
		}
	}, func(m inject.Malformed) {
		untold = true
		statuses = append(statuses, exit.OfError(m.Element.Err))
		if !p.quiet {
			p.voice.Malformed(m.Element)
		}
		p.Journal.Malformed(m)
	})
	if wantsLogin && p.loud && p.account.User == "" && p.account.Auth == nil {
		p.voice.Hint("%s", voice.HintNoUser)
	}
	if wayIsBad && p.loud {
		p.voice.Hint("%s", voice.HintCheck)
	}
	status := p.Journal.Finish(exit.Worst(statuses))
	if p.onError == 'e' && !untold {
		return exit.OK
	}
	return status
}

// asksForLogin tells whether a server wants a login first, RFC 4954 section 6. With
// the same code it may want TLS, RFC 3207 section 4.
func asksForLogin(r *reply.Reply) bool {
	return r != nil && r.Code == 530 && !strings.Contains(strings.ToUpper(r.Text()), "TLS")
}

// statusOf is the status for a recipient that nobody takes care of. Where there
// is a queue that could not, trying again may help.
func (p *Post) statusOf(o envelope.Outcome) exit.Status {
	if p.queue != nil && o.State == envelope.Deferred {
		return exit.TempFail
	}
	return exit.OfOutcome(o)
}

// notKept is the end of a message that the queue could not take.
func (p *Post) notKept(sub *inject.Submission, err error) exit.Status {
	status := exit.TempFail
	if errors.Is(err, queue.ErrUnusable) {
		status = exit.CantCreate
	}
	p.voice.Say("the message was not accepted: %v", err)
	p.Journal.Refused(err, status)
	return status
}
