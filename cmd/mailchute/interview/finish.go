package interview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"mailchute/cmd/mailchute/check"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/login"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/inject/setup"
)

// finish writes the configuration and does what was asked for besides.
func (i *initialization) finish(ctx context.Context, d *draft, address string) (exit.Status, error) {
	mode := fs.FileMode(0o600)
	if i.Serve {
		mode = 0o644 // the server's user is not root, and no secret is in it
	}
	if err := setup.Write(i.path, d.toml, mode, d.secrets, i.Force); err != nil {
		if errors.As(err, new(*setup.ExistsError)) { // it was not when the draft was made
			err = fmt.Errorf("%w; somebody else has just made it: try again", err)
		}
		return 0, err
	}
	i.written = true
	fmt.Fprintf(i.Stdout, "wrote    %s\n", voice.Printable(i.path))
	for _, s := range d.secrets {
		fmt.Fprintf(i.Stdout, "wrote    %s, which nobody else can read\n", voice.Printable(s.Path))
	}
	if err := i.aliasForRoot(ctx, d.config.Default.Aliases, address); err != nil {
		return 0, err
	}
	if i.Serve {
		if d.config.Default.OAuth.ClientID != "" {
			fmt.Fprintf(i.Stdout, "next     %s\n", i.loginLine())
		}
		next := "systemctl enable --now mailchute.socket mailchute.service"
		if !isSendmail() {
			next = "mailchute install, then: " + next
		}
		fmt.Fprintln(i.Stdout, "next     "+next)
		return exit.OK, nil
	}
	i.freeLogins()
	if loggedIn, status := i.logIn(ctx, d); !loggedIn {
		return status, nil
	}
	status, err := i.sendTest(ctx, address)
	if err != nil || status != exit.OK {
		return status, err
	}
	if i.path == config.System {
		fmt.Fprintln(i.Stdout, "note     only root can read it; for mail of other users there is mailchute init --serve")
	}
	if !isSendmail() {
		fmt.Fprintln(i.Stdout, "next     mailchute install makes this program /usr/sbin/sendmail")
	}
	return exit.OK, nil
}

// freeLogins lets mail go again that was held by a login of the configuration before.
// One by token comes later, and frees its own.
func (i *initialization) freeLogins() {
	f := face.New(i.Process, &inject.Args{ConfigFile: i.path})
	if _, err := f.Read(); err != nil {
		return
	}
	held := false
	for _, a := range f.Config.All() {
		if a.OAuth.ClientID == "" {
			held = login.Free(f, a) || held
		}
	}
	if held {
		fmt.Fprintf(i.Stdout, "next     mail that waited for the login goes out with: mailchute queue flush%s\n", i.configFlag())
	}
}

// isSendmail tells whether this program has the place of sendmail.
func isSendmail() bool {
	target, err := filepath.EvalSymlinks("/usr/sbin/sendmail")
	return err == nil && filepath.Base(target) == "mailchute"
}

// logIn gets the token of a configuration that logs in by one: now if somebody is
// there, else it says how.
func (i *initialization) logIn(ctx context.Context, d *draft) (loggedIn bool, status exit.Status) {
	if d.config.Default.OAuth.ClientID == "" {
		return true, exit.OK
	}
	if i.ask.nobody {
		fmt.Fprintf(i.Stdout, "next     %s\n", i.loginLine())
		return false, exit.OK
	}
	c := &login.Command{Config: i.path}
	if status := c.Do(ctx, i.Process); status != exit.OK {
		fmt.Fprintf(i.Stdout, "next     %s\n", i.loginLine())
		return false, status
	}
	return true, exit.OK
}

// loginLine is the command that logs in by the configuration that was written.
func (i *initialization) loginLine() string {
	return voice.LoginCommand("") + i.configFlag()
}

// configFlag is what other commands need to find this configuration.
func (i *initialization) configFlag() string {
	if i.Config == "" && !i.Serve {
		return ""
	}
	return " -C " + voice.Printable(i.path)
}

// sendTest sends a test message by the configuration that was written.
func (i *initialization) sendTest(ctx context.Context, proposed string) (exit.Status, error) {
	to := i.Test
	if to == "" && i.From == "" && !i.Offline {
		var err error
		if to, err = i.ask.mailbox(ctx, "Send a test message to", proposed, mailbox); err != nil {
			return 0, err
		}
	}
	if to == "" {
		return exit.OK, nil
	}
	f := face.New(i.Process, &inject.Args{ConfigFile: i.path})
	if _, err := f.Read(); err != nil {
		return 0, err
	}
	return check.SendTest(ctx, f, to, i.find), nil
}
