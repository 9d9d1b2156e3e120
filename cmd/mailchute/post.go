package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// post takes submissions of one account to where they belong: to the smarthost,
// to the queue, or back to the sender with words.
type post struct {
	process
	config  *config.Config
	account *config.Account
	queue   *queue.Queue // nil: there is none
	voice   voice
	journal *journal
	loud    bool  // warnings about a success are shown
	quiet   bool  // failures are not
	verbose bool  // -v
	onError byte  // -e
	kept    *kept // in a session of -bs; nil: this message is alone

	lone     bool                         // nobody may be there to run the queue
	ids      []string                     // of what the queue has taken
	mailed   map[*envelope.Recipient]bool // failed, and the sender is told by mail
	delivery config.Delivery
	trace    io.Writer // of the SMTP dialogue; nil: not wanted
}

// post is made of what was typed and configured. done has to be called in the end.
func (f *face) post(account *config.Account, j *journal) (p *post, done func(), err error) {
	p = &post{process: f.process, config: f.config, account: account, voice: f.voice, journal: j,
		loud: f.args.Verbose || isTerminal(f.Stderr), verbose: f.args.Verbose, quiet: f.args.OnError == 'q', onError: f.args.OnError, delivery: account.Delivery}
	if f.args.Delivery != "" {
		p.delivery = config.Delivery(f.args.Delivery)
	}
	// A program that calls sendmail -odq counts on a daemon to come by; where the
	// configuration says "queue", somebody has thought of it.
	p.lone = f.as == borrowed && account.Delivery != config.Queued
	if byLocalServer(account) {
		p.delivery = config.Sync // its queue is the one that is meant
	}
	if p.queue, err = f.openQueue(account); err != nil {
		return nil, nil, err
	}
	if p.queue == nil && p.delivery != config.Sync {
		if account.Delivery == config.Queued && f.args.Delivery == "" {
			return nil, nil, &configError{fmt.Errorf("%s: delivery is \"queue\", and there is no queue: %s; the message was not sent", f.config.Path, noQueue(account))}
		}
		// A program that has -odq or -odb built in means no harm to its mail, and who
		// waits for the delivery knows more, not less.
		j.note("delivered at once, because there is no queue: " + noQueue(account))
		p.delivery = config.Sync
	}
	var closer func()
	if p.trace, closer, err = f.tracer(); err != nil {
		return nil, nil, err
	}
	return p, func() {
		closer()
		if p.queue != nil {
			p.queue.Close()
		}
	}, nil
}

// noQueue is why an account has none.
func noQueue(a *config.Account) string {
	if !a.Queue.Enabled {
		return "queue.enabled is false"
	}
	return "this user has no home directory for one, and queue.dir is not set"
}

// dispatch brings a submission on its way and gives the exit status.
func (p *post) dispatch(ctx context.Context, sub *inject.Submission) exitStatus {
	if p.delivery == config.Sync {
		return p.deliver(ctx, sub)
	}
	if h, held := p.loginHold(); held {
		p.warn("the message waits in the queue, because the login was refused: " + h.Reason)
	}
	if err := p.acceptWhole(sub); err != nil {
		if p.delivery == config.Background {
			// Better late to the prompt than not at all.
			p.warn("delivered at once, because the queue cannot take it: " + err.Error())
			return p.deliver(ctx, sub)
		}
		return p.notKept(sub, err)
	}
	switch {
	case p.delivery == config.Background:
		if err := p.runDetached(p.ids...); err != nil {
			p.warn("not delivered in the background, the next run of the queue will: " + err.Error())
		}
	case p.lone:
		p.runSoon()
	}
	return p.conclude(sub)
}

// acceptWhole puts all envelopes of a submission into the queue, or none; nothing
// counts as kept before all are.
func (p *post) acceptWhole(sub *inject.Submission) error {
	var entries []queue.Entry
	for _, env := range sub.Envelopes {
		entries = append(entries, p.entry(sub, env, nil))
	}
	ids, err := acceptAll(p.queue, entries)
	if err != nil {
		return err
	}
	p.ids = ids
	for i, env := range sub.Envelopes {
		p.journal.accepted(sub, env, ids[i])
	}
	return nil
}

// notKept is the end of a message that the queue could not take.
func (p *post) notKept(sub *inject.Submission, err error) exitStatus {
	status := exitTempFail
	if errors.Is(err, queue.ErrUnusable) {
		status = exitCantCreate
	}
	p.voice.say("the message was not accepted: %v", err)
	p.journal.refused(err, status)
	return status
}

// deliver sends now, and keeps what could not be sent for now.
func (p *post) deliver(ctx context.Context, sub *inject.Submission) exitStatus {
	c, done, err := p.carrier(sub.Who.Hostname)
	if err != nil {
		p.voice.say("%v", err)
		return exitConfig
	}
	defer done()
	if p.queue != nil {
		// A shutdown in the middle of a delivery leaves the message to the queue.
		// SIGINT stays what it is: somebody has changed his mind.
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGHUP)
		defer stop()
	}
	worked := false
	trouble, until := p.heldLogin()
	for i, env := range sub.Envelopes {
		var attempt relay.Attempt
		if trouble != nil {
			postpone(env, *trouble)
		} else {
			attempt = c.Deliver(ctx, env, sub.Message, p.kept == nil && i == len(sub.Envelopes)-1)
			until = p.holdWay(sub, c.Trouble())
		}
		id := p.keep(sub, env, until)
		if id != "" {
			p.ids = append(p.ids, id)
		}
		p.journal.delivered(sub, env, attempt, id)
		worked = worked || len(env.Deferred()) == 0 && attempt.Server != ""
	}
	if p.onError == 'm' || p.onError == 'w' || p.onError == 'e' {
		p.mailBack(ctx, sub)
	}
	if worked {
		p.pickUp()
	}
	return p.conclude(sub)
}

