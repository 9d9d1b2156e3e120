// Mailchute takes the place of /usr/sbin/sendmail on machines that hand their
// mail to a smarthost. This package only wires: it picks the face, turns user,
// host and clock into values, and turns outcomes into words and exit statuses.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"mailchute/relay/route/dns"
)

func main() {
	os.Exit(int(start(process{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv})))
}

// start is run behind what holds for every run.
func start(p process) exitStatus {
	// A caller that closed our standard error, or that may write no large files, must
	// not kill a delivery: the write fails, and that can be told.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGXFSZ)
	if err := dropPrivileges(); err != nil {
		voice{p.Stderr}.say("%v", err)
		return exitNoPerm
	}
	return run(context.Background(), os.Args, p)
}

// process is what a run has of the outside: its streams and its environment.
type process struct {
	Stdin  *os.File
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	DNS    dns.Client // of check; the zero one asks the servers of resolv.conf
}

// run picks the face by the name the program was called by, then by the first
// argument, and gives the exit status.
func run(ctx context.Context, argv []string, p process) exitStatus {
	name, args := "mailchute", []string(nil)
	if len(argv) > 0 {
		name, args = filepath.Base(argv[0]), argv[1:]
	}
	switch name {
	case "sendmail":
		return sendmail(ctx, p, args, borrowed)
	case "mailq":
		return sendmail(ctx, p, append([]string{"-bp"}, args...), borrowed)
	case "newaliases":
		return sendmail(ctx, p, append([]string{"-bi"}, args...), borrowed)
	}
	switch {
	case len(args) > 0 && args[0] == "sendmail":
		return sendmail(ctx, p, args[1:], own)
	case len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "--help" && args[0] != "-h" && args[0] != "--version":
		return sendmail(ctx, p, args, own)
	}
	return ownFace(ctx, p, args)
}

// calledAs is the kind of name that the sendmail face was called by. Under a
// borrowed name the arguments may come from a stranger.
type calledAs int

const (
	own      calledAs = iota // mailchute
	borrowed                 // sendmail, mailq, newaliases
)
