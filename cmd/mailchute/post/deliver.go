package post

import (
	"context"
	"fmt"
	"os/signal"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/relay"
	"mailchute/relay/envelope"
)

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
	var served []address.Addr
	trouble, until := p.heldLogin()
	for i, env := range sub.Envelopes {
		var attempt relay.Attempt
		if trouble != nil {
			postpone(env, *trouble)
		} else {
			env.Served = served
			attempt = c.Deliver(ctx, env, sub.Message, p.kept == nil && i == len(sub.Envelopes)-1)
			until = p.holdWay(sub, c.Trouble())
		}
		served = append(served, env.Copies()...)
		id := p.keep(sub, env, until)
		if id != "" {
			p.ids = append(p.ids, id)
		}
		p.Journal.Delivered(sub, env, attempt, id)
		worked = worked || len(env.Deferred()) == 0 && attempt.Server != ""
	}
	p.release(served)
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

// relay is the way out of the account.
func (p *Post) relay(hello string) (*relay.Relay, error) {
	if len(p.account.Smarthosts) == 0 {
		return nil, fmt.Errorf("%s: no smarthost is configured; add a line such as smarthost = \"submission://smtp.example.org\"", p.call.Config.Path)
	}
	var trace func(string)
	if p.trace != nil {
		trace = func(line string) { fmt.Fprintln(p.trace, voice.Printable(line)) }
	}
	warning, err := wire.CheckSecretFiles(p.account)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		p.warn(warning)
	}
	r := wire.NewRelay(p.account, hello, trace)
	if warning, err = wire.LoginByToken(r, p.account, p.call.Getenv, p.warn); err != nil {
		return nil, err
	}
	if warning != "" {
		p.warn(warning)
	}
	r.Memory = wire.OpenMemory(p.account, p.call.Part, p.call.Getenv)
	r.Resolver = wire.NewResolver(p.account, p.call.Part, p.call.Getenv, r.SMTP.Dial)
	r.Smarthosts = p.healthyFirst(r.Smarthosts)
	r.Observer = p.observer()
	return r, nil
}

// observer tells the user and the log what happens on the way.
func (p *Post) observer() relay.Observer {
	hook := wire.OnRedirect(p.account.Redirect.OnRedirect)
	var sent func(n, of int64)
	if p.verbose && terminal.Is(p.call.Stderr) {
		sent = upload(p.call.Stderr)
	}
	return relay.Observer{
		PassedOver: p.passedOver, Sent: sent,
		Note: func(text string) {
			p.Journal.Note(text)
			if p.loud {
				p.voice.Say("%s", text)
			}
		},
		Redirected: func(env *envelope.Envelope, r *envelope.Recipient, server string) {
			hop := r.Trail[len(r.Trail)-1]
			p.Journal.Redirected(env, r, server)
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

// postpone defers without an attempt.
func postpone(env *envelope.Envelope, o envelope.Outcome) {
	for _, r := range env.Open() {
		r.Apply(o)
	}
}
