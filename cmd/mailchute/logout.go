package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"mailchute/inject"
	"mailchute/relay/oauth"
)

// logoutCommand is `mailchute logout`.
type logoutCommand struct {
	Account string `arg:"" optional:"" help:"Account of the configuration; the default one may be left out."`
	Config  string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
}

// run gives a token back and forgets it.
func (c *logoutCommand) run(ctx context.Context, p process) exitStatus {
	f := &face{process: p, who: lookUpUser(), voice: voice{p.Stderr}, args: &inject.Args{ConfigFile: c.Config}}
	l, status := f.login(c.Account)
	if l == nil {
		return status
	}
	t, err := l.source.Stored(ctx)
	revoked := false
	if errors.Is(err, oauth.ErrNone) {
		fmt.Fprintf(p.Stdout, "there is no token of %s\n", printable(l.account.User))
		return exitOK
	}
	if err == nil {
		if revoked, err = l.source.Client.Revoke(ctx, t); err != nil {
			l.voice.say("the token is not needed any more, but %v", err)
		}
	}
	if err := l.source.Store.Remove(ctx); err != nil {
		l.voice.say("the token is still there: %v", err)
		return exitCantCreate
	}
	return l.loggedOut(p.Stdout, revoked)
}

func (l *tokenLogin) loggedOut(w io.Writer, revoked bool) exitStatus {
	if revoked {
		fmt.Fprintf(w, "logged out: the token of %s was given back and removed\n", printable(l.account.User))
		return exitOK
	}
	fmt.Fprintf(w, "logged out: the token of %s was removed; to take the permission back, use the pages of your provider\n", printable(l.account.User))
	return exitOK
}
