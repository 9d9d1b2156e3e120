package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/sandbox"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
)

type sandboxCommand struct {
	unconfigured
	Dir      string   `help:"Keep each message in this directory, as .eml and .json." placeholder:"DIR"`
	JSON     bool     `help:"Print what arrived as JSON."`
	Redirect []string `help:"Answer RCPT to OLD with 557 (or :558) and NEW." placeholder:"OLD=NEW[:558]"`
	Command  []string `arg:"" optional:"" passthrough:"" help:"Command to run with sendmail pointing at the sandbox; without one, the message on standard input is sent."`
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
		Executable: executable, Command: s.Command, Stdin: p.Stdin, Stdout: terminal.Raw(p.Stdout), Stderr: p.Stderr,
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
