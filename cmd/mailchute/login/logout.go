package login

import (
	"context"
	"errors"
	"fmt"
	"io"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/voice"
	"mailchute/inject"
	"mailchute/relay/oauth"
)

// Logout is `mailchute logout`.
type Logout struct {
	Account string `arg:"" optional:"" help:"Account of the configuration; the default one may be left out."`
	Config  string `short:"C" name:"config" help:"Configuration file." placeholder:"FILE"`
}

// Do gives a token back and forgets it.
func (c *Logout) Do(ctx context.Context, p face.Process) exit.Status {
	f := face.New(p, &inject.Args{ConfigFile: c.Config})
	l, status := find(f, c.Account)
	if l == nil {
		return status
	}
	t, err := l.source.Stored(ctx)
	revoked := false
	if errors.Is(err, oauth.ErrNone) {
		fmt.Fprintf(p.Stdout, "there is no token of %s\n", voice.Printable(l.account.User))
		return exit.OK
	}
	if err == nil {
		if revoked, err = l.source.Client.Revoke(ctx, t); err != nil {
			l.voice.Say("the token is not needed any more, but %v", err)
		}
	}
	if err := l.source.Store.Remove(ctx); err != nil {
		l.voice.Say("the token is still there: %v", err)
		return exit.CantCreate
	}
	return l.loggedOut(p.Stdout, revoked)
}

// loggedOut says what became of the token.
func (l *subject) loggedOut(w io.Writer, revoked bool) exit.Status {
	if revoked {
		fmt.Fprintf(w, "logged out: the token of %s was given back and removed\n", voice.Printable(l.account.User))
		return exit.OK
	}
	fmt.Fprintf(w, "logged out: the token of %s was removed; to take the permission back, use the pages of your provider\n", voice.Printable(l.account.User))
	return exit.OK
}
