package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mailchute/inject/config"
	"mailchute/relay/oauth"
)

// tokenReport is how things are with an account's token. Its JSON form is in
// mailchute(1).
type tokenReport struct {
	Account string `json:"account"` // "" is the top level
	User    string `json:"user"`
	State   string `json:"state"`   // valid, expired, none or broken
	Expires string `json:"expires"` // RFC 3339; "" where the server did not say, or without a token
	Renews  bool   `json:"renews"`  // an expired one is renewed by itself
	Store   string `json:"store"`   // file, or the key of the command
	Text    string `json:"text"`    // what is wrong, "" for nothing
}

// The states of a token.
const (
	tokenValid   = "valid"
	tokenExpired = "expired"
	tokenNone    = "none"
	tokenBroken  = "broken"
)

// good tells whether the account can log in without a person.
func (r tokenReport) good() bool { return r.State == tokenValid || r.State == tokenExpired && r.Renews }

// report tells of a token, or of why there is none.
func (l *tokenLogin) report(t oauth.Token, err error) tokenReport {
	r := tokenReport{Account: l.account.Name, User: l.account.User, State: tokenValid, Renews: !t.Refresh.IsZero(), Store: l.where()}
	if !t.Expiry.IsZero() {
		r.Expires = t.Expiry.Format(time.RFC3339)
	}
	var e *oauth.Error
	switch {
	case errors.As(err, &e) && e.Login:
		r.State, r.Text = tokenNone, err.Error()
	case err != nil:
		r.State, r.Text = tokenBroken, err.Error()
	case !t.Usable(time.Now()):
		r.State = tokenExpired
	}
	return r
}

// line is a report for people.
func (r tokenReport) line() string {
	text := ""
	switch {
	case r.State == tokenNone || r.State == tokenBroken:
		return r.Text
	case r.State == tokenExpired && r.Renews:
		text = "there is a token, which is renewed at the next login"
	case r.State == tokenExpired:
		return "the token has expired and cannot be renewed"
	case r.Expires == "":
		text = "there is a token"
	default:
		text = "there is a token until " + r.Expires
	}
	if r.Renews && r.State == tokenValid {
		text += ", and it renews itself"
	}
	return text
}

// status tells of the tokens of the named account, or of all.
func (c *loginCommand) status(ctx context.Context, f *face) exitStatus {
	if _, err := f.find(); err != nil {
		return f.report(err)
	}
	accounts := tokenAccounts(f.config)
	if c.Account != "" {
		a, err := f.config.Account(c.Account)
		if err != nil {
			return f.report(err)
		}
		accounts = []*config.Account{a}
	}
	reports, status := []tokenReport{}, exitOK
	for _, a := range accounts {
		if a.OAuth.ClientID == "" {
			f.voice.say("%s: %s", f.config.Path, noTokens(a.Name))
			return exitConfig
		}
		l, err := f.loginOf(a)
		if err != nil {
			return f.report(err)
		}
		r := l.report(l.source.Stored(ctx))
		if !r.good() {
			status = exitNoPerm
		}
		reports = append(reports, r)
	}
	if c.JSON {
		if err := printJSON(f.Stdout, reports); err != nil {
			return exitIOErr
		}
		return status
	}
	for _, r := range reports {
		line := r.line()
		if !r.good() {
			line += "; run: " + loginLine(r.Account)
		}
		if r.Account != "" {
			line = "[" + r.Account + "] " + line
		}
		fmt.Fprintln(f.Stdout, printable(r.User+": "+line))
	}
	return status
}

// checkToken is what `mailchute check` says of an account's token.
func checkToken(ctx context.Context, at about, a *config.Account, getenv func(string) string) {
	if a.OAuth.ClientID == "" || a.AuthOff {
		return
	}
	source, err := tokenSource(a, getenv, nil)
	if err != nil {
		at.error("token", exitConfig, err.Error(), "")
		return
	}
	switch warning, err := checkTokenFiles(source); {
	case err != nil:
		at.error("permissions", exitConfig, err.Error(), "")
		return
	case warning != "":
		at.warn("permissions", warning, "")
	}
	l := &tokenLogin{account: a, source: source}
	if r := l.report(source.Stored(ctx)); r.good() {
		at.ok("token", r.line())
	} else {
		at.error("token", exitNoPerm, r.line(), "run: "+loginLine(a.Name))
	}
}
