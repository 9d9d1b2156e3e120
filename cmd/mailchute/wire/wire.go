// Package wire turns an account of the configuration into what the engine works
// with: a relay with its login, resolver and memory, the rules of a submission, the
// schedule of the queue.
package wire

import (
	"cmp"
	"context"
	"sync"

	"mailchute/cmd/mailchute/host"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/dkim"
	"mailchute/relay/route"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// HostName is what this machine calls itself in SMTP as a server.
func HostName(a *config.Account, w inject.World) (string, error) {
	who, err := Rules(a).Identity.Resolve(w)
	if err != nil {
		return "", err
	}
	return hostName(who), nil
}

// hostName is the host's qualified name where it has one, else the domain of those who
// have none.
func hostName(who inject.Who) string { return cmp.Or(who.Hostname, who.Fallback.Domain) }

// HandsOver tells whether anything goes to a server on this machine.
func HandsOver(c *config.Config) bool {
	for _, a := range c.All() {
		for _, h := range a.Smarthosts {
			if h.Scheme == route.Unix {
				return true
			}
		}
	}
	return false
}

// NewRelay wires an account to the engine, but for what needs files of the user:
// tokens, memory and resolver. hello is the name for EHLO, "" for the address; trace is
// told the dialogue, and may be nil.
func NewRelay(a *config.Account, hello string, trace func(string)) *relay.Relay {
	r := &relay.Relay{
		Account: a.Name, Smarthosts: a.Smarthosts, Redirect: a.Redirect.Policy,
		SMTP: smtp.Options{Hello: hello, TLS: smtp.TLS(a.TLS), Timeouts: smtp.Timeouts(a.Timeouts), Trace: trace},
	}
	if !a.AuthOff && (a.User != "" || a.Auth != nil) {
		r.SMTP.Login = &smtp.Login{User: a.User, Mechanisms: a.Auth}
		if !a.Secret.IsZero() {
			r.SMTP.Login.Secret = readOnce(a.Secret)
		}
	}
	if k := a.DKIM; k.KeyFile != "" {
		r.Signer = &dkim.Signer{Domain: k.Domain, Selector: k.Selector, KeyFile: k.KeyFile}
	}
	if a.SourceAddress.IsValid() || a.Proxy.Address != "" {
		var p *route.Proxy
		if a.Proxy.Address != "" {
			p = &route.Proxy{Address: a.Proxy.Address, User: a.Proxy.User, Password: a.Proxy.Password.Reveal()}
		}
		r.SMTP.Dial = route.NewDial(a.SourceAddress, p)
	}
	return r
}

// readOnce asks for a secret at most once, for all connections: a command may put
// a question to the user.
func readOnce(source secret.Source) func(context.Context) (secret.Secret, error) {
	var mu sync.Mutex
	var known *secret.Secret
	return func(ctx context.Context) (secret.Secret, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != nil {
			return *known, nil
		}
		if source.Command != "" {
			host.HeedSignals()
		}
		s, err := source.Read(ctx)
		if err == nil {
			known = &s
		}
		return s, err
	}
}

// Rules is what an account says on the making of a submission.
func Rules(a *config.Account) inject.Rules {
	return inject.Rules{
		Identity: inject.Identity{
			Hostname: a.Identity.Hostname, Domain: a.Identity.Domain, Address: a.Identity.Address,
			ReplaceFrom: a.Identity.ReplaceFrom, KeepSender: a.Identity.KeepSender, Trusted: a.Identity.TrustedOr("*"),
		},
		RewriteAliases: a.AliasesRewriteHeaders,
	}
}
