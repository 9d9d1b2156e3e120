package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"mailchute/inject"
	"mailchute/inject/aliases"
	"mailchute/inject/config"
)

// face is one call of the sendmail face.
type face struct {
	process
	as     calledAs
	args   *inject.Args
	who    account
	voice  voice
	config *config.Config
	notes  []string // for the log: what was ignored before there was one
}

// sendmail is the sendmail face, sendmail(8).
func sendmail(ctx context.Context, p process, argv []string, as calledAs) exitStatus {
	f := &face{process: p, voice: voice{p.Stderr}, as: as}
	var err error
	if f.args, err = inject.ParseArgs(argv); err != nil {
		f.voice.say("%v", err)
		return exitUsage
	}
	if err := checkDescriptors(); err != nil {
		return f.report(err)
	}
	f.who = lookUpUser()
	if as == borrowed && f.who.uid != 0 {
		for _, option := range f.args.DropFiles() {
			f.notes = append(f.notes, "option "+option+" ignored: called as sendmail by a user who is not root")
		}
	}
	switch f.args.Mode {
	case inject.Version:
		return version(p.Stdout)
	case inject.Help:
		io.WriteString(p.Stdout, sendmailUsage)
		return exitOK
	case inject.Session:
		return f.session(ctx)
	case inject.Serve:
		return f.daemon(ctx)
	case inject.ListQueue:
		return f.report(f.mailq(ctx))
	case inject.Flush:
		return f.report(f.flush(ctx))
	case inject.Aliases:
		return f.report(f.checkAliases())
	case inject.Verify:
		return f.report(f.verify())
	}
	return f.send(ctx)
}

// report turns the error of a step into words and a status.
func (f *face) report(err error) exitStatus {
	if err == nil {
		return exitOK
	}
	f.complain(err)
	return statusOfError(err)
}

// complain says what went wrong, a line for each of several mistakes.
func (f *face) complain(err error) {
	several, ok := err.(interface{ Unwrap() []error })
	switch {
	case ok:
		for _, e := range several.Unwrap() {
			f.voice.say("%v", e)
		}
	case errors.Is(err, config.ErrNone):
		f.voice.say("%v", err)
		f.voice.hint("%s", hintNoConfig)
	case is[*config.Error](err) && errors.Is(err, fs.ErrPermission):
		f.voice.say("%v", err)
		f.voice.hint("%s", hintNotReadable)
	default:
		f.voice.say("%v", err)
	}
}

// warn tells of what is odd and harmless. Some callers show any output as a
// failure, so it is for terminals and -v only; the log has it in any case.
func (f *face) warn(text string) {
	f.notes = append(f.notes, text)
	if f.args.Verbose || isTerminal(f.Stderr) {
		f.voice.say("warning: %s", text)
	}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// configError is a configuration that cannot be used, though each value in it
// is right.
type configError struct{ err error }

func (e *configError) Error() string { return e.err.Error() }
func (e *configError) Unwrap() error { return e.err }

// load finds and reads the configuration and applies what the command line
// overrides.
func (f *face) load() error {
	path, err := config.Find(f.args.ConfigFile, f.Getenv, func() string { return f.who.home })
	if errors.Is(err, config.ErrNone) {
		if c, ok := socketConfig(); ok {
			f.config = c
			return nil
		}
	}
	if err != nil {
		return err
	}
	c, warnings, err := config.Load(path)
	if errors.Is(err, fs.ErrPermission) && path == config.System {
		// The machine's configuration is its server's alone: mail goes through it.
		if c, ok := socketConfig(); ok {
			f.config = c
			return nil
		}
	}
	if err != nil {
		return err
	}
	for _, w := range warnings {
		f.warn(w)
	}
	if c.Path, err = filepath.Abs(path); err != nil {
		return err
	}
	f.config = c
	return nil
}

// table reads the aliases of an account; none is an empty table.
func (f *face) table(a *config.Account) (t *aliases.Table, path string, err error) {
	path = a.Aliases
	if f.args.AliasFile != "" {
		path = f.args.AliasFile
	}
	if path == "" {
		return nil, "", nil
	}
	t, err = aliases.Load(path)
	return t, path, err
}

// checkAliases is -bi: there is no database to build, but mistakes to be found.
func (f *face) checkAliases() error {
	if err := f.load(); err != nil && !errors.Is(err, config.ErrNone) {
		return err
	}
	account := config.Defaults()
	if f.config != nil {
		account = f.config.Default
	}
	table, path, err := f.table(&account)
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
	fmt.Fprintf(f.Stdout, "%s: %d aliases\n", printable(path), table.Len())
	return nil
}

// spool gives a file without a name for a large body: in the directory of the
// queue when there is one, so that keeping the message later costs no copy, else
// where temporary files go.
func (f *face) spool() (*os.File, error) {
	if q, err := f.openQueue(&f.config.Default); err == nil && q != nil {
		defer q.Close()
		if file, err := q.Spool(); err == nil {
			return file, nil
		}
	}
	return inject.TempFile(os.TempDir())
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
