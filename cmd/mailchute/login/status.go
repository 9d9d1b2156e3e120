package login

import (
	"context"
	"errors"
	"fmt"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
	"mailchute/relay/oauth"
)

// Report is how things are with an account's token. Its JSON form is in
// mailchute(1).
type Report struct {
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

// Good tells whether the account can log in without a person.
func (r Report) Good() bool { return r.State == tokenValid || r.State == tokenExpired && r.Renews }

// Inspect tells how things are with the token of an account that a source has.
func Inspect(ctx context.Context, a *config.Account, source *oauth.Source) Report {
	t, err := source.Stored(ctx)
	return reportOf(a, source, t, err)
}

// reportOf tells of a token, or of why there is none.
func reportOf(a *config.Account, source *oauth.Source, t oauth.Token, err error) Report {
	r := Report{Account: a.Name, User: a.User, State: tokenValid, Renews: !t.Refresh.IsZero(), Store: place(source)}
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

// Line is a report for people.
func (r Report) Line() string {
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

// place is where the token is kept, for people.
func place(source *oauth.Source) string {
	if source.Store.Load != "" {
		return source.Store.String()
	}
	return source.Store.File
}

// status tells of the tokens of the named account, or of all.
func (c *Command) status(ctx context.Context, f *face.Call) exit.Status {
	_, err := f.Read()
	switch {
	case f.GoesByServer(err):
		return c.show(f, nil, exit.OK)
	case err != nil:
		return f.Report(err)
	}
	accounts, err := c.accounts(f.Config)
	if err != nil {
		return f.Report(err)
	}
	var reports []Report
	status := exit.OK
	for _, a := range accounts {
		if a.OAuth.ClientID == "" {
			f.Voice.Say("%s: %s", f.Config.Path, voice.NoTokens(a.Name))
			return exit.Config
		}
		l, err := newSubject(f, a)
		if err != nil {
			return f.Report(err)
		}
		r := Inspect(ctx, l.account, l.source)
		if !r.Good() {
			status = exit.NoPerm
		}
		reports = append(reports, r)
	}
	return c.show(f, reports, status)
}

// show prints reports; status is theirs.
func (c *Command) show(f *face.Call, reports []Report, status exit.Status) exit.Status {
	if c.JSON {
		if err := voice.PrintJSON(f.Stdout, append([]Report{}, reports...)); err != nil {
			return exit.IOErr
		}
		return status
	}
	for _, r := range reports {
		fmt.Fprintln(f.Stdout, voice.Printable(r.withAdvice()))
	}
	if wire.ByLocalServer(&f.Config.Default) && len(reports) == 0 {
		fmt.Fprintln(f.Stdout, "no login is needed: all mail goes to the local submission server")
	}
	return status
}

// accounts is the named account, or all that have tokens.
func (c *Command) accounts(conf *config.Config) ([]*config.Account, error) {
	if c.Account == "" {
		return tokenAccounts(conf), nil
	}
	a, err := conf.Account(c.Account)
	return []*config.Account{a}, err
}

// withAdvice is the line of a report among others, and what helps.
func (r Report) withAdvice() string {
	line := r.User + ": "
	if r.Account != "" {
		line += "[" + r.Account + "] "
	}
	line += r.Line()
	if !r.Good() {
		line += "; run: " + voice.LoginCommand(r.Account)
	}
	return line
}
