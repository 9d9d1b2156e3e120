package sendmail

import (
	"context"
	"errors"
	"io"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
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
func converse(ctx context.Context, f *face.Call) exit.Status {
	if err := f.Load(); err != nil {
		return f.Report(err)
	}
	name, err := wire.HostName(&f.Config.Default, host.World(f.Who, f.Getenv))
	if err != nil {
		return f.Report(&exit.ConfigError{Err: err})
	}
	d := &dialogue{Call: f}
	defer d.leave()
	o := session.Options{Name: name, Deliver: d.take, Spool: f.Spool, RequireTLS: true,
		Limits: session.Limits{Memory: inject.MemoryBody, Errors: 1000}}
	if f.Config.Default.Queue.Enabled {
		o.MaxHold = wire.LongestHold
	}
	_, err = session.Serve(ctx, streams{session.NewPipeReader(f.Stdin), f.Stdout}, o)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = errors.New("it ended in the middle of a message, which was not sent")
	}
	if err != nil {
		return f.Report(&inject.ReadError{Doing: "reading standard input", Err: err})
	}
	return exit.OK
}

// dialogue is one session of -bs.
type dialogue struct {
	*face.Call
	ways map[string]*post.Kept // by account
}

// way opens the way of an account, or finds the open one, ready for a message.
func (d *dialogue) way(account *config.Account) (*post.Kept, error) {
	if k := d.ways[account.Name]; k != nil {
		k.Post.Begin()
		return k, nil
	}
	k, err := post.KeptWay(d.Call, account)
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
	account, err := accountFor(d.Call, m, in, w)
	if err != nil {
		return exit.ReplyToError(err)
	}
	k, err := d.way(account)
	if err != nil {
		return exit.ReplyToError(err)
	}
	p, j := k.Post, k.Post.Journal
	r := wire.Rules(account)
	if r.Aliases, _, err = d.Table(account); err != nil {
		return exit.ReplyToError(err)
	}
	sub, err := m.Submit(in, w, r)
	if err != nil {
		j.Refused(err, exit.OfError(err))
		return exit.ReplyToError(err)
	}
	for _, note := range append(d.Notes, sub.Notes...) {
		j.Note(note)
	}
	d.Notes = nil
	return p.Reply(sub, p.Dispatch(ctx, sub))
}

// accountFor picks the account: --account, else by MAIL FROM and the From
// address.
func accountFor(f *face.Call, m *session.Mail, in *inject.Input, w inject.World) (*config.Account, error) {
	if f.Args.Account != "" {
		return f.Config.Account(f.Args.Account)
	}
	return f.Config.Match(m.Senders(in, w, wire.Rules(&f.Config.Default))), nil
}
