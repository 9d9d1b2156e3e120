// Package interview is mailchute init: it asks for what a configuration needs, or
// reads another program's, tries it against the server, and writes it.
//
// The promise: nothing is written before the server has said yes or the user has
// insisted, and a file that is there is kept aside.
package interview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/inject/config"
	"mailchute/inject/setup"
	"mailchute/inject/setup/foreign"
)

// Command is `mailchute init`: from a few answers, or from the configuration
// of another program, to one that was tried. On a terminal it asks for what no
// flag says; without one, what is missing is an error.
type Command struct {
	Config          string `short:"C" name:"config" help:"Where to write; the default is the machine's configuration for root, else the user's own." placeholder:"FILE"`
	From            string `help:"Make it from the configuration of msmtp, ssmtp, nullmailer, dma, esmtp or Postfix." placeholder:"FILE|DIR"`
	Address         string `help:"Mail address to send as." placeholder:"ADDR"`
	Smarthost       string `help:"Server to hand mail to; the default is found by the domain of the address." placeholder:"HOST"`
	User            string `help:"User name for the login; the default is the address." placeholder:"NAME"`
	PasswordFile    string `help:"File with the password, which stays where it is; - reads a line of standard input." placeholder:"FILE" xor:"password"`
	PasswordCommand string `help:"Command that prints the password or the token." placeholder:"CMD" xor:"password"`
	NoLogin         bool   `help:"The server wants no login." xor:"password"`
	ClientID        string `name:"client-id" help:"Log in by token: the client id that Google or Microsoft gave you." placeholder:"ID" xor:"password"`
	ClientSecret    string `name:"client-secret-file" help:"File with the client secret that belongs to it, which stays where it is." placeholder:"FILE"`
	Auth            string `help:"SASL mechanism, for tokens XOAUTH2 or OAUTHBEARER." placeholder:"NAME"`
	System          bool   `help:"For the whole machine." xor:"where"`
	Serve           bool   `help:"For the local submission server, through which all users of the machine send." xor:"where"`
	UserLevel       bool   `help:"For this user alone." xor:"where"`
	Root            string `help:"Add an alias: who gets the mail for root." placeholder:"ADDR"`
	Test            string `help:"Send a test message in the end." placeholder:"ADDR"`
	Offline         bool   `help:"Do not try the server."`
	Force           bool   `help:"Replace a configuration that is there."`
	Yes             bool   `help:"Ask nothing, and take the server that is found."`
}

// initialization is one run of init.
type initialization struct {
	*Command
	face.Process
	ask     *asker
	voice   voice.Voice
	who     host.User
	path    string // of the configuration to write
	machine bool   // it is for all users
	tried   exit.Status
	lookups lookups
}

// usageTrouble is a question that nobody can be asked.
type usageTrouble struct{ text string }

func (e *usageTrouble) Error() string { return e.text }

// Do makes the configuration.
func (c *Command) Do(ctx context.Context, p face.Process) exit.Status {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	i := &initialization{Command: c, Process: p, voice: voice.To(p.Stderr), who: host.Caller(), lookups: realLookups(p.Getenv)}
	i.ask = newAsker(p, c.Yes)
	status, err := i.make(ctx)
	if err != nil {
		i.voice.Say("%v", err)
		return statusOfInit(err)
	}
	return status
}

func statusOfInit(err error) exit.Status {
	switch {
	case errors.As(err, new(*usageTrouble)), errors.As(err, new(*address.Error)), errors.As(err, new(*foreign.UnknownError)):
		return exit.Usage
	case errors.As(err, new(*config.Error)), errors.As(err, new(*exit.ConfigError)):
		return exit.Config
	case errors.Is(err, errInterrupted):
		return exit.TempFail
	case errors.Is(err, os.ErrPermission):
		return exit.NoPerm
	}
	return exit.CantCreate
}

