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

// Call is one call of the sendmail face.
type Call struct {
	Process
	As     Name
	Args   *inject.Args
	Who    host.User
	Voice  voice.Voice
	Config *config.Config
	Notes  []string // for the log: what was ignored before there was one
}

// Report turns the error of a step into words and a status.
func (f *Call) Report(err error) exit.Status {
	if err == nil {
		return exit.OK
	}
	f.Complain(err)
	return exit.OfError(err)
}

// Complain says what went wrong, a line for each of several mistakes.
func (f *Call) Complain(err error) {
	several, ok := err.(interface{ Unwrap() []error })
	switch {
	case ok:
		for _, e := range several.Unwrap() {
			f.Voice.Say("%v", e)
		}
	case errors.Is(err, config.ErrNone):
		f.Voice.Say("%v", err)
		f.Voice.Hint("%s", voice.HintNoConfig)
	case exit.Is[*config.Error](err) && errors.Is(err, fs.ErrPermission):
		f.Voice.Say("%v", err)
		f.Voice.Hint("%s", voice.HintNotReadable)
	default:
		f.Voice.Say("%v", err)
	}
}

// warn tells of what is odd and harmless. Some callers show any output as a
// failure, so it is for terminals and -v only; the log has it in any case.
func (f *Call) warn(text string) {
	f.Notes = append(f.Notes, text)
	if f.Args.Verbose || voice.IsTerminal(f.Stderr) {
		f.Voice.Say("warning: %s", text)
	}
}
