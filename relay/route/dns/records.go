package dns

import (
	"context"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const typeTLSA dnsmessage.Type = 52 // RFC 6698 section 2.1

// MX is RFC 1035 section 3.3.9. The Host of a null MX (RFC 7505) is "".
type MX struct {
	Preference uint16
	Host       string
}

// SRV is RFC 2782. A Target "" says that the service is not offered.
type SRV struct {
	Priority, Weight, Port uint16
	Target                 string
}

// TLSA is RFC 6698 section 2.1.
type TLSA struct {
	Usage, Selector, Matching uint8
	Data                      []byte
}

// MX is the mail exchangers of a domain, in no order. Errors are *Error, as those
// of all questions are.
func (c *Client) MX(ctx context.Context, domain string) (Answer[MX], error) {
	return collect[MX](ctx, c, domain, dnsmessage.TypeMX)
}

// SRV is the places of a service, in no order. name is all of it:
// _submissions._tcp.example.org.
func (c *Client) SRV(ctx context.Context, name string) (Answer[SRV], error) {
	return collect[SRV](ctx, c, name, dnsmessage.TypeSRV)
}

// TXT is the texts at a name, each with its strings joined (RFC 7208 section 3.3
// and all that came after it).
func (c *Client) TXT(ctx context.Context, name string) (Answer[string], error) {
	return collect[string](ctx, c, name, dnsmessage.TypeTXT)
}

// TLSA is the certificate associations at a name such as _25._tcp.mx.example.org.
func (c *Client) TLSA(ctx context.Context, name string) (Answer[TLSA], error) {
	return collect[TLSA](ctx, c, name, typeTLSA)
}

// IPv4 is the IPv4 addresses of a host.
func (c *Client) IPv4(ctx context.Context, host string) (Answer[netip.Addr], error) {
	return collect[netip.Addr](ctx, c, host, dnsmessage.TypeA)
}

// IPv6 is the IPv6 addresses of a host.
func (c *Client) IPv6(ctx context.Context, host string) (Answer[netip.Addr], error) {
	return collect[netip.Addr](ctx, c, host, dnsmessage.TypeAAAA)
}

// collect is a lookup whose values are those that read makes of the type.
func collect[R any](ctx context.Context, c *Client, name string, t dnsmessage.Type) (Answer[R], error) {
	raw, err := c.lookup(ctx, name, t)
	a := Answer[R]{Name: raw.name, Secure: raw.secure}
	for _, v := range raw.records {
		if r, ok := v.(R); ok {
			a.Records = append(a.Records, r)
		}
	}
	return a, err
}

// read makes a value of the record that p stands at; nil is one that cannot be
// used.
func read(p *dnsmessage.Parser, t dnsmessage.Type) (any, error) {
	switch t {
	case dnsmessage.TypeMX:
		r, err := p.MXResource()
		host := canonical(r.MX)
		if !isHost(host) {
			// There is an MX, so the domain itself is not the server (RFC 5321 section
			// 5.1), and nobody has this name (RFC 6761 section 6.4).
			host = "invalid"
		}
		return MX{r.Pref, host}, err
	case dnsmessage.TypeSRV:
		r, err := p.SRVResource()
		return usable(SRV{r.Priority, r.Weight, r.Port, canonical(r.Target)}, isHost(canonical(r.Target))), err
	case dnsmessage.TypeTXT:
		r, err := p.TXTResource()
		return strings.Join(r.TXT, ""), err
	case dnsmessage.TypeA:
		r, err := p.AResource()
		return netip.AddrFrom4(r.A), err
	case dnsmessage.TypeAAAA:
		r, err := p.AAAAResource()
		return netip.AddrFrom16(r.AAAA), err
	case typeTLSA:
		r, err := p.UnknownResource()
		if err != nil || len(r.Data) < 4 {
			return nil, err
		}
		return TLSA{r.Data[0], r.Data[1], r.Data[2], r.Data[3:]}, nil
	}
	return nil, p.SkipAnswer()
}

func usable(v any, ok bool) any {
	if !ok {
		return nil
	}
	return v
}

// isHost tells whether a name from an answer can be passed on: it ends up in
// certificates, messages and logs. The root, "", has a meaning in MX and SRV.
func isHost(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

func typeName(t dnsmessage.Type) string {
	switch t {
	case dnsmessage.TypeA:
		return "A"
	case dnsmessage.TypeAAAA:
		return "AAAA"
	case dnsmessage.TypeMX:
		return "MX"
	case dnsmessage.TypeSRV:
		return "SRV"
	case dnsmessage.TypeTXT:
		return "TXT"
	case typeTLSA:
		return "TLSA"
	}
	return "records"
}
