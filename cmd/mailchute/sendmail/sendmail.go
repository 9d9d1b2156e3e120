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

// Run is the sendmail face, sendmail(8).
func Run(ctx context.Context, p face.Process, argv []string, as face.Name) exit.Status {
	f := &face.Call{Process: p, Voice: voice.Voice{W: p.Stderr}, As: as}
	var err error
	if f.Args, err = inject.ParseArgs(argv); err != nil {
		f.Voice.Say("%v", err)
		return exit.Usage
	}
	if err := host.CheckDescriptors(); err != nil {
		return f.Report(err)
	}
	f.Who = host.LookUpUser()
	if as == face.Borrowed && f.Who.UID != 0 {
		for _, option := range f.Args.DropFiles() {
			f.Notes = append(f.Notes, "option "+option+" ignored: called as sendmail by a user who is not root")
		}
	}
	switch f.Args.Mode {
	case inject.Version:
		release.Print(p.Stdout)
		return exit.OK
	case inject.Help:
		io.WriteString(p.Stdout, sendmailUsage)
		return exit.OK
	case inject.Session:
		return converse(ctx, f)
	case inject.Serve:
		return serve.Daemon(ctx, f)
	case inject.ListQueue:
		return f.Report(desk.Mailq(ctx, f))
	case inject.Flush:
		return f.Report(flush(ctx, f))
	case inject.Aliases:
		return f.Report(checkAliases(f))
	case inject.Verify:
		return f.Report(verify(f))
	}
	return send(ctx, f)
}

// checkAliases is -bi: there is no database to build, but mistakes to be found.
func checkAliases(f *face.Call) error {
	if err := f.Load(); err != nil && !errors.Is(err, config.ErrNone) {
		return err
	}
	account := config.Defaults()
	if f.Config != nil {
		account = f.Config.Default
	}
	table, path, err := f.Table(&account)
	if err != nil {
		return err
	}
	if table == nil {
		fmt.Fprintln(f.Stdout, "no aliases are configured")
		return nil
	}
	if errs := table.Check(); len(errs) > 0 {
		return errors.Join(errs...)
	}
	fmt.Fprintf(f.Stdout, "%s: %d aliases\n", voice.Printable(path), table.Len())
	return nil
}

const sendmailUsage = `usage: sendmail [options] [recipient ...] < message
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
