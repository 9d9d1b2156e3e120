// Package interview is mailchute init: it asks for what a configuration needs, or
// reads another program's, tries it against the server, and writes it.
//
// The promise: nothing is written before the server has said yes or the user has
// insisted; a configuration that is there is replaced only with --force, and a password
// only with the one configuration that uses it.
package interview

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/inject/config"
	"mailchute/inject/setup"
)

// initialization is one run of init.
type initialization struct {
	*Command
	face.Process
	ask     *asker
	voice   voice.Voice
	who     host.User
	path    string // of the configuration to write
	machine bool   // it is for all users
	written bool   // it stands
	tried   exit.Status
	lookups lookups
}

// usageTrouble is a question that nobody can be asked.
type usageTrouble struct{ text string }

func (e *usageTrouble) Error() string { return e.text }

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
	if flag := i.answer(); i.From != "" && flag != "" {
		return &usageTrouble{fmt.Sprintf("%s does not go with --from, which takes all answers from %q: change what it writes", flag, i.From)}
	}
	if i.Serve && i.PasswordCommand != "" {
		return &usageTrouble{"--serve does not go with --password-command: the server runs in a sandbox as a user of its own, where few commands find what they need; give --password-file, or set password_command in its configuration by hand"}
	}
	for _, flag := range []struct{ name, value string }{{"--address", i.Address}, {"--test", i.Test}, {"--root", i.Root}} {
		if flag.value == "" {
			continue
		}
		if err := mailbox(flag.value); errors.Is(err, errNoDomain) {
			return &usageTrouble{fmt.Sprintf("%s %v", flag.name, err)}
		} else if err != nil {
			return fmt.Errorf("%s: %w", flag.name, err)
		}
	}
	if i.Root == "" {
		return nil
	}
	if err := targets(i.Root); err != nil {
		return &usageTrouble{fmt.Sprintf("--root: %v", err)}
	}
	return nil
}

var errNoDomain = errors.New("an address with a domain is needed")

// mailbox tells what is wrong with text as one mailbox anywhere.
func mailbox(text string) error {
	a, err := address.Parse(text)
	if err == nil && a.Domain == "" {
		err = fmt.Errorf("%q: %w", text, errNoDomain)
	}
	return err
}
