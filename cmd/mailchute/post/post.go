// Package post takes submissions to where they belong: to the smarthost, to the
// queue, or back to the sender with words.
//
// The promise: when it says exit.OK, each recipient was accepted by the smarthost
// or is in the queue, on disk.
package post

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/queue"
)

// Post takes submissions of one account to where they belong: to the smarthost,
// to the queue, or back to the sender with words.
type Post struct {
	face.Process
	config  *config.Config
	account *config.Account
	queue   *queue.Queue // nil: there is none
	voice   voice.Voice
	Journal *journal.Journal
	loud    bool  // warnings about a success are shown
	quiet   bool  // failures are not
	verbose bool  // -v
	onError byte  // -e
	kept    *Kept // in a session of -bs; nil: this message is alone

	lone     bool                         // nobody may be there to run the queue
	ids      []string                     // of what the queue has taken
	mailed   map[*envelope.Recipient]bool // failed, and the sender is told by mail
	delivery config.Delivery
	trace    io.Writer // of the SMTP dialogue; nil: not wanted
}

// New makes a Post of what was typed and configured. done has to be called in the end.
func New(f *face.Call, account *config.Account, j *journal.Journal) (p *Post, done func(), err error) {
	p = &Post{Process: f.Process, config: f.Config, account: account, voice: f.Voice, Journal: j,
		loud: f.Args.Verbose || voice.IsTerminal(f.Stderr), verbose: f.Args.Verbose, quiet: f.Args.OnError == 'q', onError: f.Args.OnError, delivery: account.Delivery}
	if f.Args.Delivery != "" {
		p.delivery = config.Delivery(f.Args.Delivery)
	}
	// A program that calls sendmail -odq counts on a daemon to come by; where the
	// configuration says "queue", somebody has thought of it.
	p.lone = f.As == face.Borrowed && account.Delivery != config.Queued
	if wire.ByLocalServer(account) {
		p.delivery = config.Sync // its queue is the one that is meant
	}
	if p.queue, err = f.OpenQueue(account); err != nil {
		return nil, nil, err
	}
	if p.queue == nil && p.delivery != config.Sync {
		if account.Delivery == config.Queued && f.Args.Delivery == "" {
			return nil, nil, &exit.ConfigError{Err: fmt.Errorf("%s: delivery is \"queue\", and there is no queue: %s; the message was not sent", f.Config.Path, noQueue(account))}
		}
		// A program that has -odq or -odb built in means no harm to its mail, and who
		// waits for the delivery knows more, not less.
		j.Note("delivered at once, because there is no queue: " + noQueue(account))
		p.delivery = config.Sync
	}
	var closer func()
	if p.trace, closer, err = f.Tracer(); err != nil {
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

// Dispatch brings a submission on its way and gives the exit status.
func (p *Post) Dispatch(ctx context.Context, sub *inject.Submission) exit.Status {
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
func (p *Post) acceptWhole(sub *inject.Submission) error {
	var entries []queue.Entry
	for _, env := range sub.Envelopes {
		entries = append(entries, p.entry(sub, env, nil))
	}
	ids, err := AcceptAll(p.queue, entries)
	if err != nil {
		return err
	}
	p.ids = ids
	for i, env := range sub.Envelopes {
		p.Journal.Accepted(sub, env, ids[i])
	}
	return nil
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

// deliver sends now, and keeps what could not be sent for now.
func (p *Post) deliver(ctx context.Context, sub *inject.Submission) exit.Status {
	c, done, err := p.carrier(sub.Who.Hostname)
	if err != nil {
		p.voice.Say("%v", err)
		return exit.Config
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
		p.Journal.Delivered(sub, env, attempt, id)
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
func (p *Post) carrier(hello string) (c *relay.Carrier, done func(), err error) {
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

// Begin makes p ready for the next message of a session.
func (p *Post) Begin() {
	p.ids, p.mailed = nil, nil
	p.Journal.Pending, p.Journal.Kept = nil, nil
}

// postpone defers without an attempt.
func postpone(env *envelope.Envelope, o envelope.Outcome) {
	for _, r := range env.Open() {
		r.Apply(o)
	}
}

// relay is the way out of the account.
func (p *Post) relay(hello string) (*relay.Relay, error) {
	if len(p.account.Smarthosts) == 0 {
		return nil, fmt.Errorf("%s: no smarthost is configured; add a line such as smarthost = \"submission://smtp.example.org\"", p.config.Path)
	}
	var trace func(string)
	if p.trace != nil {
		trace = func(line string) { fmt.Fprintln(p.trace, voice.Printable(line)) }
	}
	warning, err := wire.CheckSecret(p.account)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		p.warn(warning)
	}
	r := wire.NewRelay(p.account, hello, trace)
	if warning, err = wire.LoginByToken(r, p.account, p.Getenv); err != nil {
		return nil, err
	}
	if warning != "" {
		p.warn(warning)
	}
	r.Memory = wire.OpenMemory(p.account, p.Part, p.Getenv)
	r.Resolver = wire.NewResolver(p.account, p.Part, p.Getenv, r.SMTP.Dial)
	r.Smarthosts = p.healthyFirst(r.Smarthosts)
	r.Observer = p.observer()
	return r, nil
}

// observer tells the user and the log what happens on the way.
func (p *Post) observer() relay.Observer {
	hook := wire.OnRedirect(p.account.Redirect.OnRedirect)
	var sent func(n, of int64)
	if p.verbose && voice.IsTerminal(p.Stderr) {
		sent = upload(p.Stderr)
	}
	return relay.Observer{
		PassedOver: p.passedOver, Sent: sent,
		Note: func(text string) {
			p.Journal.Note(text)
			if p.loud {
				p.voice.Say("%s", text)
			}
		},
		Redirected: func(r *envelope.Recipient, server string) {
			hop := r.Trail[len(r.Trail)-1]
			p.Journal.Redirected(r.Original, hop, server)
			if hop.Remembered {
				if p.loud {
					p.voice.Say("%s: moved for good to %s, as a 557 said before", voice.Path(r.Original), voice.Path(r.Address))
				}
				return
			}
			p.voice.Redirected(hop.From, hop)
			if err := hook(context.Background(), hop); err != nil {
				p.warn(err.Error())
			}
		},
	}
}

// warn tells of what is odd and harmless.
func (p *Post) warn(text string) {
	p.Journal.Note(text)
	if p.loud {
		p.voice.Say("warning: %s", text)
	}
}

// conclude prints a line for each recipient that did not get the message and is
// not taken care of.
func (p *Post) conclude(sub *inject.Submission) exit.Status {
	var statuses []exit.Status
	untold, wayIsBad := false, false
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
	if wayIsBad && p.loud {
		p.voice.Hint("%s", voice.HintCheck)
	}
	status := p.Journal.Close(exit.Worst(statuses))
	if p.onError == 'e' && !untold {
		return exit.OK
	}
	return status
}

// statusOf is the status for a recipient that nobody takes care of. Where there
// is a queue that could not, trying again may help.
func (p *Post) statusOf(o envelope.Outcome) exit.Status {
	if p.queue != nil && o.State == envelope.Deferred {
		return exit.TempFail
	}
	return exit.OfOutcome(o)
}
