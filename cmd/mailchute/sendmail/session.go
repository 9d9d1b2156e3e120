package sendmail

import (
	"context"
	"errors"
	"io"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/inject/session"
	"mailchute/relay/reply"
)

// converse is -bs: SMTP on standard input and output. Each message goes the way of
// one on the command line, and the reply to its text is what became of it.
func (c *call) converse(ctx context.Context) exit.Status {
	if err := c.Load(); err != nil {
		return c.Report(err)
	}
	name, err := wire.HostName(&c.Config.Default, host.World(c.Who, c.Getenv))
	if err != nil {
		return c.Report(&exit.ConfigError{Err: err})
	}
	d := &dialogue{call: c}
	defer d.leave()
	o := session.Options{Name: name, Deliver: d.take, Spool: c.Spool, RequireTLS: true, Pipe: true, MaxHold: wire.MaxHold(&c.Config.Default),
		Limits: session.Limits{Header: 8 << 20, Memory: inject.MemoryBody, Errors: 1000}}
	_, err = session.Serve(ctx, streams{c.Stdin, c.Stdout}, o)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ended in the middle of a message, which was not sent")
	}
	if err != nil {
		return c.Report(&inject.ReadError{Doing: "reading standard input", Err: err})
	}
	return exit.OK
}

// dialogue is one session of -bs.
type dialogue struct {
	*call
	ways map[string]*post.Kept // by account
}

// way opens the way of an account, or finds the open one, ready for a message.
func (d *dialogue) way(account *config.Account) (*post.Kept, error) {
	if k := d.ways[account.Name]; k != nil {
		k.Begin()
		return k, nil
	}
	k, err := post.Keep(d.Call, account)
	if err != nil {
		return nil, err
	}
	if d.ways == nil {
		d.ways = map[string]*post.Kept{}
	}
	d.ways[account.Name] = k
	return k, nil
}

// leave ends the ways that are open.
func (d *dialogue) leave() {
	for _, k := range d.ways {
		k.End()
	}
}

type streams struct {
	io.Reader
	io.Writer
}

// take brings a message of the session on its way.
func (d *dialogue) take(ctx context.Context, m *session.Mail) reply.Reply {
	in, err := m.Text.Input()
	if err != nil {
		return exit.ReplyToError(err)
	}
	w := host.World(d.Who, d.Getenv)
	account, err := d.accountFor(m, in, w)
	if err != nil {
		return exit.ReplyToError(err)
	}
	k, err := d.way(account)
	if err != nil {
		return exit.ReplyToError(err)
	}
	r := wire.Rules(account)
	r.Aliases, _, _ = d.Aliases(account) // an error comes out where a name leads to it
	sub, err := m.Submit(in, w, r)
	if err != nil {
		k.Journal.Refused(err, exit.OfError(err))
		return exit.ReplyToError(err)
	}
	for _, note := range append(d.Notes, sub.Notes...) {
		k.Journal.Note(note)
	}
	d.Notes = nil
	return k.Reply(sub, k.Dispatch(ctx, sub))
}

// accountFor picks the account: --account, else by MAIL FROM and the From
// address.
func (c *call) accountFor(m *session.Mail, in *inject.Input, w inject.World) (*config.Account, error) {
	if c.Args.Account != "" {
		return c.Config.Account(c.Args.Account)
	}
	return c.Config.Match(m.Senders(in, w, wire.Rules(&c.Config.Default))), nil
}
