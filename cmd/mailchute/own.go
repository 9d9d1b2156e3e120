package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"mailchute/cmd/mailchute/check"
	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/interview"
	"mailchute/cmd/mailchute/login"
	"mailchute/cmd/mailchute/release"
	"mailchute/cmd/mailchute/sandbox"
	"mailchute/cmd/mailchute/sendmail"
	"mailchute/cmd/mailchute/serve"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
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
	Version    struct{}          `cmd:"" help:"Show version, Go version and commit."`
}

// sendmailArgs is there for the help: both commands never get to kong.
type sendmailArgs struct {
	Args []string `arg:"" optional:"" passthrough:"" name:"options and recipients" help:"As in sendmail(8)."`
}

type sandboxCommand struct {
	Dir      string   `help:"Keep each message in this directory, as .eml and .json." placeholder:"DIR"`
	JSON     bool     `help:"Print what arrived as JSON."`
	Redirect []string `help:"Answer RCPT to OLD with 557 (or :558) and NEW." placeholder:"OLD=NEW[:558]"`
	Command  []string `arg:"" optional:"" passthrough:"" help:"Command to run with sendmail pointing at the sandbox; without one, the message on standard input is sent."`
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
	case ended >= 0: // help was printed
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

// run starts the sandbox and gives the status of what ran in it.
func (s *sandboxCommand) run(ctx context.Context, p face.Process) exit.Status {
	v := voice.To(p.Stderr)
	redirects, err := parseRedirects(s.Redirect)
	if err != nil {
		v.Say("%v", err)
		return exit.Usage
	}
	executable, err := os.Executable()
	if err != nil {
		v.Say("%v", err)
		return exit.Software
	}
	if len(s.Command) > 0 && s.Command[0] == "--" {
		s.Command = s.Command[1:]
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	host.HeedSignals()
	status, err := sandbox.Run(ctx, sandbox.Options{
		Executable: executable, Command: s.Command, Stdin: p.Stdin, Stdout: p.Stdout, Stderr: p.Stderr,
		Dir: s.Dir, JSON: s.JSON, Redirects: redirects, Env: os.Environ(),
		Color: terminal.Is(p.Stdout) && p.Getenv("NO_COLOR") == "",
	})
	if err != nil {
		v.Say("%v", err)
	}
	return exit.Status(status)
}

// parseRedirects reads OLD=NEW and OLD=NEW:558.
func parseRedirects(texts []string) ([]sandbox.Redirect, error) {
	var redirects []sandbox.Redirect
	for _, text := range texts {
		old, to, ok := strings.Cut(text, "=")
		r := sandbox.Redirect{Code: 557}
		if i := strings.LastIndexByte(to, ':'); i >= 0 {
			if n, err := strconv.Atoi(to[i+1:]); err == nil {
				r.Code, to = n, to[:i]
			}
		}
		var err1, err2 error
		r.Old, err1 = address.Parse(old)
		r.New, err2 = address.Parse(to)
		if !ok || err1 != nil || err2 != nil || r.New.Domain == "" || r.Old.Domain == "" || r.Code != 557 && r.Code != 558 {
			return nil, fmt.Errorf("--redirect %q: want OLD=NEW, or OLD=NEW:558, with two full addresses", text)
		}
		redirects = append(redirects, r)
	}
	return redirects, nil
}
