package main

import (
	"context"
	"os"
	"sync"

	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay"
	"mailchute/relay/dkim"
	"mailchute/relay/route"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// systemSocket is where mailchute serve listens.
const systemSocket = "/run/mailchute/submit.sock"

// socketConfig is the configuration of a machine that has none: everything goes
// to the local submission server, if there is one.
func socketConfig() (*config.Config, bool) {
	if info, err := os.Stat(systemSocket); err != nil || info.Mode()&os.ModeSocket == 0 {
		return nil, false
	}
	c := &config.Config{Default: config.Defaults()}
	c.Default.Smarthosts = []route.Smarthost{{Scheme: route.Unix, Path: systemSocket}}
	c.Default.Queue.Enabled = false
	return c, true
}

// byLocalServer tells whether the account hands over to a server on this machine.
func byLocalServer(a *config.Account) bool {
	for _, h := range a.Smarthosts {
		if h.Scheme != route.Unix {
			return false
		}
	}
	return len(a.Smarthosts) > 0
}

// newRelay wires an account to the engine.
func newRelay(a *config.Account, hello string, trace func(string)) *relay.Relay {
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
			forCommands()
		}
		s, err := source.Read(ctx)
		if err == nil {
			known = &s
		}
		return s, err
	}
}

// rules is what an account says on the making of a submission.
func rules(a *config.Account) inject.Rules {
	return inject.Rules{
		Identity: inject.Identity{
			Hostname: a.Identity.Hostname, Domain: a.Identity.Domain, Address: a.Identity.Address,
			ReplaceFrom: a.Identity.ReplaceFrom, KeepSender: a.Identity.KeepSender, Trusted: a.Identity.TrustedOr("*"),
		},
		RewriteAliases: a.AliasesRewriteHeaders,
	}
}
