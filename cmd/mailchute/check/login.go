package check

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/login"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
	"mailchute/relay/oauth"
	"mailchute/relay/smtp"
)

// checkToken is what `mailchute check` says of an account's token.
func checkToken(ctx context.Context, at about, a *config.Account, getenv func(string) string) {
	if a.OAuth.ClientID == "" || a.AuthOff {
		return
	}
	source, err := wire.TokenSource(a, getenv, nil)
	if err != nil {
		at.error("token", exit.Config, err.Error(), "")
		return
	}
	switch warning, err := wire.CheckTokenFiles(source); {
	case err != nil:
		at.error("permissions", exit.Config, err.Error(), "")
		return
	case warning != "":
		at.warn("permissions", warning, "")
	}
	if r := login.Inspect(ctx, a, source); r.Good() {
		at.ok("token", r.Line())
	} else {
		at.error("token", exit.NoPerm, r.Line(), "run: "+voice.LoginCommand(a.Name))
	}
}

// tellLogin says which logins there are and which one works.
func (p *probe) tellLogin(at about) {
	offered := "none is offered"
	if auth := p.conn.Extensions().Auth; len(auth) > 0 {
		offered = "offered are " + strings.Join(auth, " ")
	}
	switch {
	case !p.wantsLogin:
		at.ok("login", "none is configured; "+offered)
	case p.loginErr == nil:
		at.ok("login", fmt.Sprintf("%s works for %s; %s", p.mechanism, p.user, offered))
	default:
		var e *smtp.Error
		if errors.As(p.loginErr, &e) && (e.Phase != smtp.PhaseLogin || e.Timeout || e.Reply == nil && !e.Local) {
			at.error("login", exit.TempFail, p.loginErr.Error(), "")
			return
		}
		at.error("login", exit.NoPerm, p.loginErr.Error()+"; "+offered, hintOfLogin(e, p.mechanism))
	}
}

func hintOfLogin(e *smtp.Error, mechanism string) string {
	switch {
	case e == nil, errors.As(e, new(*oauth.Error)): // it says so itself
		return ""
	case errors.Is(e, smtp.ErrUntrusted):
		return "say submission:// or submissions:// for the server"
	case errors.Is(e, smtp.ErrNoPassword):
		return "set password_file, password_command or [oauth], or take user away where no login is needed"
	case errors.Is(e, smtp.ErrNoMechanism):
		return `leave auth at "auto", or take user away where no login is needed`
	case e.Reply != nil && wire.IsTokenMechanism(mechanism):
		return "is the token for the mailbox of that user, with the scope for sending, and may the mailbox send by SMTP?"
	case e.Reply != nil:
		return "are user and password right? Some servers want a password of its own for each program"
	}
	return "the password must come from password, password_file, password_command or password_credential"
}

// loginName is who logs in, in words.
func loginName(a *config.Account) string {
	if a.User == "" {
		return strings.Join(a.Auth, ", ")
	}
	return a.User
}
