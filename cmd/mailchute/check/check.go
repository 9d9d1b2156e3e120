// Package check is mailchute check: it reads the configuration, asks each smarthost
// what it is like, looks at the machine and at what the DNS says of the sender's
// domain, and says of everything whether it is right and how to mend it.
//
// The promise: it changes nothing, sends nothing without --send, and each finding
// that is no "ok" says what to do.
package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
)

// Command is `mailchute check`.
type Command struct {
	Config  string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	Account string `help:"Only this account." placeholder:"NAME"`
	From    string `help:"Judge mail from this address." placeholder:"ADDR"`
	Send    string `help:"Send a test message to this address too." placeholder:"ADDR"`
	JSON    bool   `help:"As a JSON array."`
}

// Do prints the findings and gives the status of the worst.
func (c *Command) Do(ctx context.Context, p face.Process) exit.Status {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	for _, flag := range []struct{ name, value string }{{"--send", c.Send}, {"--from", c.From}} {
		if a, err := address.Parse(flag.value); flag.value != "" && (err != nil || a.IsNull()) {
			voice.To(p.Stderr).Say("%s %q: %v", flag.name, flag.value, err)
			return exit.Usage
		}
	}
	r := &findings{}
	if !c.JSON {
		// One by one as they are found: a server that does not answer takes its time.
		colours := terminal.Is(p.Stdout) && p.Getenv("NO_COLOR") == ""
		r.print = func(f Finding) { fmt.Fprintln(p.Stdout, f.Line(colours)) }
	}
	c.check(ctx, p, r)
	if c.JSON {
		if err := voice.PrintJSON(p.Stdout, r.all); err != nil {
			return exit.IOErr
		}
	}
	return r.status()
}

// check goes through the configuration, the accounts and their smarthosts.
func (c *Command) check(ctx context.Context, p face.Process, r *findings) {
	f := face.New(p, &inject.Args{ConfigFile: c.Config, Account: c.Account})
	accounts, ok := c.configuration(f, r)
	if !ok {
		return
	}
	w := host.World(f.Who, p.Getenv)
	from, _ := address.Parse(c.From)
	names := newDomains(p.DNS, from)
	for _, a := range accounts {
		at := r.about(a.Name)
		checkFiles(at, a)
		checkToken(ctx, at, a, p.Getenv)
		who := identity(at, a, w)
		if !wire.ByLocalServer(a) && r.isFirst("EHLO "+who.Hostname) {
			names.hello(ctx, at, who.Hostname)
		}
		checkAliases(at, f, a, who)
		places := smarthosts(ctx, at, a, who.Hostname, p.Getenv)
		names.check(ctx, at, a, who, places)
	}
	at := r.about("")
	checkQueues(ctx, at, f, checkMachine(ctx, at, f))
	checkRedirects(at, f)
	checkClock(at, time.Now())
	if c.Send != "" {
		sendTest(ctx, r.about(c.Account), f, c.Send)
	}
}

// configuration reads the configuration and picks the accounts to check: the
// named one, else all that have a smarthost.
func (c *Command) configuration(f *face.Call, r *findings) (accounts []*config.Account, ok bool) {
	at := r.about("")
	warnings, err := f.Read()
	hidden := f.GoesByServer(err)
	if err != nil && !hidden {
		for _, e := range voice.Mistakes(err) {
			at.error("configuration", exit.Config, e.Error(), hintOfConfig(e))
		}
		return nil, false
	}
	for _, w := range warnings {
		at.warn("configuration", w, "")
	}
	if c.Account != "" {
		a, err := f.Config.Account(c.Account)
		if err != nil {
			at.error("configuration", exit.Config, err.Error(), "")
			return nil, false
		}
		accounts = append(accounts, a)
	} else {
		accounts = f.Config.All()
		if len(accounts) > 1 && len(f.Config.Default.Smarthosts) == 0 { // the top level is only there to be inherited
			accounts = accounts[1:]
		}
	}
	switch n := len(f.Config.Accounts); {
	case hidden:
		at.ok("configuration", fmt.Sprintf("this user cannot read %q and need not: all mail goes to the local submission server", config.System))
	case f.Config.Path == "":
		at.ok("configuration", "there is none; all mail goes to the local submission server")
	case n == 0:
		at.ok("configuration", f.Config.Path)
	default:
		at.ok("configuration", fmt.Sprintf("%s, with the accounts %s", f.Config.Path, names(f.Config.Accounts)))
	}
	return accounts, true
}

func hintOfConfig(err error) string {
	switch {
	case errors.Is(err, config.ErrNone):
		return voice.HintNoConfig
	case errors.Is(err, fs.ErrPermission):
		return voice.HintNotReadable
	}
	return ""
}

func names(accounts []config.Account) string {
	var all []string
	for i := range accounts {
		all = append(all, accounts[i].Name)
	}
	return strings.Join(all, ", ")
}