// make is all of init: where, what, is it true, write it, use it.
func (i *initialization) make(ctx context.Context) (exit.Status, error) {
	if err := i.place(); err != nil {
		return 0, err
	}
	if err := setup.Exists(i.path); err != nil && !i.Force {
		return 0, fmt.Errorf("%w; --force replaces it", err)
	}
	if err := i.check(); err != nil {
		return 0, err
	}
	if i.From != "" {
		return i.translate(ctx)
	}
	answers, err := i.answers(ctx)
	if err != nil {
		return 0, err
	}
	draft, err := i.draft(answers.Plan())
	if err != nil {
		return 0, err
	}
	if draft, err = i.tryUntilGood(ctx, answers, draft); err != nil {
		return 0, err
	}
	if draft == nil {
		return i.refused(), nil
	}
	return i.finish(ctx, draft, answers.Address.String())
}

// translate is init --from. What another program worked with is written before
// it is tried: a server that is away does not make it wrong.
func (i *initialization) translate(ctx context.Context) (exit.Status, error) {
	plan, err := foreign.Read(i.From, cmp.Or(i.Getenv("HOME"), i.who.Home))
	if err != nil {
		return 0, err
	}
	draft, err := i.draft(plan)
	if err != nil {
		return 0, err
	}
	for _, n := range plan.SortedNotes() {
		fmt.Fprintf(i.Stdout, "note     %s\n", voice.Printable(n.String()))
	}
	switch {
	case i.Root != "" || plan.Root == "":
	case !leadsAway(plan.Root):
		fmt.Fprintf(i.Stdout, "note     mail for root went to %s, which is no mail address; --root adds an alias\n", voice.Printable(plan.Root))
	case i.path == config.System:
		i.Root = plan.Root
	default:
		fmt.Fprintf(i.Stdout, "note     mail for root went to %s; --root %[1]s adds that alias\n", voice.Printable(plan.Root))
	}
	status, err := i.finish(ctx, draft, plan.Default().Get("identity.address"))
	if err != nil || status != exit.OK || i.Offline {
		return status, err
	}
	return i.try(ctx, draft).Status(), nil
}

// leadsAway tells addresses that lead off this machine from the other forms of an
// alias: a name, a file, a command.
func leadsAway(list string) bool {
	for text := range strings.SplitSeq(list, ",") {
		if a, err := address.Parse(strings.TrimSpace(text)); err != nil || a.Domain == "" {
			return false
		}
	}
	return true
}

// place settles where the configuration goes and whom it is for.
func (i *initialization) place() error {
	i.machine = i.System || i.Serve || i.who.UID == 0 && !i.UserLevel
	i.path = i.Config
	if i.path == "" && !i.System && !i.Serve && !i.UserLevel {
		i.path = i.Getenv("MAILCHUTE_CONFIG")
	}
	switch {
	case i.path != "":
	case i.Serve:
		i.path = filepath.Join(filepath.Dir(config.System), "serve.toml")
	case i.machine:
		i.path = config.System
	default:
		i.path = config.UserPath(i.Getenv, func() string { return i.who.Home })
	}
	if i.path == "" {
		return &usageTrouble{"no place for a configuration: set HOME or XDG_CONFIG_HOME, or name a file with -C"}
	}
	var err error
	i.path, err = filepath.Abs(i.path)
	return err
}

// check looks at the addresses among the flags before anything is asked or done.
func (i *initialization) check() error {
	if i.Serve && (i.From != "" || i.Test != "") {
		return &usageTrouble{"--serve goes neither with --from nor with --test: start the server first"}
	}
	for _, flag := range []struct{ name, value string }{{"--address", i.Address}, {"--test", i.Test}, {"--root", i.Root}} {
		if flag.value == "" {
			continue
		}
		if a, err := address.Parse(flag.value); err != nil {
			return fmt.Errorf("%s: %w", flag.name, err)
		} else if a.Domain == "" {
			return &usageTrouble{fmt.Sprintf("%s %q: an address with a domain is needed", flag.name, flag.value)}
		}
	}
	return nil
}
