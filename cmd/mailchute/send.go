package main

import (
	"context"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
)

// send is the way of a message from standard input to its outcomes.
func (f *face) send(ctx context.Context) exitStatus {
	growStack(false)
	debug.SetGCPercent(400) // one message and the end: up to 16 MiB it costs less to let the garbage lie
	if len(f.args.Recipients) == 0 && !f.args.FromHeader {
		return f.report(&inject.NoRecipients{}) // before anything is read
	}
	if err := f.load(); err != nil {
		return f.report(err)
	}
	return f.hand(ctx)
}

// hand reads the message and hands it on, by the configuration that is loaded.
func (f *face) hand(ctx context.Context) exitStatus {
	in, ignored, err := f.read()
	if err != nil {
		return f.report(err)
	}
	defer in.Body.Close()

	w := world(f.who, f.Getenv)
	account, err := f.account(in, w)
	if err != nil {
		return f.report(err)
	}
	book, err := logbook.Open(account.Log.To, account.Log.Format, f.tag())
	if err != nil {
		return f.report(&configError{err})
	}
	defer book.Close()
	j := &journal{book: book, account: account.Name, user: f.who.login}
	sub, err := f.submission(in, w, account)
	if err != nil {
		status := f.report(err)
		j.refused(err, status)
		return status
	}
	for _, note := range append(f.notes, sub.Notes...) {
		j.note(note)
	}
	if ignored {
		f.voice.say("%s", ignoredInput)
		j.note(ignoredInput)
	}
	if f.args.DryRun {
		return f.explain(in, sub, account)
	}
	p, done, err := f.post(account, j)
	if err != nil {
		return f.report(err)
	}
	defer done()
	return p.dispatch(ctx, sub)
}

const ignoredInput = "the message ended at a line with a single dot and what followed was ignored; use -i to send such lines"

func (f *face) tag() string {
	if f.args.Tag != "" {
		return f.args.Tag
	}
	return "mailchute"
}

// read reads the message, and tells whether input was ignored behind a lone dot.
func (f *face) read() (in *inject.Input, ignored bool, err error) {
	if f.args.IgnoreDots {
		in, err = inject.Read(f.Stdin, f.spool)
		return in, false, err
	}
	dots := inject.NewDotReader(f.Stdin)
	in, err = inject.Read(dots, f.spool)
	return in, dots.Rest(func() bool { return hasInput(f.Stdin) }), err
}

// hasInput tells whether a read from file would give something now. It does not
// wait: the caller may keep the pipe open until we end.
func hasInput(file *os.File) bool {
	fds := []unix.PollFd{{Fd: int32(file.Fd()), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 0); err != nil || n == 0 || fds[0].Revents&unix.POLLIN == 0 {
		return false
	}
	n, _ := file.Read(make([]byte, 1))
	return n > 0
}

// account picks the account: --account, else by the envelope sender as far as it
// is known before there is an account, then by the From address.
func (f *face) account(in *inject.Input, w inject.World) (*config.Account, error) {
	if f.args.Account != "" {
		return f.config.Account(f.args.Account)
	}
	if len(f.config.Accounts) == 0 {
		return &f.config.Default, nil
	}
	sender, from := inject.Senders(f.args, in, w, rules(&f.config.Default))
	return f.config.Match(sender, from), nil
}

func (f *face) submission(in *inject.Input, w inject.World, account *config.Account) (*inject.Submission, error) {
	r := rules(account)
	var err error
	if r.Aliases, _, err = f.table(account); err != nil {
		return nil, err
	}
	return inject.Submit(f.args, in, w, r)
}
