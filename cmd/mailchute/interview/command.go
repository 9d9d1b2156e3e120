package interview

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/inject/config"
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

// Do makes the configuration.
func (c *Command) Do(ctx context.Context, p face.Process) exit.Status {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	i := &initialization{Command: c, Process: p, voice: voice.To(p.Stderr), who: host.Caller(), lookups: realLookups(p.Getenv)}
	i.ask = newAsker(p, c.Yes)
	status, err := i.make(ctx)
	if err != nil {
		i.voice.Say("%v", i.soFar(err))
		return statusOfInit(err)
	}
	return status
}

// soFar adds to an interruption what it left behind.
func (i *initialization) soFar(err error) error {
	switch {
	case !errors.Is(err, errInterrupted):
		return err
	case i.written:
		return fmt.Errorf("%w; the configuration was written, and works without the rest", err)
	}
	return fmt.Errorf("%w; nothing was written", err)
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
