package route

import (
	"context"
	"errors"
	"net"

	"golang.org/x/net/proxy"

	"mailchute/relay/cause"
)

// Proxy is a SOCKS5 proxy, RFC 1928 and 1929.
type Proxy struct {
	Address        string // host:port
	User, Password string // both "" for none
}

// through dials by way of p, which d reaches.
func (p *Proxy) through(d *net.Dialer) Dial {
	var login *proxy.Auth
	if p.User != "" || p.Password != "" {
		login = &proxy.Auth{User: p.User, Password: p.Password}
	}
	socks, err := proxy.SOCKS5("tcp", p.Address, login, d)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if err != nil {
			return nil, &proxyError{p.Address, err}
		}
		c, err := socks.(proxy.ContextDialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, &proxyError{p.Address, err}
		}
		return proxied{c, target(address)}, nil
	}
}

// proxyError is trouble with a proxy, or on the far side of it. Whoever only learns
// that the connection was refused looks for the reason at the wrong end. It stands as
// a whole: what is below says less.
type proxyError struct {
	address string
	err     error
}

func (e *proxyError) Error() string {
	return "by the proxy " + e.address + ": " + cause.Of(e.err).Error()
}

// Timeout tells whether it took too long, as net.Error does.
func (e *proxyError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.err, &t) && t.Timeout()
}

// proxied is a connection whose other end is whom we asked for, not the proxy.
type proxied struct {
	net.Conn
	to target
}

func (p proxied) RemoteAddr() net.Addr { return p.to }

// target is host:port as the proxy was told.
type target string

func (target) Network() string  { return "tcp" }
func (t target) String() string { return string(t) }
