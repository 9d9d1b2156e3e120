// Mailchute takes the place of /usr/sbin/sendmail on machines that hand their
// mail to a smarthost. This package only wires: it picks the face, turns user,
// host and clock into values, and turns outcomes into words and exit statuses.
package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/sendmail"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
)

func main() {
	out := terminal.NewOutput(os.Stdout)
	status := start(face.Process{Stdin: os.Stdin, Stdout: out, Stderr: os.Stderr, Getenv: os.Getenv})
	os.Exit(int(written(out, status)))
}

// written is the status of a run that has written to out.
func written(out *terminal.Output, status exit.Status) exit.Status {
	switch err := out.Err(); {
	case err == nil || status == exit.IOErr:
		return status
	case status == exit.OK && !terminal.IsGone(err):
		voice.To(os.Stderr).Say("%v", err)
	}
	return exit.IOErr
}

// start is run behind what holds for every run.
func start(p face.Process) exit.Status {
	host.IgnoreSignals()
	if err := host.DropPrivileges(); err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.NoPerm
	}
	return run(context.Background(), os.Args, p)
}

// run picks the face by the name the program was called by, then by the first
// argument, and gives the exit status.
func run(ctx context.Context, argv []string, p face.Process) exit.Status {
	name, args := "mailchute", []string(nil)
	if len(argv) > 0 {
		name, args = filepath.Base(argv[0]), argv[1:]
	}
	switch name {
	case "sendmail":
		return sendmail.Run(ctx, p, args, face.Borrowed)
	case "mailq":
		return sendmail.Run(ctx, p, append([]string{"-bp"}, args...), face.Borrowed)
	case "newaliases":
		return sendmail.Run(ctx, p, append([]string{"-bi"}, args...), face.Borrowed)
	}
	switch {
	case len(args) > 0 && args[0] == "sendmail":
		return sendmail.Run(ctx, p, args[1:], face.Own)
	case len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "--help" && args[0] != "--version" && !(args[0] == "-h" && len(args) == 1): // sendmail's -h takes a number
		return sendmail.Run(ctx, p, args, face.Own)
	}
	return ownFace(ctx, p, args)
}
