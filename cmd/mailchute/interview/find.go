package interview

import (
	"context"
	"errors"
	"net"
	"time"

	"mailchute/cmd/mailchute/wire"
	"mailchute/inject/config"
	"mailchute/inject/setup/provider"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// lookups is what the world is asked to find the server of a domain.
type lookups struct {
	services   func(ctx context.Context, domain string) ([]smtp.Endpoint, error)
	exchangers func(ctx context.Context, domain string) ([]string, error)
	answers    func(ctx context.Context, address string) bool // somebody listens there
}

// lookupTime bounds each of them.
const lookupTime = 5 * time.Second

func realLookups(getenv func(string) string) lookups {
	defaults := config.Defaults()
	resolver := wire.NewResolver(&defaults, "", getenv, nil)
	return lookups{
		services: func(ctx context.Context, domain string) ([]smtp.Endpoint, error) {
			return resolver.Endpoints(ctx, route.Smarthost{Scheme: route.SRV, Host: domain}, route.Goal{})
		},
		exchangers: func(ctx context.Context, domain string) (hosts []string, err error) {
			answer, err := resolver.DNS.MX(ctx, domain)
			for _, mx := range answer.Records {
				hosts = append(hosts, mx.Host)
			}
			return hosts, err
		},
		answers: func(ctx context.Context, address string) bool {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err == nil {
				conn.Close()
			}
			return err == nil
		},
	}
}

// found is a server for a domain.
type found struct {
	smarthost string
	provider  provider.Provider // the zero one: nobody known
	by        string            // how it was found, for people; without a smarthost why there is none, "" where nobody knows
	hearsay   bool              // DNS alone names a host outside the domain: a person has to agree (RFC 6186 section 6)
}

// find asks the table of providers, then the domain's SRV records (RFC 6186 and
// 8314), then who runs its MX, then tries the names that most servers have. Without a
// smarthost it is nobody, and nobody is guessed where the domain says that there is
// none.
func (l lookups) find(ctx context.Context, domain string) found {
	if p, ok := provider.ByDomain(domain); ok {
		return found{smarthost: p.Smarthost, provider: p, by: p.Name}
	}
	if f, ok := l.bySRV(ctx, domain); ok {
		return f
	}
	if f, ok := l.byMX(ctx, domain); ok {
		return f
	}
	return l.byName(ctx, domain)
}

func (l lookups) bySRV(ctx context.Context, domain string) (found, bool) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	endpoints, err := l.services(ctx, domain)
	if errors.Is(err, route.ErrNotOffered) {
		return found{by: err.Error()}, true
	}
	if err != nil || len(endpoints) == 0 {
		return found{}, false
	}
	host, port, err := net.SplitHostPort(endpoints[0].Address)
	if err != nil {
		return found{}, false
	}
	scheme := route.Submission
	if endpoints[0].Security == smtp.Implicit {
		scheme = route.Submissions
	}
	s, err := route.ParseSmarthost(string(scheme) + "://" + net.JoinHostPort(host, port))
	if err != nil {
		return found{}, false
	}
	f := found{smarthost: s.String(), by: "the SRV records of " + domain, hearsay: endpoints[0].Host != host}
	if p, ok := provider.ByHost(host); ok { // a name that everybody knows is no hearsay
		f.provider, f.hearsay = p, false
	}
	return f, true
}

func (l lookups) byMX(ctx context.Context, domain string) (found, bool) {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	hosts, _ := l.exchangers(ctx, domain)
	for _, host := range hosts {
		if p, ok := provider.ByExchanger(host); ok {
			return found{smarthost: p.Smarthost, provider: p, by: p.Name + ", which has the mail of " + domain}, true
		}
	}
	return found{}, false
}

func (l lookups) byName(ctx context.Context, domain string) found {
	for _, name := range []string{"smtp." + domain, "mail." + domain} {
		for _, way := range []struct{ scheme, port string }{{"submissions", "465"}, {"submission", "587"}} {
			ctx, cancel := context.WithTimeout(ctx, lookupTime)
			listens := l.answers(ctx, net.JoinHostPort(name, way.port))
			cancel()
			if listens {
				return found{smarthost: way.scheme + "://" + name, by: "its usual name"}
			}
		}
	}
	return found{}
}
