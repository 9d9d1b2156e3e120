package interview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/terminal"
	"mailchute/inject/setup"
	"mailchute/relay/secret"
)

// login is user and password. Who hands over to this machine, or delivers by
// himself, needs none.
func (i *initialization) login(ctx context.Context, a *setup.Answers, server found) error {
	if i.NoLogin || i.User == "" && (strings.HasPrefix(a.Smarthost, "unix:") || a.Smarthost == "mx:") {
		return nil
	}
	var err error
	if a.User, err = i.userName(ctx, server.provider.UserName(a.Address.String())); err != nil {
		return err
	}
	if done, err := i.token(ctx, a, server); done || err != nil {
		return err
	}
	return i.password(ctx, a)
}

// userName is the name to log in as.
func (i *initialization) userName(ctx context.Context, proposed string) (string, error) {
	if i.User != "" {
		return i.User, fittingUser(i.User)
	}
	for {
		name, err := i.ask.line(ctx, "User name", proposed, "--user, or --no-login")
		if err != nil {
			return "", err
		}
		if err = fittingUser(name); err == nil || i.ask.nobody {
			return name, err
		}
		i.voice.Say("%v", err)
	}
}

// token is a login by token, where the provider gives them out and somebody has a
// client id. Who has none logs in by password.
func (i *initialization) token(ctx context.Context, a *setup.Answers, server found) (done bool, err error) {
	from := server.provider.OAuth
	if i.ClientID != "" && from == "" {
		return false, &usageTrouble{fmt.Sprintf("--client-id is for the servers of Google and Microsoft, not for %s; others need [oauth] by hand, see mailchute.toml(5)", a.Smarthost)}
	}
	if from == "" || i.PasswordFile != "" || i.PasswordCommand != "" {
		return false, nil
	}
	id := i.ClientID
	if id == "" {
		if id, err = i.ask.optional(ctx, "Client id, to log in by token", "-"); id == "" || err != nil {
			return false, err
		}
	}
	a.OAuth = setup.OAuth{Provider: from, ClientID: id}
	switch {
	case i.ClientSecret != "":
		a.OAuth.ClientSecretFile, a.OAuth.ClientSecret, err = i.secretFile(ctx, "--client-secret-file", i.ClientSecret)
	case !i.ask.nobody:
		var text string
		text, err = i.ask.secret(ctx, "Client secret (not shown; empty for none)")
		a.OAuth.ClientSecret = secret.New(text)
	}
	return true, err
}

// password is the password itself, or where it comes from.
func (i *initialization) password(ctx context.Context, a *setup.Answers) (err error) {
	switch {
	case i.PasswordCommand != "":
		a.PasswordCommand = i.PasswordCommand
		return nil
	case i.PasswordFile == "-":
		text, err := terminal.ReadLine(i.Stdin)
		if errors.Is(err, terminal.ErrTooLong) {
			return &usageTrouble{"--password-file -: the line on standard input is longer than a password can be"}
		}
		if err != nil || text == "" {
			return &usageTrouble{"--password-file -: there is no line on standard input"}
		}
		a.Password = secret.New(text)
		return nil
	case i.PasswordFile != "":
		a.PasswordFile, a.Password, err = i.secretFile(ctx, "--password-file", i.PasswordFile)
		return err
	case i.ask.nobody:
		return &usageTrouble{"nobody can be asked for the password here: give --password-file, --password-command, --client-id or --no-login"}
	}
	empty := "a command that prints it"
	if i.Serve {
		empty = "no login"
	}
	text, err := i.ask.secret(ctx, "Password (not shown; empty for "+empty+")")
	if err != nil {
		return err
	}
	if text != "" {
		a.Password = secret.New(text)
		return nil
	}
	a.Password = secret.Secret{}
	if i.Serve {
		a.User = ""
		return nil
	}
	if a.PasswordCommand, err = i.ask.optional(ctx, "Command that prints the password or token", ""); a.PasswordCommand == "" {
		a.User = ""
	}
	return err
}

// secretFile is the path of a file that a flag names, or, for the server, whose user
// cannot read it, the secret in it: its unit has it from beside the configuration.
func (i *initialization) secretFile(ctx context.Context, flag, file string) (path string, held secret.Secret, err error) {
	if path, err = i.safePath(flag, file); err != nil || !i.Serve {
		return path, held, err
	}
	if held, err = (secret.Source{File: path}).Read(ctx); err != nil {
		err = &exit.ConfigError{Err: fmt.Errorf("%s: %w", flag, err)}
	}
	return "", held, err
}

// safePath is the path of a file with a secret in it. What will be refused when mail
// is sent is refused now; one that is not there may come later if nothing is tried.
func (i *initialization) safePath(flag, file string) (path string, err error) {
	if path, err = filepath.Abs(file); err != nil {
		return "", err
	}
	warning, err := secret.Check(path)
	var absent *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist) && i.Offline && !i.Serve:
		fmt.Fprintf(i.Stdout, "note     %s: there is no %q yet\n", flag, path)
	case errors.As(err, &absent):
		return "", &exit.ConfigError{Err: fmt.Errorf("%s: %q: %w", flag, path, absent.Err)}
	case err != nil:
		return "", &exit.ConfigError{Err: fmt.Errorf("%s: %w", flag, err)}
	case warning != "":
		fmt.Fprintf(i.Stdout, "warning  %s: %s\n", flag, warning)
	}
	return path, nil
}
