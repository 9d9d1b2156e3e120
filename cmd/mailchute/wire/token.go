package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/oauth"
	"mailchute/relay/route"
	"mailchute/relay/secret"
)

// LoginByToken has a relay log in with access tokens, where the account says so. warn
// is told, when it happens, of a token that is lost when the process ends.
func LoginByToken(r *relay.Relay, a *config.Account, getenv func(string) string, warn func(text string)) (warning string, err error) {
	if a.OAuth.ClientID == "" || r.SMTP.Login == nil {
		return "", nil
	}
	source, err := TokenSource(a, getenv, r.SMTP.Dial)
	if err != nil {
		return "", err
	}
	if warning, err = CheckTokenFiles(source); err != nil {
		return "", &exit.ConfigError{Err: err}
	}
	source.Unkept = func(err error) { warn(voice.TokenUnkept(a.Name, err)) }
	login := r.SMTP.Login
	login.Mechanisms = tokenMechanisms(login.Mechanisms)
	login.Secret = func(ctx context.Context) (secret.Secret, error) {
		s, err := source.Token(ctx)
		return s, toldToLogIn(a.Name, err)
	}
	login.Renew = func(ctx context.Context, refused secret.Secret) (secret.Secret, error) {
		s, err := source.Renew(ctx, refused)
		return s, toldToLogIn(a.Name, err)
	}
	return warning, nil
}

// IsTokenMechanism tells whether a SASL mechanism logs in by token.
func IsTokenMechanism(name string) bool { return slices.Contains(tokenMechanisms(nil), name) }

// tokenMechanisms is the logins by token, in order: those that are wanted, else all.
// A token is no password, and goes to no mechanism that would show it as one. The
// providers that everybody uses document XOAUTH2; OAUTHBEARER is the standard.
func tokenMechanisms(wanted []string) []string {
	all := []string{"XOAUTH2", "OAUTHBEARER"}
	var some []string
	for _, w := range wanted {
		if slices.Contains(all, w) {
			some = append(some, w)
		}
	}
	if some == nil {
		return all
	}
	return some
}

// TokenSource is where an account's tokens come from. They are fetched over the
// account's proxy, where it has one.
func TokenSource(a *config.Account, getenv func(string) string, dial route.Dial) (*oauth.Source, error) {
	file := a.OAuth.TokenFile
	if file == "" {
		dir := host.Caller().LearntPath("oauth", getenv)
		if dir == "" {
			return nil, &exit.ConfigError{Err: errors.New("no place for a token: set HOME, XDG_STATE_HOME or oauth.token_file")}
		}
		file = filepath.Join(dir, url.PathEscape(a.User)+".json")
	}
	return &oauth.Source{
		Client: tokenClient(a.OAuth, dial),
		Store:  oauth.Store{File: file, Load: a.OAuth.Load, Save: a.OAuth.Save},
		User:   a.User,
		Hold:   host.HoldSignals,
	}, nil
}

// tokenClient is a client of the provider, with the endpoints that the
// configuration names in place of its own.
func tokenClient(o config.OAuth, dial route.Dial) oauth.Client {
	known, _ := oauth.Known(o.Provider, o.Tenant)
	c := oauth.Client{Endpoints: known.Endpoints, ID: o.ClientID, Secret: o.ClientSecret, Scope: cmp.Or(o.Scope, known.Scope), Dial: dial}
	c.Authorization = cmp.Or(o.Authorization, c.Authorization)
	c.Token = cmp.Or(o.Token, c.Token)
	c.Device = cmp.Or(o.Device, c.Device)
	c.Revocation = cmp.Or(o.Revocation, c.Revocation)
	return c
}

// toldToLogIn adds what to do to an error that only a person can mend.
func toldToLogIn(account string, err error) error {
	var e *oauth.Error
	if errors.As(err, &e) && e.Login {
		return fmt.Errorf("%w; run: %s", err, voice.LoginCommand(account))
	}
	return err
}
