package foreign

import (
	"net/netip"
	"slices"
	"strings"

	"mailchute/inject/setup"
	"mailchute/relay/route"
)

// postfixSource sets the address to connect from. An account has one, by which
// servers are reached by its kind of address alone; Postfix has one for each kind.
func (s *source) postfixSource(a *setup.Account, p *parameters) {
	ipv4, ipv6 := s.protocols(a, p)
	v4, v6 := s.postfixText(p, "smtp_bind_address"), s.postfixText(p, "smtp_bind_address6")
	if !ipv4 {
		v4 = ""
	}
	if !ipv6 {
		v6 = ""
	}
	name, address, kind := "smtp_bind_address", v4, "IPv4"
	if v4 == "" {
		name, address, kind = "smtp_bind_address6", v6, "IPv6"
	}
	one, _ := p.get(name)
	switch {
	case address == "":
		return
	case !setSource(a, strings.Trim(address, "[]")):
		s.note(one.line, one.name, noAddress)
	case ipv4 && ipv6:
		s.note(one.line, one.name, "is the source_address now, so that servers are reached by "+kind+" alone")
	}
	if v4 != "" && v6 != "" {
		other, _ := p.get("smtp_bind_address6")
		s.note(other.line, other.name, "left out: an account has one source_address, that of smtp_bind_address")
	}
}

// protocols tells which kinds of address servers can have.
func (s *source) protocols(a *setup.Account, p *parameters) (ipv4, ipv6 bool) {
	if host, err := route.ParseSmarthost(a.Get("smarthost")); err == nil {
		if ip, err := netip.ParseAddr(host.Host); err == nil {
			return ip.Is4(), ip.Is6()
		}
	}
	list := words(s.postfixText(p, "inet_protocols"))
	all := len(list) == 0 || slices.Contains(list, "all")
	return all || slices.Contains(list, "ipv4"), all || slices.Contains(list, "ipv6")
}
