package route

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mailchute/relay/reply"
	"mailchute/relay/route/dns"
	"mailchute/relay/smtp"
)

// ErrNotOffered means that a domain says by SRV records that it has no server to hand
// mail to.
var ErrNotOffered = errors.New("its SRV records say that it offers no mail submission")

// services is the submission servers that a domain announces: those with TLS from
// the start before those with STARTTLS (RFC 8314 section 5.1). Trouble with a
// smarthost is never for good: what is missing today may be announced tomorrow.
func (r *Resolver) services(ctx context.Context, domain string) ([]smtp.Endpoint, error) {
	temporary := func(err error) ([]smtp.Endpoint, error) {
		return nil, &Error{Domain: domain, Status: reply.Enhanced{Class: 4, Subject: 4, Detail: 3}, Err: err}
	}
	name, err := ascii(domain)
	if err != nil {
		return temporary(err)
	}
	var implicit, explicit service
	var both sync.WaitGroup
	both.Go(func() { implicit = r.service(ctx, name, "_submissions._tcp.", smtp.Implicit) })
	both.Go(func() { explicit = r.service(ctx, name, "_submission._tcp.", smtp.StartTLS) })
	both.Wait()
	endpoints := append(implicit.endpoints, explicit.endpoints...)
	switch trouble := cmp.Or(implicit.err, explicit.err); {
	case len(endpoints) > 0:
		return endpoints[:min(len(endpoints), maxEndpoints)], nil
	case trouble != nil:
		return temporary(trouble)
	case implicit.refused || explicit.refused: // RFC 2782: the target "."
		return temporary(ErrNotOffered)
	}
	return temporary(errors.New("it has no SRV records _submissions._tcp or _submission._tcp; name the server itself, as in submission://smtp." + name))
}

// service is what there is to know of one service of a domain.
type service struct {
	endpoints []smtp.Endpoint
	refused   bool
	err       error
}

func (r *Resolver) service(ctx context.Context, domain, label string, security smtp.Security) service {
	answer, err := r.DNS.SRV(ctx, label+domain)
	var missing *dns.Error
	if errors.As(err, &missing) && missing.NotFound {
		err = nil
	}
	s := service{err: err}
	targets := answer.Records[:min(len(answer.Records), maxHosts)]
	for _, t := range arrange(targets, r.random) {
		if t.Target == "" {
			s.refused = true
			continue
		}
		s.endpoints = append(s.endpoints, smtp.Endpoint{
			Network: "tcp", Address: net.JoinHostPort(t.Target, strconv.Itoa(int(t.Port))),
			Host: certified(t.Target, domain, answer.Secure), Security: security,
		})
	}
	return s
}

// certified is the name that the certificate of a target must have. Whoever can
// forge DNS answers can name any target, and has a good certificate for one of his
// own; so the target's name counts only where he cannot have one: at or below the
// domain that was asked for, or when the answer was validated. Everywhere else the
// server must have a certificate for that domain itself, which the user has typed
// and DNS cannot change (RFC 6186 section 6, RFC 6125 section 6.2.1).
func certified(target, domain string, secure bool) string {
	if secure || target == domain || strings.HasSuffix(target, "."+domain) {
		return target
	}
	return domain
}

// arrange puts targets into the order of RFC 2782: by priority, and among equals
// at random, each as likely to come first as its weight says.
func arrange(targets []dns.SRV, random func(n int) int) []dns.SRV {
	rest := slices.Clone(targets)
	slices.SortStableFunc(rest, func(a, b dns.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Weight, b.Weight)) // weight 0 goes first
	})
	var out []dns.SRV
	for len(rest) > 0 {
		sum, end := 0, 0
		for end < len(rest) && rest[end].Priority == rest[0].Priority {
			sum += int(rest[end].Weight)
			end++
		}
		pick, run, draw := 0, int(rest[0].Weight), random(sum+1)
		for run < draw && pick < end-1 {
			pick++
			run += int(rest[pick].Weight)
		}
		out = append(out, rest[pick])
		rest = slices.Delete(rest, pick, pick+1)
	}
	return out
}
