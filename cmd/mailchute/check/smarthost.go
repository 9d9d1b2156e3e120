package check

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/wire"
	"mailchute/inject"
	"mailchute/inject/config"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// Try connects to the smarthosts of accounts that are not written down yet, as check
// does, tells each finding, and gives their status.
func Try(ctx context.Context, accounts []*config.Account, w inject.World, getenv func(string) string, tell func(Finding)) exit.Status {
	r := &findings{print: tell}
	for _, a := range accounts {
		at := r.about(a.Name)
		smarthosts(ctx, at, a, identity(at, a, w).Hostname, getenv)
	}
	return r.status()
}

// Files looks at the files with secrets in them that accounts name, as check does, tells
// each finding, and gives their status.
func Files(accounts []*config.Account, tell func(Finding)) exit.Status {
	r := &findings{print: tell}
	for _, a := range accounts {
		checkFiles(r.about(a.Name), a)
	}
	return r.status()
}

// smarthosts connects to each smarthost of an account and logs in, and gives
// those that it found.
func smarthosts(ctx context.Context, at about, a *config.Account, hello string, getenv func(string) string) (places []place) {
	if len(a.Smarthosts) == 0 {
		at.error("configuration", exit.Config, "no smarthost is configured", `add a line such as smarthost = "submission://smtp.example.org"`)
	}
	for _, s := range a.Smarthosts {
		at := at.at(s.String())
		if s.Scheme == route.MX {
			at.ok("resolve", "each domain's own servers, found when there is mail for it")
			places = append(places, thisPlace(hello))
			continue
		}
		r := wire.NewRelay(a, hello, nil)
		if _, err := wire.LoginByToken(r, a, getenv, func(text string) { at.warn("token", text, "") }); err != nil {
			at.error("login", exit.Config, err.Error(), "")
			continue
		}
		resolver := wire.NewResolver(a, "", getenv, r.SMTP.Dial)
		lookup, done := at.patience(ctx)
		endpoints, err := resolver.Endpoints(lookup, s, route.Goal{})
		done()
		if err != nil {
			at.heed(err)
			at.error("resolve", exit.TempFail, err.Error(), hintOf(smtp.PhaseResolve, s.Port))
			continue
		}
		for _, e := range endpoints {
			to := at
			if s.Scheme == route.SRV {
				to.smarthost += " (" + e.Host + ")"
				to.ok("resolve", "the SRV records lead to "+e.Address)
			}
			p := look(ctx, r, a, e, at.findings)
			p.tell(to, time.Now())
			if p.conn != nil {
				p.conn.Close()
			}
			if e.Network != "unix" {
				places = append(places, p.place())
			}
		}
	}
	return places
}

// thisPlace is this machine as others see it who get mail from it: behind a router
// that is somewhere else.
func thisPlace(hello string) place {
	p := place{host: cmp.Or(hello, "this machine"), local: true}
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap().IsGlobalUnicast() && !ip.Unmap().IsPrivate() {
				p.addresses, p.local = append(p.addresses, ip.Unmap()), false
			}
		}
	}
	return p
}
