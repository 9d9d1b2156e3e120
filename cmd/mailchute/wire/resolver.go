package wire

import (
	"net/netip"
	"os"
	"path/filepath"

	"mailchute/cmd/mailchute/host"
	"mailchute/inject/config"
	"mailchute/relay/route"
	"mailchute/relay/route/dns"
)

// NewResolver finds servers for an account, and asks for policies over dial. Where
// serve listens there is no going.
func NewResolver(a *config.Account, part string, getenv func(string) string, dial route.Dial) *route.Resolver {
	r := &route.Resolver{Policies: route.NewPolicies(dns.Client{}, policyDir(part, getenv), a.TLS.RootsFile, dial)}
	for _, l := range a.Serve.Listen {
		if at, err := netip.ParseAddrPort(l.Address); err == nil {
			r.Self = append(r.Self, at)
		}
	}
	return r
}

// policyDir is where MTA-STS policies are kept, "" for nowhere. It is made for
// each message, so it looks nobody up: without HOME nothing is kept.
func policyDir(part string, getenv func(string) string) string {
	return host.User{UID: os.Getuid()}.LearntPath(filepath.Join(part, "mta-sts"), getenv)
}
