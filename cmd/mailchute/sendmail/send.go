package sendmail

import (
	"context"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
)

// send is the way of a message from standard input to its outcomes.
func send(ctx context.Context, f *face.Call) exit.Status {
	growStack(false)
	debug.SetGCPercent(400) // one message and the end: up to 16 MiB it costs less to let the garbage lie
	if len(f.Args.Recipients) == 0 && !f.Args.FromHeader {
		return f.Report(&inject.NoRecipients{}) // before anything is read
	}
	if err := f.Load(); err != nil {
		return f.Report(err)
	}
	return Hand(ctx, f)
}

// Hand reads the message and hands it on, by the configuration that is loaded.
func Hand(ctx context.Context, f *face.Call) exit.Status {
	in, ignored, err := read(f)
	if err != nil {
		return f.Report(err)
	}
	defer in.Body.Close()

	w := host.World(f.Who, f.Getenv)
	account, err := account(f, in, w)
	if err != nil {
		return f.Report(err)
	}
	book, err := logbook.Open(account.Log.To, account.Log.Format, f.Tag())
	if err != nil {
		return f.Report(&exit.ConfigError{Err: err})
	}
	defer book.Close()
	j := &journal.Journal{Book: book, Account: account.Name, User: f.Who.Login}
	sub, err := submission(f, in, w, account)
	if err != nil {
		status := f.Report(err)
		j.Refused(err, status)
		return status
	}
	for _, note := range append(f.Notes, sub.Notes...) {
		j.Note(note)
	}
	if ignored {
		f.Voice.Say("%s", ignoredInput)
		j.Note(ignoredInput)
	}
	if f.Args.DryRun {
		return explainIt(f, in, sub, account)
	}
	p, done, err := post.New(f, account, j)
	if err != nil {
		return f.Report(err)
	}
	defer done()
	return p.Dispatch(ctx, sub)
}

const ignoredInput = "the message ended at a line with a single dot and what followed was ignored; use -i to send such lines"

// read reads the message, and tells whether input was ignored behind a lone dot.
func read(f *face.Call) (in *inject.Input, ignored bool, err error) {
	if f.Args.IgnoreDots {
		in, err = inject.Read(f.Stdin, f.Spool)
		return in, false, err
	}
	dots := inject.NewDotReader(f.Stdin)
	in, err = inject.Read(dots, f.Spool)
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
func account(f *face.Call, in *inject.Input, w inject.World) (*config.Account, error) {
	if f.Args.Account != "" {
		return f.Config.Account(f.Args.Account)
	}
	if len(f.Config.Accounts) == 0 {
		return &f.Config.Default, nil
	}
	sender, from := inject.Senders(f.Args, in, w, wire.Rules(&f.Config.Default))
	return f.Config.Match(sender, from), nil
}

func submission(f *face.Call, in *inject.Input, w inject.World, account *config.Account) (*inject.Submission, error) {
	r := wire.Rules(account)
	var err error
	if r.Aliases, _, err = f.Table(account); err != nil {
		return nil, err
	}
	return inject.Submit(f.Args, in, w, r)
}
