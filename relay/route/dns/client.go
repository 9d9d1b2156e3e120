// Package dns asks name servers for what package net does not tell: MX, SRV, TXT
// and TLSA records, and whether an answer was validated.
//
// It is a stub resolver (RFC 1034 section 5.3.1): it asks the recursive servers of
// resolv.conf and believes what they say, but never more. An answer is Secure only
// when the server says so with the AD bit and is reached on a loopback address:
// from any other place, anybody on the way could have set that bit (RFC 6840
// section 5.8, RFC 7672 section 2.1.1). Names are taken as they are; there is no
// search list.
//
// Whatever comes back, memory and time are bounded, and host names that come out
// consist of letters, digits, hyphens, underscores and dots.
package dns

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Client asks questions. The zero value asks the servers of /etc/resolv.conf. It
// may be used by many at once.
type Client struct {
	Servers  []netip.AddrPort // nil: those of /etc/resolv.conf
	Timeout  time.Duration    // for one answer of one server; 0: as resolv.conf says, else 5 seconds
	Attempts int              // rounds through the servers; 0: as resolv.conf says, else 2
}

// Answer is what there is of one type at a name. No records and no error: the
// name is there, and has none of this type.
type Answer[R any] struct {
	Name    string // where the records stand, CNAMEs followed: lower case, no final dot
	Secure  bool   // validated with DNSSEC by a resolver on this machine
	Records []R
}

// Error is why there is no answer.
type Error struct {
	Name     string // that was asked for
	Type     string // "MX" and so on
	NotFound bool   // the name does not exist (NXDOMAIN); else the trouble may pass
	Err      error
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) Error() string {
	return "DNS: " + e.Type + " of " + e.Name + ": " + e.Err.Error()
}

// lookup asks one server after the other until one has an answer.
func (c *Client) lookup(ctx context.Context, name string, t dnsmessage.Type) (answer, error) {
	fail := func(err error, notFound bool) (answer, error) {
		return answer{}, &Error{Name: name, Type: typeName(t), NotFound: notFound, Err: err}
	}
	q, err := newQuestion(name, t)
	if err != nil {
		return fail(err, true) // what cannot be asked for cannot exist
	}
	set := c.settings()
	for range set.attempts {
		for _, server := range set.servers {
			var a answer
			a, err = ask(ctx, server, q, set.timeout)
			switch {
			case err == nil:
				a.secure = a.secure && server.Addr().Unmap().IsLoopback()
				return a, nil
			case err == errNotFound:
				return fail(err, true)
			case ctx.Err() != nil:
				return fail(ctx.Err(), false)
			}
		}
	}
	return fail(err, false)
}

func (c *Client) settings() settings {
	var s settings
	if c.Servers == nil || c.Timeout == 0 || c.Attempts == 0 {
		s = readSettings("/etc/resolv.conf")
	}
	if c.Servers != nil {
		s.servers = c.Servers
	}
	s.timeout = cmp.Or(c.Timeout, s.timeout)
	s.attempts = cmp.Or(c.Attempts, s.attempts)
	return s
}

// ask puts a question to one server: by UDP, and by TCP when the answer does not
// fit (RFC 7766 section 5).
func ask(ctx context.Context, server netip.AddrPort, q question, timeout time.Duration) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	a, err := exchange(ctx, "udp", server, q)
	if err == errTruncated {
		return exchange(ctx, "tcp", server, q)
	}
	return a, err
}

// exchange uses a new socket for each question: the port is then as random as the
// system makes it (RFC 5452 section 9.2), and what others send does not arrive.
func exchange(ctx context.Context, network string, server netip.AddrPort, q question) (answer, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, server.String())
	if err != nil {
		return answer{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if network == "tcp" {
		return overTCP(conn, q)
	}
	return overUDP(conn, q)
}