// carrier is the way out of the account: for this message, or that of a session.
func (p *post) carrier(hello string) (c *relay.Carrier, done func(), err error) {
	if p.kept != nil {
		return p.kept.borrow(hello)
	}
	r, err := p.relay(hello)
	if err != nil {
		return nil, nil, err
	}
	c = r.Carrier()
	return c, c.Close, nil
}

// begin makes p ready for the next message of a session.
func (p *post) begin() {
	p.ids, p.mailed = nil, nil
	p.journal.pending, p.journal.kept = nil, nil
}

// postpone defers without an attempt.
func postpone(env *envelope.Envelope, o envelope.Outcome) {
	for _, r := range env.Open() {
		r.Apply(o)
	}
}

// relay is the way out of the account.
func (p *post) relay(hello string) (*relay.Relay, error) {
	if len(p.account.Smarthosts) == 0 {
		return nil, fmt.Errorf("%s: no smarthost is configured; add a line such as smarthost = \"submission://smtp.example.org\"", p.config.Path)
	}
	var trace func(string)
	if p.trace != nil {
		trace = func(line string) { fmt.Fprintln(p.trace, printable(line)) }
	}
	warning, err := checkSecret(p.account)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		p.warn(warning)
	}
	r := newRelay(p.account, hello, trace)
	if warning, err = loginByToken(r, p.account, p.Getenv); err != nil {
		return nil, err
	}
	if warning != "" {
		p.warn(warning)
	}
	r.Memory = openMemory(p.account, p.Getenv)
	r.Resolver = newResolver(p.account, p.Getenv, r.SMTP.Dial)
	r.Smarthosts = p.healthyFirst(r.Smarthosts)
	r.Observer = p.observer()
	return r, nil
}

// observer tells the user and the log what happens on the way.
func (p *post) observer() relay.Observer {
	hook := onRedirect(p.account.Redirect.OnRedirect)
	var sent func(n, of int64)
	if p.verbose && isTerminal(p.Stderr) {
		sent = upload(p.Stderr)
	}
	return relay.Observer{
		PassedOver: p.passedOver, Sent: sent,
		Note: func(text string) {
			p.journal.note(text)
			if p.loud {
				p.voice.say("%s", text)
			}
		},
		Redirected: func(r *envelope.Recipient, server string) {
			hop := r.Trail[len(r.Trail)-1]
			p.journal.redirected(r.Original, hop, server)
			if hop.Remembered {
				if p.loud {
					p.voice.say("%s: moved for good to %s, as a 557 said before", path(r.Original), path(r.Address))
				}
				return
			}
			p.voice.redirected(hop.From, hop)
			if err := hook(context.Background(), hop); err != nil {
				p.warn(err.Error())
			}
		},
	}
}

// warn tells of what is odd and harmless.
func (p *post) warn(text string) {
	p.journal.note(text)
	if p.loud {
		p.voice.say("warning: %s", text)
	}
}

// conclude prints a line for each recipient that did not get the message and is
// not taken care of.
func (p *post) conclude(sub *inject.Submission) exitStatus {
	var statuses []exitStatus
	untold, wayIsBad := false, false
	sub.Each(func(r *envelope.Recipient) {
		switch {
		case p.journal.isKept(r):
			if p.loud && r.Outcome.State == envelope.Deferred {
				p.voice.say("%s: kept in the queue: %s", path(r.Original), r.Outcome.Text())
			}
		case r.Outcome.State != envelope.Delivered:
			statuses = append(statuses, p.statusOf(r.Outcome))
			untold = untold || !p.mailed[r]
			wayIsBad = wayIsBad || r.Outcome.Cause == envelope.CauseRoute || r.Outcome.Cause == envelope.CauseLogin
			if !p.quiet && (p.loud || !p.mailed[r]) {
				p.voice.fail(r)
			}
		}
	}, func(m inject.Malformed) {
		untold = true
		statuses = append(statuses, statusOfError(m.Element.Err))
		if !p.quiet {
			p.voice.malformed(m.Element)
		}
		p.journal.malformed(m)
	})
	if wayIsBad && p.loud {
		p.voice.hint("%s", hintCheck)
	}
	status := p.journal.close(worst(statuses))
	if p.onError == 'e' && !untold {
		return exitOK
	}
	return status
}

// statusOf is the status for a recipient that nobody takes care of. Where there
// is a queue that could not, trying again may help.
func (p *post) statusOf(o envelope.Outcome) exitStatus {
	if p.queue != nil && o.State == envelope.Deferred {
		return exitTempFail
	}
	return statusOfOutcome(o)
}

// tracer shows the dialogue where -v and -X want it; nil when nobody does.
func (f *face) tracer() (trace io.Writer, done func(), err error) {
	done = func() {}
	var to []io.Writer
	if f.args.Verbose {
		to = append(to, f.Stderr)
	}
	if name := f.args.TraceFile; name != "" {
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return nil, done, &inject.SpoolError{Err: fmt.Errorf("option -X: %w", err)}
		}
		done = func() { file.Close() }
		to = append(to, file)
	}
	if to == nil {
		return nil, done, nil
	}
	return io.MultiWriter(to...), done, nil
}
