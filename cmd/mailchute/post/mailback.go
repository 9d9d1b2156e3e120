package post

import (
	"context"

	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/report"
	"mailchute/relay/runner"
)

// mailBack does what -oem, -oew and -oee ask for: the sender gets a report about
// what failed for good. Where there is nobody to report to, or no way, the
// message is kept among the failed. Who is taken care of one way or the other
// needs no line on standard error.
func (p *Post) mailBack(ctx context.Context, sub *inject.Submission) {
	p.mailed = map[*envelope.Recipient]bool{}
	for _, env := range sub.Envelopes {
		failed := env.Failed()
		if len(failed) == 0 || !p.reportFailure(ctx, sub, env) && !p.keepFailed(sub, env, failed) {
			continue
		}
		for _, r := range failed {
			p.mailed[r] = true
		}
	}
}

// reportFailure sends the report: through the queue where there is one, else by
// the same smarthost.
func (p *Post) reportFailure(ctx context.Context, sub *inject.Submission, env *envelope.Envelope) bool {
	now := sub.Stamp.Now
	a := p.runnerAccount(sub.Who)
	o := report.Original{Envelope: env, Message: sub.Message, Submitted: now, To: a.Mailboxes(env.Sender)}
	msg, back, err := report.Failure(o, runner.NewStamp(a, now))
	if err != nil {
		return false
	}
	if p.queue == nil {
		return p.sendReport(ctx, sub, back, msg)
	}
	id, err := p.queue.Accept(queue.Entry{Submitted: now, Account: p.account.Name, User: p.call.Who.Login, Envelope: back, Message: msg})
	if err != nil {
		p.warn("the report to " + voice.Path(env.Sender) + " could not be kept: " + err.Error())
		return p.sendReport(ctx, sub, back, msg)
	}
	if err := p.runOwn(id); err != nil {
		p.warn("the report waits for the next run of the queue: " + err.Error())
	}
	return true
}

func (p *Post) sendReport(ctx context.Context, sub *inject.Submission, back *envelope.Envelope, msg *message.Message) bool {
	r, err := p.relay(sub.Who.Hostname)
	if err != nil {
		return false
	}
	r.Deliver(ctx, back, msg)
	for _, rcpt := range back.Recipients {
		if rcpt.Outcome.State != envelope.Delivered {
			p.warn("the report to " + voice.Path(rcpt.Original) + " could not be sent: " + rcpt.Outcome.Text())
			return false
		}
	}
	return true
}

// keepFailed puts the message to those that failed for good.
func (p *Post) keepFailed(sub *inject.Submission, env *envelope.Envelope, failed []*envelope.Recipient) bool {
	if p.queue == nil {
		return false
	}
	lost := *env
	lost.Recipients = failed
	retries := make([]queue.Retry, len(failed))
	for i := range retries {
		retries[i] = queue.Retry{Attempts: 1, Last: sub.Stamp.Now, Told: true}
	}
	id, err := p.accept(sub, &lost, retries)
	if err != nil {
		p.warn("the message could not be kept among the failed: " + err.Error())
		return false
	}
	if it, err := p.queue.Acquire(id); err == nil { // else a run of the queue is at it, and does the same
		if err := it.Fail(sub.Stamp.Now); err != nil {
			p.warn(err.Error())
		}
		it.Release()
	}
	return true
}
