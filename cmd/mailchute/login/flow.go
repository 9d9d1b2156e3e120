package login

import (
	"context"
	"fmt"
	"time"

	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/oauth"
)

// authorize has a person let this program in: by device code where the server
// offers it, as that works everywhere, else by browser.
func (c *Command) authorize(ctx context.Context, l *subject) (oauth.Token, error) {
	client := &l.source.Client
	if c.Device && client.Device == "" {
		known, _ := oauth.Known(l.account.OAuth.Provider, "")
		why := known.Note
		if why == "" {
			why = "no oauth.device_endpoint is configured"
		}
		return oauth.Token{}, &oauth.Error{Doing: "asking for a code", Text: why + "; leave --device out"}
	}
	if c.Browser && client.Authorization == "" {
		return oauth.Token{}, &oauth.Error{Doing: "asking for the browser", Text: "no oauth.authorization_endpoint is configured; leave --browser out"}
	}
	if client.Device != "" && !c.Browser {
		return client.DeviceLogin(ctx, l.showCode)
	}
	return l.byBrowser(ctx)
}

// showCode tells a person where to type the code in.
func (l *subject) showCode(p oauth.Prompt) {
	fmt.Fprintf(l.Stderr, "On any device, open\n\n  %s\n\nand type in the code\n\n  %s\n\n", voice.Printable(p.Address), voice.Printable(p.Code))
	if p.Complete != "" {
		fmt.Fprintf(l.Stderr, "or open %s\n", voice.Printable(p.Complete))
	}
	fmt.Fprintf(l.Stderr, "Log in there as %s. Waiting until %s ...\n", voice.Printable(l.account.User), p.Until.Local().Format(time.TimeOnly))
}
