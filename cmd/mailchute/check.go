package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
)

// checkCommand is `mailchute check`: reads the configuration, asks each smarthost
// what it is like, and says of everything whether it is right and how to mend it.
type checkCommand struct {
	Config  string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	Account string `help:"Only this account." placeholder:"NAME"`
	From    string `help:"Judge mail from this address." placeholder:"ADDR"`
	Send    string `help:"Send a test message to this address too." placeholder:"ADDR"`
	JSON    bool   `help:"As a JSON array."`
}

// run prints the findings and gives the status of the worst.
func (c *checkCommand) run(ctx context.Context, p process) exitStatus {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	for _, flag := range []struct{ name, value string }{{"--send", c.Send}, {"--from", c.From}} {
		if a, err := address.Parse(flag.value); flag.value != "" && (err != nil || a.IsNull()) {
			voice{p.Stderr}.say("%s %q: %v", flag.name, flag.value, err)
			return exitUsage
		}
	}
	r := &findings{}
	if !c.JSON {
		// One by one as they are found: a server that does not answer takes its time.
		colours := isTerminal(p.Stdout) && p.Getenv("NO_COLOR") == ""
		r.print = func(f finding) { fmt.Fprintln(p.Stdout, f.line(colours)) }
	}
	c.check(ctx, p, r)
	if c.JSON {
		if err := printJSON(p.Stdout, r.all); err != nil {
			return exitIOErr
		}
	}
	return r.status()
}

// check goes through the configuration, the accounts and their smarthosts.
func (c *checkCommand) check(ctx context.Context, p process, r *findings) {
	f := &face{process: p, who: lookUpUser(), voice: voice{p.Stderr}, args: &inject.Args{ConfigFile: c.Config, Account: c.Account}}
	accounts, ok := c.configuration(f, r)
	if !ok {
		return
	}
	w := world(f.who, p.Getenv)
	from, _ := address.Parse(c.From)
	names := newDomains(p.DNS, from)
	for _, a := range accounts {
		at := r.about(a.Name)
		checkFiles(at, a)
		checkToken(ctx, at, a, p.Getenv)
		who := checkIdentity(at, a, w)
		if !byLocalServer(a) && r.isFirst("EHLO "+who.Hostname) {
			names.hello(ctx, at, who.Hostname)
		}
		checkAliases(at, f, a, who)
		places := checkSmarthosts(ctx, at, a, who.Hostname, p.Getenv)
		names.check(ctx, at, a, who, places)
	}
	at := r.about("")
	checkQueues(ctx, at, f, checkMachine(ctx, at, f))
	checkRedirects(at, f)
	checkClock(at, time.Now())
	if c.Send != "" {
		c.sendTest(ctx, f, r.about(c.Account))
	}
}

// configuration reads the configuration and picks the accounts to check: the
// named one, else all that have a smarthost.
func (c *checkCommand) configuration(f *face, r *findings) (accounts []*config.Account, ok bool) {
	at := r.about("")
	warnings, err := f.find()
	if err != nil {
		for _, e := range several(err) {
			at.error("configuration", exitConfig, e.Error(), hintOfConfig(e))
		}
		return nil, false
	}
	for _, w := range warnings {
		at.warn("configuration", w, "")
	}
	if c.Account != "" {
		a, err := f.config.Account(c.Account)
		if err != nil {
			at.error("configuration", exitConfig, err.Error(), "")
			return nil, false
		}
		accounts = append(accounts, a)
	} else {
		accounts = accountsOf(f.config)
		if len(accounts) == 0 || len(f.config.Default.Smarthosts) > 0 { // else the top level is only there to be inherited
			accounts = slices.Insert(accounts, 0, &f.config.Default)
		}
	}
	switch n := len(f.config.Accounts); {
	case f.config.Path == "":
		at.ok("configuration", "there is none; all mail goes to the local submission server")
	case n == 0:
		at.ok("configuration", f.config.Path)
	default:
		at.ok("configuration", fmt.Sprintf("%s, with the accounts %s", f.config.Path, names(f.config.Accounts)))
	}
	return accounts, true
}

func hintOfConfig(err error) string {
	switch {
	case errors.Is(err, config.ErrNone):
		return hintNoConfig
	case errors.Is(err, fs.ErrPermission):
		return hintNotReadable
	}
	return ""
}

// find is load that keeps the warnings.
func (f *face) find() (warnings []string, err error) {
	path, err := config.Find(f.args.ConfigFile, f.Getenv, func() string { return f.who.home })
	if errors.Is(err, config.ErrNone) {
		if c, ok := socketConfig(); ok {
			f.config = c
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	f.config, warnings, err = config.Load(path)
	return warnings, err
}

// accountsOf is the accounts that have a name.
func accountsOf(c *config.Config) []*config.Account {
	all := make([]*config.Account, len(c.Accounts))
	for i := range c.Accounts {
		all[i] = &c.Accounts[i]
	}
	return all
}

func names(accounts []config.Account) string {
	var all []string
	for i := range accounts {
		all = append(all, accounts[i].Name)
	}
	return strings.Join(all, ", ")
}

// several is the errors that an error is made of.
func several(err error) []error {
	if e, ok := err.(interface{ Unwrap() []error }); ok {
		return e.Unwrap()
	}
	return []error{err}
}

// sendTest sends a message to the address the normal way, but that it is not kept
// for later: the question is whether it works now.
func (c *checkCommand) sendTest(ctx context.Context, f *face, at about) {
	for _, a := range append(accountsOf(f.config), &f.config.Default) {
		a.Queue.Enabled, a.Delivery = false, config.Sync
	}
	file, err := testMessage(c.Send)
	if err != nil {
		at.error("send", exitCantCreate, err.Error(), "")
		return
	}
	defer file.Close()
	var said strings.Builder
	f.process = process{Stdin: file, Stdout: &said, Stderr: &said, Getenv: f.Getenv}
	f.voice = voice{&said}
	f.args = &inject.Args{Recipients: []string{c.Send}, IgnoreDots: true, Account: c.Account, ConfigFile: c.Config, Verbose: true}
	status := f.hand(ctx)
	words, reply := partWords(said.String())
	switch {
	case status != exitOK:
		at.error("send", status, words, "")
	case words != "":
		at.warn("send", "the test message to <"+c.Send+"> was taken: "+reply+"; with a remark: "+words, "")
	default:
		at.ok("send", "the test message to <"+c.Send+"> was taken: "+reply)
	}
}

// partWords parts what was said while sending: words for the user, and the
// server's last word on the message.
func partWords(said string) (words, reply string) {
	var all []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		text, answer := strings.CutPrefix(line, "S: ")
		switch {
		case answer && strings.HasPrefix(text, "2") && !strings.HasPrefix(text, "221"):
			reply = text
		case answer, line == "", strings.HasPrefix(line, "C: "):
		default:
			all = append(all, strings.TrimPrefix(line, "mailchute: "))
		}
	}
	return strings.Join(all, "; "), reply
}

// testMessage is a file, at its beginning, with a message to an address.
func testMessage(to string) (*os.File, error) {
	file, err := inject.TempFile(os.TempDir())
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(file, testText, to)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

const testText = `To: <%s>
Subject: test of mailchute
Auto-Submitted: auto-generated

This is the test message of mailchute check. Who reads it can stop looking:
mail from this machine arrives.
`
