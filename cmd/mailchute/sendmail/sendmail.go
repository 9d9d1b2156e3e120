// Package sendmail is the face that programs know: options and exit statuses of
// sendmail(8), the message on standard input or a session on it.
package sendmail

import (
	"context"
	"errors"
	"fmt"
	"io"

	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/release"
	"mailchute/cmd/mailchute/serve"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
)

// call is one call of the face.
type call struct{ *face.Call }

// Run does what the arguments say, under the name that as tells of.
func Run(ctx context.Context, p face.Process, argv []string, as face.Name) exit.Status {
	args, err := inject.ParseArgs(argv)
	if err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.Usage
	}
	if err := host.CheckDescriptors(); err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.OfError(err)
	}
	c := &call{face.New(p, args)}
	c.As = as
	if as == face.Borrowed && c.Who.UID != 0 {
		for _, option := range c.Args.DropFiles() {
			c.Notes = append(c.Notes, "option "+option+" ignored: called as sendmail by a user who is not root")
		}
	}
	switch c.Args.Mode {
	case inject.Version:
		release.Print(p.Stdout)
		return exit.OK
	case inject.Help:
		text := usage
		if as == face.Own && args.DryRun {
			text = usageOfExplain
		}
		io.WriteString(p.Stdout, text)
		return exit.OK
	case inject.Session:
		return c.converse(ctx)
	case inject.Serve:
		return serve.Daemon(ctx, c.Call)
	case inject.ListQueue:
		return c.Report(desk.Mailq(ctx, c.Call))
	case inject.Flush:
		return c.Report(c.flush(ctx))
	case inject.Aliases:
		return c.Report(c.checkAliases())
	case inject.Verify:
		return c.Report(c.verify())
	}
	return c.send(ctx)
}

// checkAliases is -bi: there is no database to build, but mistakes to be found.
func (c *call) checkAliases() error {
	if err := c.Load(); err != nil && !errors.Is(err, config.ErrNone) {
		return err
	}
	account := config.Defaults()
	if c.Config != nil {
		account = c.Config.Default
	}
	table, path, err := c.Aliases(&account)
	if err != nil {
		return err
	}
	if table == nil {
		fmt.Fprintln(c.Stdout, "no aliases are configured")
		return nil
	}
	if errs := table.Check(); len(errs) > 0 {
		return errors.Join(errs...)
	}
	fmt.Fprintf(c.Stdout, "%s: %d aliases\n", voice.Printable(path), table.Len())
	return nil
}

const usage = `usage: sendmail [options] [recipient ...] < message
Sends the message on standard input to the recipients, and with -t to those
named in its To, Cc and Bcc fields.

  -t            take recipients from the header
  -i            a line with a single dot does not end the message
  -f ADDRESS    envelope sender; '' is the null sender
  -F NAME       full name for a From field that has to be added
  -v            show the SMTP dialogue
  --dry-run     show what would be sent, send nothing

All options are described in sendmail(8). mailchute --help lists the other
commands.
`

const usageOfExplain = `usage: mailchute explain [--json] [options] [recipient ...] < message
Reads the message on standard input, sends nothing, and shows what sendmail with
the same options would do with it, and why.

  --json          print it as JSON
  -t              take recipients from the header
  -f ADDRESS      envelope sender; '' is the null sender
  -C FILE         configuration file
  --account NAME  the account to send with

All options are described in sendmail(8), what is shown in mailchute(1).
`
