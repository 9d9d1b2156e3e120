package spf

import (
	"context"
	"net/netip"
	"slices"
)

// evaluate goes through the mechanisms until one matches, RFC 7208 section 4.6.2;
// else redirect decides, section 6.1.
func (e *evaluation) evaluate(ctx context.Context, domain string, rec record) (Result, string, error) {
	for _, m := range rec.mechanisms {
		ok, err := e.matches(ctx, domain, m)
		if err != nil {
			return "", "", err
		}
		if ok {
			return m.result, m.text + " in the record of " + domain, nil
		}
	}
	if rec.redirect == "" {
		return Neutral, "the record of " + domain + " does not say", nil
	}
	target, err := e.name(rec.redirect, domain)
	if err == nil {
		err = e.lookup()
	}
	if err != nil {
		return "", "", err
	}
	result, reason := e.check(ctx, target)
	if result == None {
		return "", "", permanent("redirect=%s leads to no record", target)
	}
	return result, reason, nil
}

// matches is RFC 7208 section 5.
func (e *evaluation) matches(ctx context.Context, domain string, m mechanism) (bool, error) {
	switch m.name {
	case "all":
		return true, nil
	case "ip4", "ip6":
		return m.prefix.Contains(e.query.IP), nil
	}
	if err := e.lookup(); err != nil {
		return false, err
	}
	target := domain
	if m.spec != "" {
		var err error
		if target, err = e.name(m.spec, domain); err != nil {
			return false, err
		}
	}
	switch m.name {
	case "include":
		return e.include(ctx, target)
	case "a":
		return e.among(ctx, target, m)
	case "mx":
		return e.exchanger(ctx, target, m)
	case "exists":
		found, err := e.addresses(ctx, target, true)
		return len(found) > 0, err
	}
	return false, nil // ptr: nobody should use it (section 5.5), and who connects is not known
}

// name expands a domain-spec and remembers it.
func (e *evaluation) name(spec, domain string) (string, error) {
	name, ok := expand(spec, domain, e.query)
	if !ok || name == "" {
		return "", permanent("%q in the record of %s is no name", spec, domain)
	}
	if isDomain(name) && !slices.Contains(e.names, name) {
		e.names = append(e.names, name)
	}
	return name, nil
}

// lookup counts a term that asks the DNS.
func (e *evaluation) lookup() error {
	e.lookups++
	if e.lookups > maxLookups {
		return permanent("the record needs more than %d lookups, and receivers give up there", maxLookups)
	}
	return nil
}

// include is RFC 7208 section 5.2: only a pass in there matches.
func (e *evaluation) include(ctx context.Context, target string) (bool, error) {
	switch result, reason := e.check(ctx, target); result {
	case Pass:
		return true, nil
	case None:
		return false, permanent("include:%s leads to no record", target)
	case TempError, PermError:
		return false, &halt{result, reason}
	}
	return false, nil
}

// among tells whether the address is one of a host's.
func (e *evaluation) among(ctx context.Context, host string, m mechanism) (bool, error) {
	found, err := e.addresses(ctx, host, e.query.IP.Is4())
	return slices.ContainsFunc(found, func(ip netip.Addr) bool { return m.covers(ip.Unmap(), e.query.IP) }), err
}

// exchanger tells whether the address is one of a domain's MX hosts.
func (e *evaluation) exchanger(ctx context.Context, domain string, m mechanism) (bool, error) {
	if !isDomain(domain) {
		return false, nil
	}
	answer, err := e.dns.MX(ctx, domain)
	if err := e.void(len(answer.Records), err); err != nil {
		return false, err
	}
	if len(answer.Records) > maxMX {
		return false, permanent("%s has more than %d MX records", domain, maxMX)
	}
	for _, mx := range answer.Records {
		if ok, err := e.among(ctx, mx.Host, m); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// addresses is the addresses of a host, of one family.
func (e *evaluation) addresses(ctx context.Context, host string, four bool) ([]netip.Addr, error) {
	if !isDomain(host) {
		return nil, nil
	}
	ask := e.dns.IPv6
	if four {
		ask = e.dns.IPv4
	}
	answer, err := ask(ctx, host)
	return answer.Records, e.void(len(answer.Records), err)
}

// void judges a lookup: trouble ends the evaluation, and so do too many that find
// nothing (RFC 7208 section 4.6.4).
func (e *evaluation) void(found int, err error) error {
	if err != nil && !notFound(err) {
		return &halt{TempError, err.Error()}
	}
	if found == 0 {
		if e.voids++; e.voids > maxVoid {
			return permanent("more than %d names in the record lead to nothing", maxVoid)
		}
	}
	return nil
}

// covers tells whether two addresses share the prefix that the mechanism asks for.
func (m mechanism) covers(ip, query netip.Addr) bool {
	bits := m.bits4
	if ip.Is6() {
		bits = m.bits6
	}
	prefix, err := ip.Prefix(bits)
	return err == nil && prefix.Contains(query)
}
