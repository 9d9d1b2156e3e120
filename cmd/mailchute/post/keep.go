package post

import (
	"math/rand/v2"
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// accept puts an envelope into the queue: the recipients that are deferred after
// an attempt, or those that failed.
func (p *Post) accept(sub *inject.Submission, env *envelope.Envelope, retries []queue.Retry) (string, error) {
	return p.queue.Accept(p.entry(sub, env, retries))
}

// entry is an envelope of a submission as the queue takes it.
func (p *Post) entry(sub *inject.Submission, env *envelope.Envelope, retries []queue.Retry) queue.Entry {
	e := queue.Entry{Submitted: sub.Stamp.Now, Account: p.account.Name, User: p.call.Who.Login, Errors: errorMode(p.onError),
		Envelope: env, Message: sub.Message, Retries: retries}
	if h := env.Options.Hold; h != nil && deferredForHold(env) {
		// The server does not offer FUTURERELEASE, RFC 4865: it is held here.
		e.NotBefore, e.Since = h.Until, h.Until
		env.Options.Hold = nil
	}
	return e
}

func errorMode(c byte) string {
	if c == 0 {
		return ""
	}
	return string(rune(c))
}

func deferredForHold(env *envelope.Envelope) bool {
	for _, r := range env.Recipients {
		if r.Outcome.Cause == envelope.CauseHold {
			return true
		}
	}
	return false
}

// keep takes care of the recipients that were deferred. The id is "" when there
// are none, or when nobody can take care of them. Where the way is held there is
// no attempt before until.
func (p *Post) keep(sub *inject.Submission, env *envelope.Envelope, until time.Time) string {
	deferred := env.Deferred()
	if p.queue == nil || len(deferred) == 0 {
		return ""
	}
	now := time.Now()
	if until.IsZero() {
		until = queue.Next(1, now, p.account.Queue.RetryMin, p.account.Queue.RetryMax, rand.Float64())
	}
	late, retries := unfinished(env, now, env.Options.DeliverBy.NotAfter(until, now))
	e := p.entry(sub, &late, retries)
	e.Family = p.family(sub)
	id, err := p.queue.Accept(e)
	if err != nil {
		p.voice.Say("the queue could not take the message: %v", err)
		p.Journal.Note(err.Error())
		return ""
	}
	if p.siblings != nil {
		if err := p.siblings.Join(id); err != nil {
			p.Journal.Note(err.Error())
		}
	}
	p.Journal.Keep(deferred)
	return id
}

// family is that of the envelopes of a message, "" where there is one. It is held until
// all envelopes have been sent or kept.
func (p *Post) family(sub *inject.Submission) string {
	if len(sub.Envelopes) < 2 {
		return ""
	}
	if p.siblings == nil {
		s, err := p.queue.NewSiblings(sub.Stamp.Now)
		if err != nil { // the mail goes all the same, and maybe twice to who has moved
			p.Journal.Note(err.Error())
			return ""
		}
		p.siblings = s
	}
	return p.siblings.Family
}

// release tells the envelopes that are kept who has got the message by another one, and
// lets them go.
func (p *Post) release(served []address.Addr) {
	if p.siblings == nil {
		return
	}
	if err := p.siblings.Add(served...); err != nil {
		p.Journal.Note(err.Error())
	}
	p.siblings.Close()
	p.siblings = nil
}

// unfinished is what the queue takes of an envelope: those who wait, and those who have
// got the message, so that nobody gets it again by a redirect that leads to them later.
// Of these the sender has been told.
func unfinished(env *envelope.Envelope, now, until time.Time) (late envelope.Envelope, retries []queue.Retry) {
	late = *env
	late.Recipients = nil
	for _, r := range env.Recipients {
		switch s := r.Outcome.State; {
		case s == envelope.Deferred && r.Outcome.Cause == envelope.CauseStopped:
			retries = append(retries, queue.Retry{Next: now}) // it goes with the next run
		case s == envelope.Deferred:
			retries = append(retries, queue.Retry{Attempts: 1, Last: now, Next: until})
		case s == envelope.Delivered:
			retries = append(retries, queue.Retry{Attempts: 1, Last: now, Told: true})
		default:
			continue
		}
		late.Recipients = append(late.Recipients, r)
	}
	return late, retries
}

// acceptWhole puts all envelopes of a submission into the queue, or none; nothing
// counts as kept before all are.
func (p *Post) acceptWhole(sub *inject.Submission) error {
	var entries []queue.Entry
	for _, env := range sub.Envelopes {
		entries = append(entries, p.entry(sub, env, nil))
	}
	ids, err := p.queue.AcceptAll(entries)
	if err != nil {
		return err
	}
	p.ids = ids
	for i, env := range sub.Envelopes {
		p.Journal.Accepted(sub, env, ids[i])
	}
	return nil
}
