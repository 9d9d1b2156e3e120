package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/alecthomas/kong"

	"mailchute/cmd/mailchute/check"
	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/interview"
	"mailchute/cmd/mailchute/login"
	"mailchute/cmd/mailchute/release"
	"mailchute/cmd/mailchute/sendmail"
	"mailchute/cmd/mailchute/serve"
	"mailchute/cmd/mailchute/voice"
)

// commands is the own face, as kong reads it. The sendmail face has a parser of
// its own: sendmail's options do not follow anybody's rules but sendmail's.
type commands struct {
	Sendmail   sendmailArgs      `cmd:"" help:"Send the message on standard input."`
	Explain    sendmailArgs      `cmd:"" help:"Show what would be done with the message on standard input; send nothing."`
	Sandbox    sandboxCommand    `cmd:"" help:"Try it: an embedded smarthost on loopback shows what arrives."`
	Queue      desk.Queue        `cmd:"" help:"See and handle the messages that wait."`
	Redirects  desk.Redirects    `cmd:"" help:"See and handle what 557 replies have taught."`
	Serve      serve.Command     `cmd:"" help:"Be the local submission server: SMTP on a Unix socket and on loopback, queue, delivery."`
	Check      check.Command     `cmd:"" help:"Look at the configuration and at each smarthost; say what is wrong and how to mend it."`
	Init       interview.Command `cmd:"" help:"Make a configuration: ask, try the server, write it."`
	Login      login.Command     `cmd:"" help:"Get the token that an account with [oauth] logs in with."`
	Logout     login.Logout      `cmd:"" help:"Give that token back."`
	Install    installCommand    `cmd:"" help:"Take the places where programs look for sendmail."`
	Uninstall  uninstallCommand  `cmd:"" help:"Give them back."`
	Help       helpCommand       `cmd:"" help:"Show a manual page, or the flags of a command."`
	Completion completionCommand `cmd:"" help:"Print the completion script of a shell."`
	Version    unconfigured      `cmd:"" help:"Show version, Go version and commit."`
}

// sendmailArgs is there for the help: both commands never get to kong.
type sendmailArgs struct {
	Args []string `arg:"" optional:"" passthrough:"" name:"options and recipients" help:"As in sendmail(8)."`
}

// unconfigured is part of a command that needs no configuration. A script gives -C to
// all of them alike.
type unconfigured struct {
	Config string `short:"C" name:"config" hidden:"" help:"Taken as by other commands; it means nothing here." placeholder:"FILE"`
}

// ownFace is mailchute's own command line.
func ownFace(ctx context.Context, p face.Process, args []string) exit.Status {
	// The two that need no parser are worth not building one.
	if len(args) == 1 && (args[0] == "version" || args[0] == "--version") {
		release.Print(p.Stdout)
		return exit.OK
	}
	if len(args) > 0 && args[0] == "explain" {
		return sendmail.Run(ctx, p, append([]string{"--dry-run"}, args[1:]...), face.Own)
	}
	var c commands
	ended := -1
	parser, err := kong.New(&c, kong.Name("mailchute"), kong.Writers(p.Stdout, p.Stderr), kong.Exit(func(n int) { ended = n }),
		kong.Description("Takes the place of /usr/sbin/sendmail and hands mail to a smarthost. Called as sendmail, or with an option first, it behaves as sendmail(8) does."))
	if err != nil {
		voice.To(p.Stderr).Say("%v", err)
		return exit.Software
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	switch {
	case ended >= 0, errors.As(err, new(*fs.PathError)): // help was printed, or could not be
		return exit.OK
	case err != nil:
		voice.To(p.Stderr).Say("%v; see mailchute --help", err)
		return exit.Usage
	}
	command, words, _ := strings.Cut(parsed.Command(), " ")
	switch command {
	case "sandbox":
		return c.Sandbox.run(ctx, p)
	case "queue":
		return c.Queue.Do(ctx, p, words)
	case "redirects":
		return c.Redirects.Do(p, words)
	case "init":
		return c.Init.Do(ctx, p)
	case "login":
		return c.Login.Do(ctx, p)
	case "logout":
		return c.Logout.Do(ctx, p)
	case "install":
		return c.Install.install(p)
	case "uninstall":
		return c.Uninstall.uninstall(p)
	case "help":
		return c.Help.run(ctx, p)
	case "completion":
		return c.Completion.run(p)
	case "check":
		return c.Check.Do(ctx, p)
	case "serve":
		return c.Serve.Do(ctx, p)
	}
	release.Print(p.Stdout)
	return exit.OK
}
