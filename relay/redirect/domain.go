package redirect

import (
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

// allows tells whether the policy lets a copy go to this domain. An address of this
// machine or its network has to be named: no server elsewhere has a mailbox there.
func (p Policy) allows(domain string) bool {
	domain = canonical(domain)
	ip := literal(domain)
	return p.Names(domain) || slices.Contains(p.AllowDomains, "*") && !IsInside(ip)
}

// Names tells whether the policy names this domain, or one above it, and does not
// only let all through.
func (p Policy) Names(domain string) bool {
	domain = canonical(domain)
	ip := literal(domain)
	return slices.ContainsFunc(p.AllowDomains, func(pattern string) bool {
		if pattern == "*" {
			return false
		}
		if ip.IsValid() {
			return literal(canonical(pattern)) == ip
		}
		if parent, ok := strings.CutPrefix(pattern, "*."); ok {
			return strings.HasSuffix(domain, "."+canonical(parent))
		}
		return canonical(pattern) == domain
	})
}

// IsInside tells whether ip leads to this machine, its link or a private network (RFC
// 1918, RFC 4193). A server elsewhere has nothing to say about what is there.
func IsInside(ip netip.Addr) bool {
	return ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsPrivate() || ip.IsUnspecified()
}

// literal is the address in an address literal (RFC 5321 section 4.1.3), the zero one
// where there is none.
func literal(domain string) netip.Addr {
	text, bracketed := strings.CutPrefix(domain, "[")
	if !bracketed {
		return netip.Addr{}
	}
	ip, _ := netip.ParseAddr(strings.TrimPrefix(strings.TrimSuffix(text, "]"), "ipv6:"))
	return ip.Unmap()
}

// IsOwn tells whether a server is one of a domain's own: one of its names is the
// domain or lies below it.
func IsOwn(domain string, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return within(name, domain) })
}

// within tells whether a server's name is a domain or lies below it. What a
// server calls itself may go on behind its name, and an address literal may
// stand with or without its brackets.
func within(server, domain string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(server), " ")
	name, domain = canonical(name), canonical(domain)
	if name == "" || domain == "" {
		return false
	}
	if address, ok := strings.CutPrefix(domain, "["); ok {
		name = strings.Trim(name, "[]")
		return name == strings.TrimSuffix(address, "]") || "ipv6:"+name+"]" == address
	}
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// canonical is the form in which domains are compared: lower case, A-labels, no
// final dot.
func canonical(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	for i := 0; i < len(domain); i++ {
		if domain[i] >= 0x80 {
			if ascii, err := idna.Lookup.ToASCII(domain); err == nil {
				return ascii
			}
			break
		}
	}
	return domain
}
