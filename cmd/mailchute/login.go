package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/oauth"
)

// loginCommand is `mailchute login`: a person lets this program send mail, and the
// token that comes of it is kept.
type loginCommand struct {
	Account string `arg:"" optional:"" help:"Account of the configuration; the default one may be left out."`
	Config  string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
	Device  bool   `help:"By a code that is typed in on any device." xor:"flow"`
	Browser bool   `help:"By a browser; on another machine, what it ends up at can be pasted." xor:"flow"`
	Status  bool   `help:"Only tell of the tokens that are there."`
	JSON    bool   `help:"As JSON."`
}

// tokenLogin is one account and where its tokens come from.
type tokenLogin struct {
	process
	voice   voice
	account *config.Account
	source  *oauth.Source
}

// run logs in, or tells how things are.
func (c *loginCommand) run(ctx context.Context, p process) exitStatus {
	f := &face{process: p, who: lookUpUser(), voice: voice{p.Stderr}, args: &inject.Args{ConfigFile: c.Config}}
	if c.Status {
		return c.status(ctx, f)
	}
	l, status := f.login(c.Account)
	if l == nil {
		return status
	}
	token, err := c.authorize(ctx, l)
	if err == nil {
		token.User = l.account.User
		err = l.source.Store.Write(ctx, token)
	}
	if err != nil {
		l.voice.say("not logged in: %v", err)
		return statusOfToken(err)
	}
	if token.Refresh.IsZero() {
		l.voice.say("the server gave no refresh token, so the login ends with the access token; some want offline_access in oauth.scope for one")
	}
	status = c.done(p, l, token)
	if f.freeLogin(l.account) && !c.JSON {
		fmt.Fprintln(p.Stdout, "mail that waited for this login goes out with: mailchute queue flush")
	}
	return status
}

// freeLogin lets an account's mail go again that a refused login holds. Only in
// the user's own queue: what root writes in another's, its owner could not change.
func (f *face) freeLogin(a *config.Account) (held bool) {
	info, err := os.Stat(queueDir(a, f.who.uid, f.who.home, f.Getenv))
	if err != nil {
		return false
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return false
	}
	q, err := f.openQueue(a)
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
func (c *loginCommand) done(p process, l *tokenLogin, t oauth.Token) exitStatus {
	if c.JSON {
		if err := json.NewEncoder(p.Stdout).Encode(l.report(t, nil)); err != nil {
			return exitIOErr
		}
		return exitOK
	}
	fmt.Fprintf(p.Stdout, "logged in as %s; the token is in %s and renews itself\n", printable(l.account.User), printable(l.where()))
	fmt.Fprintln(p.Stdout, "mailchute check tries it")
	return exitOK
}

// where is where the token is kept, for people.
func (l *tokenLogin) where() string {
	if l.source.Store.Load != "" {
		return l.source.Store.String()
	}
	return l.source.Store.File
}

// login finds the account to log in: the named one, else the only one that there
// is. Without one, the reason was told.
func (f *face) login(name string) (*tokenLogin, exitStatus) {
	if _, err := f.find(); err != nil {
		return nil, f.report(err)
	}
	a, err := f.config.Account(name)
	if err == nil && name == "" && a.OAuth.ClientID == "" {
		if all := tokenAccounts(f.config); len(all) == 1 {
			a = all[0]
		} else if len(all) > 1 {
			f.voice.say("which account? There are %s", joinNames(all))
			return nil, exitUsage
		}
	}
	if err != nil {
		return nil, f.report(err)
	}
	if a.OAuth.ClientID == "" {
		f.voice.say("%s: %s", f.config.Path, noTokens(a.Name))
		return nil, exitConfig
	}
	l, err := f.loginOf(a)
	if err != nil {
		return nil, f.report(err)
	}
	return l, exitOK
}

func (f *face) loginOf(a *config.Account) (*tokenLogin, error) {
	source, err := tokenSource(a, f.Getenv, newRelay(a, "", nil).SMTP.Dial)
	if err != nil {
		return nil, err
	}
	return &tokenLogin{f.process, f.voice, a, source}, nil
}

// tokenAccounts is the accounts that log in by token.
func tokenAccounts(c *config.Config) (all []*config.Account) {
	for _, a := range append([]*config.Account{&c.Default}, accountsOf(c)...) {
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
func statusOfToken(err error) exitStatus {
	var e *oauth.Error
	switch {
	case errors.As(err, &e) && e.Later:
		return exitTempFail
	case e != nil:
		return exitNoPerm
	}
	return exitCantCreate
}
