package check

import (
	"context"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/login"
	"mailchute/cmd/mailchute/voice"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
)

// checkToken is what `mailchute check` says of an account's token.
func checkToken(ctx context.Context, at About, a *config.Account, getenv func(string) string) {
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
