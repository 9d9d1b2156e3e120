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
	"io"
	"io/fs"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/sendmail"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/headers/address"
	"mailchute/inject"
	"mailchute/inject/config"
)

// Command is `mailchute check`: reads the configuration, asks each smarthost
// what it is like, and says of everything whether it is right and how to mend it.
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
	r := &Findings{}
	if !c.JSON {
		// One by one as they are found: a server that does not answer takes its time.
		colours := terminal.Is(p.Stdout) && p.Getenv("NO_COLOR") == ""
		r.Print = func(f Finding) { fmt.Fprintln(p.Stdout, f.Line(colours)) }
	}
	c.check(ctx, p, r)
	if c.JSON {
		if err := voice.PrintJSON(p.Stdout, r.all); err != nil {
			return exit.IOErr
		}
	}
	return r.Status()
}

// check goes through the configuration, the accounts and their smarthosts.
func (c *Command) check(ctx context.Context, p face.Process, r *Findings) {
	f := face.New(p, &inject.Args{ConfigFile: c.Config, Account: c.Account})
	accounts, ok := c.configuration(f, r)
	if !ok {
		return
	}
	w := host.World(f.Who, p.Getenv)
	from, _ := address.Parse(c.From)
	names := newDomains(p.DNS, from)
	for _, a := range accounts {
		at := r.About(a.Name)
		checkFiles(at, a)
		checkToken(ctx, at, a, p.Getenv)
		who := Identity(at, a, w)
		if !wire.ByLocalServer(a) && r.isFirst("EHLO "+who.Hostname) {
			names.hello(ctx, at, who.Hostname)
		}
		checkAliases(at, f, a, who)
		places := Smarthosts(ctx, at, a, who.Hostname, p.Getenv)
		names.check(ctx, at, a, who, places)
	}
	at := r.About("")
	checkQueues(ctx, at, f, checkMachine(ctx, at, f))
	checkRedirects(at, f)
	checkClock(at, time.Now())
	if c.Send != "" {
		c.SendTest(ctx, f, r.About(c.Account))
	}
}

// configuration reads the configuration and picks the accounts to check: the
// named one, else all that have a smarthost.
func (c *Command) configuration(f *face.Call, r *Findings) (accounts []*config.Account, ok bool) {
	at := r.About("")
	warnings, err := f.Read()
	if err != nil {
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

// SendTest sends a message to the address the normal way, but that it is not kept
// for later: the question is whether it works now.
func (c *Command) SendTest(ctx context.Context, f *face.Call, at About) {
	for _, a := range f.Config.All() {
		a.Queue.Enabled, a.Delivery = false, config.Sync
	}
	file, err := testMessage(c.Send)
	if err != nil {
		at.error("send", exit.CantCreate, err.Error(), "")
		return
	}
	defer file.Close()
	var said strings.Builder
	f.Process = face.Process{Stdin: file, Stdout: &said, Stderr: &said, Getenv: f.Getenv}
	f.Voice = voice.To(&said)
	f.Args = &inject.Args{Recipients: []string{c.Send}, IgnoreDots: true, Account: c.Account, ConfigFile: c.Config, Verbose: true}
	status := sendmail.Send(ctx, f)
	words, reply := partWords(said.String())
	switch {
	case status != exit.OK:
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
