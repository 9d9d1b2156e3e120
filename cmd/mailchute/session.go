package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"mailchute/headers"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/inject/session"
	"mailchute/relay/envelope"
	"mailchute/relay/reply"
)

// longestHold is how far in the future a message may be released, RFC 4865
// section 2: what waits that long waits in our own queue.
const longestHold = 365 * 24 * time.Hour

// session is -bs: SMTP on standard input and output. Each message goes the way of
// one on the command line, and the reply to its text is what became of it.
func (f *face) session(ctx context.Context) exitStatus {
	if err := f.load(); err != nil {
		return f.report(err)
	}
	name, err := hostName(&f.config.Default, world(f.who, f.Getenv))
	if err != nil {
		return f.report(&configError{err})
	}
	d := &bsSession{face: f}
	defer d.leave()
	o := session.Options{Name: name, Deliver: d.take, Spool: f.spool, RequireTLS: true,
		Limits: session.Limits{Memory: inject.MemoryBody, Errors: 1000}}
	if f.config.Default.Queue.Enabled {
		o.MaxHold = longestHold
	}
	_, err = session.Serve(ctx, streams{session.NewPipeReader(f.Stdin), f.Stdout}, o)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ended in the middle of a message, which was not sent")
	}
	if err != nil {
		return f.report(&inject.ReadError{Doing: "reading standard input", Err: err})
	}
	return exitOK
}

// bsSession is one session of -bs.
type bsSession struct {
	*face
	ways map[string]*kept // by account
}

// way opens the way of an account, or finds the open one, ready for a message.
func (d *bsSession) way(account *config.Account) (*kept, error) {
	if k := d.ways[account.Name]; k != nil {
		k.post.begin()
		return k, nil
	}
	k, err := d.keptWay(account)
	if err != nil {
		return nil, err
	}
	if d.ways == nil {
		d.ways = map[string]*kept{}
	}
	d.ways[account.Name] = k
	return k, nil
}

// leave ends the ways that are open.
func (d *bsSession) leave() {
	for _, k := range d.ways {
		k.end()
	}
}

type streams struct {
	io.Reader
	io.Writer
}

// hostName is what this machine calls itself in SMTP.
func hostName(a *config.Account, w inject.World) (string, error) {
	who, err := rules(a).Identity.Resolve(w)
	if err != nil {
		return "", err
	}
	if who.Hostname == "" {
		return who.Fallback.Domain, nil
	}
	return who.Hostname, nil
}

// take brings a message of the session on its way.
func (d *bsSession) take(ctx context.Context, m *session.Mail) reply.Reply {
	in, err := m.Text.Input()
	if err != nil {
		return replyToError(err)
	}
	w := world(d.who, d.Getenv)
	account, err := d.accountFor(m, in, w)
	if err != nil {
		return replyToError(err)
	}
	k, err := d.way(account)
	if err != nil {
		return replyToError(err)
	}
	p, j := k.post, k.post.journal
	r := rules(account)
	if r.Aliases, _, err = d.table(account); err != nil {
		return replyToError(err)
	}
	sub, err := m.Submit(in, w, r)
	if err != nil {
		j.refused(err, statusOfError(err))
		return replyToError(err)
	}
	for _, note := range append(d.notes, sub.Notes...) {
		j.note(note)
	}
	d.notes = nil
	return p.reply(sub, p.dispatch(ctx, sub))
}

// accountFor picks the account: --account, else by MAIL FROM and the From
// address.
func (f *face) accountFor(m *session.Mail, in *inject.Input, w inject.World) (*config.Account, error) {
	if f.args.Account != "" {
		return f.config.Account(f.args.Account)
	}
	return f.config.Match(m.Senders(in, w, rules(&f.config.Default))), nil
}

// maxTold bounds the lines of a reply.
const maxTold = 20

// reply is what became of a submission as the reply to its text: there is one
// for all recipients, so a single failure makes it a failure, permanent before
// temporary, and its lines say who did not get the message.
func (p *post) reply(sub *inject.Submission, status exitStatus) reply.Reply {
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
		if p.journal.isKept(r) || r.Outcome.State == envelope.Delivered {
			served++
			return
		}
		failed(path(r.Original), replyToOutcome(r.Outcome))
	}, func(m inject.Malformed) { failed(m.Element.Text, replyToError(m.Element.Err)) })
	switch {
	case worst.Code != 0 && served > 0:
		lines = append(lines, fmt.Sprintf("the other recipients (%d) got the message", served))
	case worst.Code == 0 && status != exitOK: // the queue could not take it; standard error says why
		return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3}, Lines: []string{"the message was not accepted"}}
	case worst.Code == 0:
		return reply.Reply{Code: 250, Enhanced: reply.Enhanced{Class: 2}, Lines: []string{p.receipt()}}
	}
	return reply.Reply{Code: worst.Code, Enhanced: worst.Enhanced, Lines: lines}
}

// receipt names the message where the queue has it.
func (p *post) receipt() string {
	if len(p.ids) > 0 {
		return "queued as " + p.ids[0]
	}
	return "sent"
}

// replyToOutcome is what an outcome that is no success is to an SMTP client: the
// server's own reply where there is one.
func replyToOutcome(o envelope.Outcome) reply.Reply {
	class, code := 5, 554
	if o.State != envelope.Failed {
		class, code = 4, 451
	}
	r := reply.Reply{Code: code, Enhanced: o.Status, Lines: []string{o.Reason}}
	if o.Reply != nil && int(o.Reply.Class()) == class {
		r.Code, r.Lines = o.Reply.Code, o.Reply.Lines
	}
	if r.Enhanced.Class != class {
		r.Enhanced = reply.Enhanced{Class: class}
	}
	return r
}

// replyToError is what a failure before any attempt is to an SMTP client. What
// the message is to blame for is permanent; trouble with this machine and its
// configuration will be mended.
func replyToError(err error) reply.Reply {
	var h *headers.Error
	var a *address.Error
	switch {
	case errors.As(err, &h):
		return reply.Reply{Code: 554, Enhanced: h.Status, Lines: []string{h.Reason}}
	case errors.As(err, &a):
		return reply.Reply{Code: 553, Enhanced: reply.Enhanced{Class: 5, Subject: 1, Detail: 3}, Lines: []string{a.Error()}}
	case statusOfError(err) == exitConfig:
		return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3, Detail: 5}, Lines: []string{err.Error()}}
	}
	return reply.Reply{Code: 451, Enhanced: reply.Enhanced{Class: 4, Subject: 3}, Lines: []string{err.Error()}}
}
