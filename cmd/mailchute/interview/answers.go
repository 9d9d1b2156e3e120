package interview

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/headers/address"
	"mailchute/inject/setup"
	"mailchute/inject/setup/provider"
	"mailchute/relay/route"
	"mailchute/relay/sasl"
	"mailchute/relay/secret"
)

// answers takes them from the flags, and asks for what these do not say.
func (i *initialization) answers(ctx context.Context) (a setup.Answers, err error) {
	if i.Auth != "" && !sasl.Known(i.Auth) {
		return a, &usageTrouble{fmt.Sprintf("--auth %q is not known; there are %s", i.Auth, strings.Join(sasl.Names(), " "))}
	}
	a.Serve, a.Machine, a.Auth = i.Serve, i.machine, strings.ToUpper(i.Auth)
	if a.Address, err = i.address(ctx); err != nil {
		return a, err
	}
	_, shared := provider.ByDomain(a.Address.Domain)
	a.OwnDomain = !shared
	server, err := i.server(ctx, a.Address.Domain)
	if err != nil {
		return a, err
	}
	a.Smarthost = server.smarthost
	if server.provider.Note != "" {
		fmt.Fprintf(i.Stderr, "  %s.\n", server.provider.Note)
	}
	if a.Auth == "" {
		a.Auth = server.provider.Auth
	}
	return a, i.login(ctx, &a, server)
}

// address is whom to send as.
func (i *initialization) address(ctx context.Context) (address.Addr, error) {
	if i.Address != "" {
		return address.Parse(i.Address)
	}
	for {
		text, err := i.ask.line(ctx, "Mail address to send as", "", "--address")
		if err != nil {
			return address.Addr{}, err
		}
		a, err := address.Parse(text)
		if err == nil && a.Domain != "" {
			return a, nil
		}
		i.voice.Say("%q is no address with a domain", text)
	}
}

// server is where mail goes: as a flag says, or as is found and agreed to.
func (i *initialization) server(ctx context.Context, domain string) (found, error) {
	if i.Smarthost != "" {
		return i.named(i.Smarthost)
	}
	fmt.Fprintf(i.Stderr, "Looking for the server of %s ...\n", voice.Printable(domain))
	f := i.lookups.find(ctx, domain)
	switch {
	case f.smarthost == "" && i.ask.nobody:
		return f, &usageTrouble{fmt.Sprintf("no server for mail from %s was found: give --smarthost", domain)}
	case f.smarthost != "":
		fmt.Fprintf(i.Stderr, "Found %s, by %s.\n", voice.Printable(f.smarthost), voice.Printable(f.by))
	default:
		fmt.Fprintln(i.Stderr, "Found none. The provider's help pages call it the outgoing or SMTP server.")
	}
	if f.hearsay && i.ask.nobody && !i.Yes {
		return f, &usageTrouble{fmt.Sprintf("%s is not in the domain %s, and DNS alone says so: give --smarthost, or --yes to agree", f.smarthost, domain)}
	}
	for {
		text, err := i.ask.line(ctx, "Server", f.smarthost, "--smarthost")
		if err != nil || text == f.smarthost {
			return f, err
		}
		other, err := i.named(text)
		if err == nil {
			return other, nil
		}
		i.voice.Say("%v", err)
	}
}

// named is a server that somebody named.
func (i *initialization) named(text string) (found, error) {
	s, err := route.ParseSmarthost(text)
	if err != nil {
		return found{}, &usageTrouble{err.Error()}
	}
	f := found{smarthost: text}
	f.provider, _ = provider.ByHost(s.Host)
	return f, nil
}

// login is user and password. Who hands over to this machine, or delivers by
// himself, needs none.
func (i *initialization) login(ctx context.Context, a *setup.Answers, server found) error {
	if i.NoLogin || i.User == "" && (strings.HasPrefix(a.Smarthost, "unix:") || a.Smarthost == "mx:") {
		return nil
	}
	var err error
	if a.User = i.User; a.User == "" {
		proposed := server.provider.UserName(a.Address.String())
		if a.User, err = i.ask.line(ctx, "User name", proposed, "--user, or --no-login"); err != nil {
			return err
		}
	}
	if done, err := i.token(ctx, a, server); done || err != nil {
		return err
	}
	return i.password(ctx, a)
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
		a.OAuth.ClientSecretFile, err = filepath.Abs(i.ClientSecret)
	case !i.ask.nobody && !i.Serve: // whose configuration others can read
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
		if err != nil || text == "" {
			return &usageTrouble{"--password-file -: there is no line on standard input"}
		}
		a.Password = secret.New(text)
		return nil
	case i.PasswordFile != "" && i.Serve: // its unit takes it from beside the configuration
		a.Password, err = secret.Source{File: i.PasswordFile}.Read(ctx)
		return err
	case i.PasswordFile != "":
		a.PasswordFile, err = filepath.Abs(i.PasswordFile)
		return err
	case i.ask.nobody:
		return &usageTrouble{"nobody can be asked for the password here: give --password-file, --password-command, --client-id or --no-login"}
	}
	text, err := i.ask.secret(ctx, "Password (not shown; empty for a command that prints it)")
	if err != nil {
		return err
	}
	if text != "" {
		a.Password = secret.New(text)
		return nil
	}
	a.Password = secret.Secret{}
	if a.PasswordCommand, err = i.ask.optional(ctx, "Command that prints the password or token", ""); a.PasswordCommand == "" {
		a.User = ""
	}
	return err
}
