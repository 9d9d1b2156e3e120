// Package login is mailchute login and logout: a person lets this program send mail
// by OAuth 2.0, and the token that comes of it is kept or given back.
package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/oauth"
)

// Command is `mailchute login`: a person lets this program send mail, and the
// token that comes of it is kept.
type Command struct {
	Account string `arg:"" optional:"" help:"Account of the configuration; the default one may be left out."`
	Config  string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	Device  bool   `help:"By a code that is typed in on any device." xor:"flow"`
	Browser bool   `help:"By a browser; on another machine, what it ends up at can be pasted." xor:"flow"`
	Status  bool   `help:"Only tell of the tokens that are there."`
	JSON    bool   `help:"As JSON."`
}

// subject is one account and where its tokens come from.
type subject struct {
	face.Process
	voice   voice.Voice
	account *config.Account
	source  *oauth.Source
}

// Do logs in, or tells how things are.
func (c *Command) Do(ctx context.Context, p face.Process) exit.Status {
	f := face.New(p, &inject.Args{ConfigFile: c.Config})
	if c.Status {
		return c.status(ctx, f)
	}
	l, status := find(f, c.Account)
	if l == nil {
		return status
	}
	token, err := c.obtain(ctx, l)
	if err != nil {
		l.voice.Say("not logged in: %v", err)
		return statusOfToken(err)
	}
	if token.Refresh.IsZero() {
		l.voice.Say("the server gave no refresh token, so the login ends with the access token; some want offline_access in oauth.scope for one")
	}
	status = c.done(l, token)
	if Free(f, l.account) && !c.JSON {
		fmt.Fprintln(p.Stdout, "mail that waited for this login goes out with: mailchute queue flush")
	}
	return status
}

// obtain has a person let this program in, and keeps the token that comes of it. A
// token that cannot be kept is given back; that there is a place for it is made
// sure of before anybody is asked for anything.
func (c *Command) obtain(ctx context.Context, l *subject) (oauth.Token, error) {
	store := l.source.Store
	if err := store.Probe(ctx); err != nil {
		return oauth.Token{}, fmt.Errorf("there is no place for the token: %w", err)
	}
	token, err := c.authorize(ctx, l)
	if err != nil {
		return oauth.Token{}, err
	}
	token.User = l.account.User
	if err := store.Write(ctx, token); err != nil {
		if given, _ := l.source.Client.Revoke(ctx, token); !given {
			return token, fmt.Errorf("%w; the permission that you gave stays until you take it back on the pages of your provider", err)
		}
		return token, fmt.Errorf("%w; the token was given back", err)
	}
	return token, nil
}

// Free lets an account's mail go again that a refused login holds, now that there is
// another login, and tells whether one did. Only in the user's own queue: what root
// writes in another's, its owner could not change.
func Free(f *face.Call, a *config.Account) (held bool) {
	info, err := os.Stat(f.Who.QueueDir(a, f.Getenv))
	if err != nil {
		return false
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return false
	}
	q, err := f.OpenQueue(a)
	if err != nil || q == nil {
		return false
	}
	defer q.Close()
	h, held := q.RouteHold(a.Name)
	if held = held && h.Login; held {
		_ = q.FreeRoute(a.Name) // if it stays, the flush says why
	}
	return held
}

// done says what was reached.
func (c *Command) done(l *subject, t oauth.Token) exit.Status {
	if c.JSON {
		if err := json.NewEncoder(l.Stdout).Encode(reportOf(l.account, l.source, t, nil)); err != nil {
			return exit.IOErr
		}
		return exit.OK
	}
	renews := ""
	if !t.Refresh.IsZero() {
		renews = " and renews itself"
	}
	fmt.Fprintf(l.Stdout, "logged in as %s; the token is in %s%s\n", voice.Printable(l.account.User), voice.Printable(place(l.source)), renews)
	fmt.Fprintln(l.Stdout, "mailchute check tries it")
	return exit.OK
}

// find picks the account to log in: the named one, else the only one that there
// is. Without one, the reason was told.
func find(f *face.Call, name string) (*subject, exit.Status) {
	if _, err := f.Read(); err != nil {
		return nil, f.Report(err)
	}
	a, err := f.Config.Account(name)
	if err == nil && name == "" && a.OAuth.ClientID == "" {
		if all := tokenAccounts(f.Config); len(all) == 1 {
			a = all[0]
		} else if len(all) > 1 {
			f.Voice.Say("which account? There are %s", joinNames(all))
			return nil, exit.Usage
		}
	}
	if err != nil {
		return nil, f.Report(err)
	}
	if a.OAuth.ClientID == "" {
		f.Voice.Say("%s: %s", f.Config.Path, voice.NoTokens(a.Name))
		return nil, exit.Config
	}
	l, err := newSubject(f, a)
	if err != nil {
		return nil, f.Report(err)
	}
	return l, exit.OK
}

// newSubject is an account that logs in by token.
func newSubject(f *face.Call, a *config.Account) (*subject, error) {
	source, err := wire.TokenSource(a, f.Getenv, wire.NewRelay(a, "", nil).SMTP.Dial)
	if err != nil {
		return nil, err
	}
	return &subject{f.Process, f.Voice, a, source}, nil
}

// tokenAccounts is the accounts that log in by token.
func tokenAccounts(c *config.Config) (all []*config.Account) {
	for _, a := range c.All() {
		if a.OAuth.ClientID != "" {
			all = append(all, a)
		}
	}
	return all
}

func joinNames(accounts []*config.Account) string {
	var names []string
	for _, a := range accounts {
		if a.Name != "" {
			names = append(names, a.Name)
		}
	}
	return strings.Join(names, ", ")
}

// statusOfToken is the status of a login that did not work.
func statusOfToken(err error) exit.Status {
	var e *oauth.Error
	switch {
	case errors.As(err, &e) && e.Later:
		return exit.TempFail
	case e != nil:
		return exit.NoPerm
	}
	return exit.CantCreate
}
