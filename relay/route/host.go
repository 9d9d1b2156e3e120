package route

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"mailchute/relay/reply"
	"mailchute/relay/route/dane"
	"mailchute/relay/route/dns"
	"mailchute/relay/smtp"
)

// survey finds the addresses of a server and, where they were validated, its TLSA
// records. An MX that is an alias is followed, against RFC 2181 section 10.3, as
// all senders do.
func (r *Resolver) survey(ctx context.Context, s *server, demand Demand) {
	var four, six dns.Answer[netip.Addr]
	var errFour, errSix error
	var both sync.WaitGroup
	both.Go(func() { four, errFour = r.DNS.IPv4(ctx, s.host) })
	both.Go(func() { six, errSix = r.DNS.IPv6(ctx, s.host) })
	both.Wait()
	s.addresses = alternate(six.Records, four.Records)
	if len(s.addresses) == 0 {
		s.err = addressless(s.host, errFour, errSix)
		return
	}
	canonical := four.Name
	if len(four.Records) == 0 {
		canonical = six.Name
	}
	s.secure = (four.Secure || len(four.Records) == 0) && (six.Secure || len(six.Records) == 0)
	// RFC 7672 section 2.2.2: without validated addresses there is no point in
	// asking for TLSA, and servers that choke on the question do no harm.
	if s.secure && demand != DemandNothing {
		r.askTLSA(ctx, s, canonical)
	}
}

// addressless is why a server has no address: because nobody could tell, or
// because there is none.
func addressless(host string, errs ...error) error {
	for _, err := range errs {
		if err == nil {
			continue
		}
		if e := unanswered(host, err); !e.Permanent() {
			return e
		}
	}
	return unreachable(host, errors.New("it has no address"))
}

// askTLSA looks under the name that the aliases lead to, then under the server's
// own (RFC 7672 section 2.2.2). A server whose records cannot be had must not be
// used: somebody may be hiding them (section 2.2).
func (r *Resolver) askTLSA(ctx context.Context, s *server, canonical string) {
	for _, base := range []string{canonical, s.host} {
		answer, err := r.DNS.TLSA(ctx, "_"+strconv.Itoa(r.port())+"._tcp."+base)
		var e *dns.Error
		switch {
		case errors.As(err, &e) && e.NotFound:
		case err != nil:
			s.err = &Error{Domain: s.host, Status: reply.Enhanced{Class: 4, Subject: 7, Detail: 5}, Err: err}
			return
		case answer.Secure && len(answer.Records) > 0:
			s.base, s.tlsa = base, answer.Records
			return
		}
		if canonical == s.host {
			return
		}
	}
}

// endpoint is one address of a server, with what TLS must be there.
func (r *Resolver) endpoint(d *destination, s server, ip netip.Addr) smtp.Endpoint {
	e := smtp.Endpoint{Network: "tcp", Address: net.JoinHostPort(ip.String(), strconv.Itoa(r.port())), Host: s.host, Security: smtp.Opportunistic}
	// A name proves something when nobody on the way could have put it there: it
	// is the recipient's own domain, or DNSSEC or the policy vouches for it.
	e.Hearsay = !d.implicit && !(d.secure && s.secure) && !d.enforced()
	usable := dane.Usable(s.tlsa)
	switch {
	case d.demand == DemandNothing:
	case len(usable) > 0: // goes before MTA-STS, RFC 8461 section 2
		e.Security, e.Host = smtp.StartTLS, s.base
		names := []string{s.base}
		if d.secure {
			names = append(names, d.domain) // RFC 7672 section 3.2.2
		}
		e.Verify = func(chain []*x509.Certificate) error { return dane.Verify(usable, chain, names...) }
	case d.enforced(), d.demand == DemandVerified:
		e.Security = smtp.StartTLS
	case len(s.tlsa) > 0: // records for others than us: TLS, but nobody to verify (RFC 7672 section 2.2)
		e.Security, e.Hearsay = smtp.StartTLS, true
		e.Verify = func([]*x509.Certificate) error { return nil }
	}
	return e
}

// alternate is the addresses of both families by turns, IPv6 first (RFC 6724
// prefers it), so that the second try is of the other family.
func alternate(six, four []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for i := 0; len(out) < maxAddresses && (i < len(six) || i < len(four)); i++ {
		if i < len(six) {
			out = append(out, six[i].Unmap())
		}
		if i < len(four) {
			out = append(out, four[i])
		}
	}
	return out[:min(len(out), maxAddresses)]
}
