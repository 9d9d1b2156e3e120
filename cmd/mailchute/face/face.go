// Package face is one call of the program: its streams and environment, the name
// that it was called by, what was typed, who the user is, and the configuration,
// queue and log that belong to them.
package face

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/route/dns"
)

// Process is what a run has of the outside: its streams and its environment.
type Process struct {
	Stdin  *os.File
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Part   string     // host.ServerPart in the server, else ""
	DNS    dns.Client // of check; the zero one asks the servers of resolv.conf
}

// Name is the kind of name that the sendmail face was called by. Under a
// borrowed name the arguments may come from a stranger.
type Name int

const (
	Own      Name = iota // mailchute
	Borrowed             // sendmail, mailq, newaliases
)

// Call is one call of the program, of either face: what the own face's flags say of
// configuration, queue and account is told in the terms of sendmail's options.
type Call struct {
	Process
	As     Name
	Args   *inject.Args
	Who    host.User
	Voice  voice.Voice
	Config *config.Config // nil before Load or Read
	Notes  []string       // for the log: what was ignored before there was one
}

// New is a call by the user who runs the program, under its own name.
func New(p Process, args *inject.Args) *Call {
	return &Call{Process: p, Args: args, Who: host.Caller(), Voice: voice.To(p.Stderr)}
}

// Report turns the error of a step into words and a status.
func (f *Call) Report(err error) exit.Status {
	if err == nil {
		return exit.OK
	}
	f.Complain(err)
	return exit.OfError(err)
}

// Complain says what went wrong, a line for each mistake, and what to do where there
// is but one.
func (f *Call) Complain(err error) {
	mistakes := voice.Mistakes(err)
	for _, e := range mistakes {
		f.Voice.Say("%v", e)
	}
	switch {
	case len(mistakes) > 1:
	case errors.Is(err, config.ErrNone):
		f.Voice.Hint("%s", voice.HintNoConfig)
	case errors.As(err, new(*config.Error)) && errors.Is(err, fs.ErrPermission) && f.Part == host.ServerPart:
		f.Voice.Hint("%s", voice.HintServerCannotRead)
	case errors.As(err, new(*config.Error)) && errors.Is(err, fs.ErrPermission):
		f.Voice.Hint("%s", voice.HintNotReadable)
	}
}

// warn tells of what is odd and harmless. Some callers show any output as a
// failure, so it is for terminals and -v only; the log has it in any case.
func (f *Call) warn(text string) {
	f.Notes = append(f.Notes, text)
	if f.Args.Verbose || terminal.Is(f.Stderr) {
		f.Voice.Say("warning: %s", text)
	}
}
