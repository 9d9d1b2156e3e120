package smtp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"

	"mailchute/relay/cause"
)

// dial makes the connection, within the time limit for it.
func (c *Conn) dial(ctx context.Context) *Error {
	dial := c.options.Dial
	if dial == nil {
		// Keep-alive probes would cost four system calls and find nothing that
		// the time limits do not.
		dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	within, cancel := context.WithTimeout(ctx, c.options.Timeouts.Connect)
	defer cancel()
	conn, err := dial(within, c.endpoint.Network, c.endpoint.Address)
	if err != nil {
		return c.dialError(ctx, err)
	}
	c.wire = newWire(conn, c.options.Timeouts.Block)
	c.near = c.endpoint.Network == "unix" || isLoopback(c.endpoint.Address) ||
		c.options.Dial == nil && isLoopback(conn.RemoteAddr().String())
	return nil
}

func (c *Conn) dialError(ctx context.Context, err error) *Error {
	_, port, _ := net.SplitHostPort(c.endpoint.Address)
	e := &Error{Phase: PhaseConnect, Server: c.server(), Port: port}
	var dns *net.DNSError
	switch {
	case ctx.Err() != nil:
		e.Err, e.Timeout = ctx.Err(), isTimeout(ctx.Err())
	case errors.As(err, &dns):
		e.Phase, e.Err, e.Timeout = PhaseResolve, plainDNS(dns), dns.IsTimeout
	case isTimeout(err):
		e.Err, e.Timeout = lateError{c.options.Timeouts.Connect}, true
	default:
		e.Err = cause.Of(err)
	}
	return e
}

// plainDNS is a failed look-up without what net puts around it: it names the
// resolver's address where nobody looks for one.
func plainDNS(e *net.DNSError) error {
	if _, after, ok := strings.Cut(e.Err, "connect: "); ok {
		return errors.New("no name server can be asked: " + after)
	}
	return errors.New(e.Err)
}

// isLoopback tells whether address is a literal of this machine itself.
func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// server is the name of the server in messages.
func (c *Conn) server() string {
	if c.endpoint.Host != "" {
		return c.endpoint.Host
	}
	return c.endpoint.Address
}

// host is the name that the server's certificate must have.
func (c *Conn) host() string {
	name := c.options.TLS.ServerName
	if name == "" {
		name = c.endpoint.Host
	}
	if name == "" {
		name, _, _ = net.SplitHostPort(c.endpoint.Address)
	}
	return strings.TrimSuffix(strings.Trim(name, "[]"), ".")
}

// hello is the argument of EHLO: the name that was configured, else the address
// literal of this end (RFC 5321 sections 2.3.5 and 4.1.3).
func (c *Conn) hello() string {
	if c.options.Hello != "" {
		return c.options.Hello
	}
	local, err := netip.ParseAddrPort(c.wire.raw.LocalAddr().String())
	switch ip := local.Addr().Unmap().WithZone(""); {
	case err != nil:
		return "[127.0.0.1]" // a Unix socket
	case ip.Is4():
		return "[" + ip.String() + "]"
	default:
		return "[IPv6:" + ip.String() + "]"
	}
}
