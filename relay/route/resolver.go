package route

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"mailchute/relay/reply"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/sts"
	"mailchute/relay/smtp"
)

// Resolver finds the servers behind srv: and mx:. The zero value asks the name
// servers of this machine and knows no MTA-STS. It may be used by many at once.
type Resolver struct {
	DNS      dns.Client
	Policies *sts.Book        // MTA-STS, RFC 8461; nil: not looked at
	Port     int              // of the servers behind mx:; 0 is 25
	Self     []netip.AddrPort // where this program itself takes mail: going there is a loop

	// Rand gives a number from 0 to n-1, for servers that share the load; nil is
	// math/rand/v2.
	Rand func(n int) int
}

// Demand is what is asked of TLS on the way to a domain's own servers.
type Demand int

// The demands.
const (
	DemandPublished Demand = iota // what the domain publishes by DANE or MTA-STS; else STARTTLS when it is offered
	DemandVerified                // a verified certificate, whatever is published
	DemandNothing                 // STARTTLS when it is offered, whatever is published: "TLS-Required: No", RFC 8689 section 4.2.2
)

// Error is why there is nobody to connect to. Status.Class tells whether that may
// pass: 4, or is for good: 5.
type Error struct {
	Domain string // that was asked for
	Status reply.Enhanced
	Err    error
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string { return e.Domain + ": " + e.Err.Error() }

// Permanent tells whether trying again is of no use.
func (e *Error) Permanent() bool { return e.Status.Class == 5 }

// Goal is what mx: has to know of the recipients; it means nothing to the others.
type Goal struct {
	Domain  string // which may be an address literal
	Demand  Demand // what is asked of TLS
	Outside bool   // nothing on this machine or in its private networks will do: somebody outside has named the domain
}

// Endpoints is where s is reached, in the order in which they are tried; never
// none without an error, which is an *Error.
func (r *Resolver) Endpoints(ctx context.Context, s Smarthost, to Goal) ([]smtp.Endpoint, error) {
	switch s.Scheme {
	case SRV:
		return r.services(ctx, s.Host)
	case MX:
		return r.exchangers(ctx, to)
	}
	e, _ := s.Endpoint()
	return []smtp.Endpoint{e}, nil
}

// Limits on what hostile answers can make of one message.
const (
	maxHosts     = 10 // servers of a domain that are looked at
	maxAddresses = 4  // of one server, IPv6 and IPv4 together
	maxEndpoints = 12 // connections that are tried
)

func (r *Resolver) random(n int) int {
	if r.Rand != nil {
		return r.Rand(n)
	}
	return rand.IntN(n)
}

// ascii is a domain in A-labels, lower case, without a final dot.
func ascii(domain string) (string, error) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	for i := 0; i < len(domain); i++ {
		if domain[i] >= 0x80 {
			return idna.Lookup.ToASCII(domain)
		}
	}
	return domain, nil
}

// unanswered is what a failed lookup means: no such name is for good, all else
// may pass (RFC 5321 section 5.1).
func unanswered(domain string, err error) *Error {
	var e *dns.Error
	if errors.As(err, &e) && e.NotFound {
		return &Error{Domain: domain, Status: reply.Enhanced{Class: 5, Subject: 1, Detail: 2}, Err: errors.New("there is no such domain")}
	}
	return &Error{Domain: domain, Status: reply.Enhanced{Class: 4, Subject: 4, Detail: 3}, Err: err}
}
