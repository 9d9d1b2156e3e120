package route

import (
	"context"
	"net"
	"net/netip"
)

// Dial reaches an endpoint's address.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// NewDial makes a Dial that connects from source (invalid: the system chooses)
// and through p (nil: directly). Names with both IPv6 and IPv4 addresses are
// tried side by side, RFC 8305; behind a proxy it resolves them. A Unix socket is
// on this machine whatever else is said.
func NewDial(source netip.Addr, p *Proxy) Dial {
	d := &net.Dialer{}
	if source.IsValid() {
		d.LocalAddr = &net.TCPAddr{IP: source.AsSlice(), Zone: source.Zone()}
	}
	way := d.DialContext
	if p != nil {
		way = p.through(d)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if network == "unix" {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		}
		return way(ctx, network, address)
	}
}
