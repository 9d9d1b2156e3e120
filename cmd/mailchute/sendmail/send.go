package sendmail

import (
	"context"
	"errors"
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/journal"
	"mailchute/cmd/mailchute/post"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers"
	"mailchute/inject"
	"mailchute/inject/config"
)

// send is the way of a message from standard input to its outcomes.
func (c *call) send(ctx context.Context) exit.Status {
	growStack(false)
	debug.SetGCPercent(400) // one message and the end: up to 16 MiB it costs less to let the garbage lie
	if len(c.Args.Recipients) == 0 && !c.Args.FromHeader {
		return c.Report(&inject.NoRecipients{}) // before anything is read
	}
	if err := c.Load(); err != nil {
		return c.Report(err)
	}
	if c.Args.Account != "" { // nobody has to write a message to learn that there is none
		if _, err := c.Config.Account(c.Args.Account); err != nil {
			return c.Report(err)
		}
	}
	return c.hand(ctx)
}

// Send reads the message of a call and hands it on, by the configuration that is
// loaded.
func Send(ctx context.Context, f *face.Call) exit.Status { return (&call{f}).hand(ctx) }

// hand is Send.
func (c *call) hand(ctx context.Context) exit.Status {
	in, rest, err := c.read()
	if err != nil {
		return c.Report(err)
	}
	defer in.Body.Close()

	w := host.World(c.Who, c.Getenv)
	account, err := c.account(in, w)
	if err != nil {
		return c.Report(err)
	}
	j, err := c.OpenJournal(account)
	if err != nil {
		return c.Report(err)
	}
	defer j.Close()
	sub, err := c.submission(in, w, account)
	if err != nil {
		status := c.refuse(err)
		j.Refused(err, status)
		return status
	}
	for _, note := range append(c.Notes, sub.Notes...) {
		j.Note(note)
	}
	ignored := rest()
	if ignored {
		c.ignored(j)
	}
	if c.Args.DryRun {
		return c.explain(in, sub, account)
	}
	p, done, err := post.New(c.Call, account, j)
	if err != nil {
		return c.Report(err)
	}
	defer done()
	status := p.Dispatch(ctx, sub)
	if !ignored && !terminal.Is(c.Stdin) && rest() { // a writer may be slower than we; what a person types is for the shell
		c.ignored(j)
	}
	return status
}

// refuse tells why a message is refused as a whole. Of the message itself -oeq is
// silent, as it is of recipients.
func (c *call) refuse(err error) exit.Status {
	if c.Args.OnError == 'q' && errors.As(err, new(*headers.Error)) {
		return exit.OfError(err)
	}
	return c.Report(err)
}

// ignored tells of input that was not taken.
func (c *call) ignored(j *journal.Journal) {
	c.Voice.Say("%s", ignoredInput)
	j.Note(ignoredInput)
}

const ignoredInput = "the message ended at a line with a single dot and what followed was ignored; use -i to send such lines"

// read reads the message. rest tells whether there is, by now, input behind a lone
// dot.
func (c *call) read() (in *inject.Input, rest func() bool, err error) {
	if c.Args.IgnoreDots {
		in, err = inject.Read(c.Stdin, c.Spool)
		return in, func() bool { return false }, err
	}
	dots := inject.NewDotReader(c.Stdin)
	in, err = inject.Read(dots, c.Spool)
	return in, func() bool { return dots.Rest(func() bool { return hasInput(c.Stdin) }) }, err
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
func (c *call) account(in *inject.Input, w inject.World) (*config.Account, error) {
	if c.Args.Account != "" {
		return c.Config.Account(c.Args.Account)
	}
	if len(c.Config.Accounts) == 0 {
		return &c.Config.Default, nil
	}
	sender, from := inject.Senders(c.Args, in, w, wire.Rules(&c.Config.Default))
	return c.Config.Match(sender, from), nil
}

// submission applies the rules of an account to what was read.
func (c *call) submission(in *inject.Input, w inject.World, account *config.Account) (*inject.Submission, error) {
	r := wire.Rules(account)
	r.Aliases, _, _ = c.Aliases(account) // an error comes out where a name leads to it
	return inject.Submit(c.Args, in, w, r)
}
