package route

import (
	"context"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/proxy"
)

// Dial reaches an endpoint's address.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Proxy is a SOCKS5 proxy, RFC 1928 and 1929.
type Proxy struct {
	Address        string // host:port
	User, Password string // both "" for none
}

// NewDial makes a Dial that connects from source (invalid: the system chooses)
// and through p (nil: directly). Names with both IPv6 and IPv4 addresses are
// tried side by side, RFC 8305; behind a proxy it resolves them.
func NewDial(source netip.Addr, p *Proxy) Dial {
	d := &net.Dialer{}
	if source.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: source.AsSlice(), Zone: source.Zone()}
	}
	direct := func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		return d.DialContext(ctx, network, address)
	}
	if p == nil {
		return direct
	}
	var login *proxy.Auth
	if p.User != "" || p.Password != "" {
		login = &proxy.Auth{User: p.User, Password: p.Password}
	}
	socks, err := proxy.SOCKS5("tcp", p.Address, login, d)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			return direct(ctx, network, address)
		}
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", p.Address, err)
		}
		c, err := socks.(proxy.ContextDialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return proxied{c, target(address)}, nil
	}
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
