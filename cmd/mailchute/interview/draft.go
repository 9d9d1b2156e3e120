package interview

import (
	"context"
	"errors"
	"fmt"

	"mailchute/cmd/mailchute/check"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject/config"
	"mailchute/inject/setup"
	"mailchute/relay/secret"
)

// draft is a configuration as it will be written, and as it will be understood.
type draft struct {
	toml    string
	secrets []setup.Secret
	config  *config.Config
}

// draft turns a plan into one. The passwords are not on disk yet, so what is
// tried has them in memory.
func (i *initialization) draft(plan *setup.Plan) (*draft, error) {
	d := &draft{}
	plan.Taken = i.taken
	d.toml, d.secrets = plan.Text(i.path)
	err := i.settle(d.secrets)
	if err != nil {
		return nil, err
	}
	if d.config, _, err = config.Parse(i.path, []byte(d.toml)); err != nil {
		return nil, &exit.ConfigError{Err: fmt.Errorf("no configuration can be made of this: %w", errors.Join(voice.Mistakes(err)[:1]...))}
	}
	for _, a := range d.config.All() {
		for _, s := range d.secrets {
			if a.Secret.File == s.Path || a.Secret.Credential != "" && a.OAuth.ClientID == "" {
				a.Secret = secret.Source{Text: s.Text}
			}
		}
	}
	return d, nil
}

// try connects to the servers and logs in, and shows what it finds.
func (i *initialization) try(ctx context.Context, d *draft) exit.Status {
	return check.Try(ctx, d.config.All(), host.World(i.who, i.Getenv), i.Getenv, i.find)
}

// find shows a finding.
func (i *initialization) find(f check.Finding) {
	colours := terminal.Is(i.Stdout) && i.Getenv("NO_COLOR") == ""
	fmt.Fprintln(i.Stdout, f.Line(colours))
}

// tryUntilGood tries a draft, and on a terminal asks for the password again when
// the login was refused. No draft and no error: it was tried and is no good.
func (i *initialization) tryUntilGood(ctx context.Context, a setup.Answers, d *draft) (*draft, error) {
	// A token comes only once there is a configuration to log in by.
	for attempt := 1; !i.Offline && a.OAuth.ClientID == ""; attempt++ {
		i.tried = i.try(ctx, d)
		if i.tried == exit.OK || ctx.Err() != nil {
			break
		}
		if attempt < 3 && i.isTypo(a) {
			var err error
			if d, err = i.askAgain(ctx, &a); err != nil {
				return nil, err
			}
			continue
		}
		if all, err := i.ask.yes(ctx, "Write the configuration all the same?"); err != nil || !all {
			return nil, err
		}
		break
	}
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	return d, nil
}

// isTypo tells whether the login was refused and somebody may have mistyped the
// password, who can be asked for it again.
func (i *initialization) isTypo(a setup.Answers) bool {
	return i.tried == exit.NoPerm && !i.ask.nobody && a.User != "" && i.PasswordCommand == "" && i.PasswordFile == ""
}

// askAgain makes a draft with another password.
func (i *initialization) askAgain(ctx context.Context, a *setup.Answers) (*draft, error) {
	a.PasswordCommand = ""
	if err := i.password(ctx, a); err != nil {
		return nil, err
	}
	return i.draft(a.Plan())
}

// refused is the end of an init whose answers were no good.
func (i *initialization) refused() exit.Status {
	i.voice.Say("nothing was written; --offline writes the configuration without trying the server")
	return i.tried
}
