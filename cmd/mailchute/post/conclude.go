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
	e := ending{Post: p}
	sub.Each(e.recipient, e.malformed)
	e.hints()
	status := p.Journal.Finish(exit.Worst(e.statuses))
	if p.onError == 'e' && !e.untold {
		return exit.OK
	}
	return status
}

// ending is what the recipients' fates add up to.
type ending struct {
	*Post
	statuses   []exit.Status
	untold     bool // of a failure by mail
	wayIsBad   bool
	wantsLogin bool
}

func (e *ending) recipient(r *envelope.Recipient) {
	o := r.Outcome
	switch {
	case e.Journal.IsKept(r):
		if e.loud && o.State == envelope.Deferred {
			e.voice.Say("%s: kept in the queue: %s", voice.Path(r.Original), o.Text())
		}
		return
	case o.State == envelope.Delivered:
		return
	}
	e.statuses = append(e.statuses, e.statusOf(o))
	e.untold = e.untold || !e.mailed[r]
	e.wayIsBad = e.wayIsBad || o.Cause == envelope.CauseRoute || o.Cause == envelope.CauseLogin
	e.wantsLogin = e.wantsLogin || asksForLogin(o.Reply)
	if !e.quiet && (e.loud || !e.mailed[r]) {
		e.voice.Fail(r)
	}
}

func (e *ending) malformed(m inject.Malformed) {
	e.untold = true
	e.statuses = append(e.statuses, exit.OfError(m.Element.Err))
	if !e.quiet {
		e.voice.Malformed(m.Element)
	}
	e.Journal.Malformed(m)
}

// hints says what may help.
func (e *ending) hints() {
	if e.wantsLogin && e.loud && e.account.User == "" && e.account.Auth == nil {
		e.voice.Hint("%s", voice.HintNoUser)
	}
	if e.wayIsBad && e.loud {
		e.voice.Hint("%s", voice.HintCheck)
	}
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
