package route

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"mailchute/relay/redirect"
	"mailchute/relay/reply"
	"mailchute/relay/route/dns"
	"mailchute/relay/route/sts"
	"mailchute/relay/smtp"
)

// exchangers is a domain's own servers, RFC 5321 section 5.1.
func (r *Resolver) exchangers(ctx context.Context, to Goal) ([]smtp.Endpoint, error) {
	if to.Domain == "" {
		return nil, &Error{Domain: "mx:", Status: reply.Enhanced{Class: 5, Subject: 1, Detail: 2}, Err: errors.New("an address without a domain has no servers of its own")}
	}
	if strings.HasPrefix(to.Domain, "[") {
		return r.literal(to)
	}
	name, err := ascii(to.Domain)
	if err != nil {
		return nil, &Error{Domain: to.Domain, Status: reply.Enhanced{Class: 5, Subject: 1, Detail: 2}, Err: err}
	}
	d := destination{domain: name, demand: to.Demand, outside: to.Outside}
	var both sync.WaitGroup
	both.Go(func() { err = r.findHosts(ctx, &d) })
	if r.Policies != nil && d.demand != DemandNothing {
		both.Go(func() { d.policy, d.promised = r.Policies.Policy(ctx, name) })
	}
	both.Wait()
	if err != nil {
		return nil, err
	}
	if err := d.obeyPolicy(); err != nil {
		return nil, err
	}
	var each sync.WaitGroup
	for i := range d.servers {
		each.Go(func() { r.survey(ctx, &d.servers[i], d.demand) })
	}
	each.Wait()
	return r.choose(&d)
}

// destination is what is known of a recipient domain.
type destination struct {
	domain   string
	demand   Demand
	outside  bool // no address inside will do
	secure   bool // the answer that named the servers was validated
	implicit bool // there is no MX: the domain itself is the server
	policy   sts.Policy
	promised bool // there is a policy
	servers  []server
}

// server is one mail exchanger.
type server struct {
	host       string
	preference uint16
	addresses  []netip.Addr
	secure     bool // the addresses were validated
	base       string
	tlsa       []dns.TLSA // validated
	err        error      // why it cannot be used
}

// literal is a domain that is an address, RFC 5321 section 4.1.3: nobody is asked.
func (r *Resolver) literal(to Goal) ([]smtp.Endpoint, error) {
	text := strings.TrimSuffix(to.Domain[1:], "]")
	if len(text) > 5 && strings.EqualFold(text[:5], "IPv6:") {
		text = text[5:]
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" {
		return nil, &Error{Domain: to.Domain, Status: reply.Enhanced{Class: 5, Subject: 1, Detail: 2}, Err: errors.New("it is no address that can be reached")}
	}
	d := destination{domain: to.Domain, demand: to.Demand, outside: to.Outside, implicit: true,
		servers: []server{{host: ip.Unmap().String(), addresses: []netip.Addr{ip.Unmap()}}}}
	return r.choose(&d)
}

// findHosts asks for the MX records.
func (r *Resolver) findHosts(ctx context.Context, d *destination) error {
	answer, err := r.DNS.MX(ctx, d.domain)
	if err != nil {
		return unanswered(d.domain, err)
	}
	d.secure = answer.Secure
	records := answer.Records
	switch {
	case len(records) == 0: // RFC 5321 section 5.1: as if there were an MX with preference 0
		d.implicit = true
		d.servers = []server{{host: d.domain}}
		return nil
	case len(records) == 1 && records[0].Host == "": // the null MX, RFC 7505 section 3
		return &Error{Domain: d.domain, Status: reply.Enhanced{Class: 5, Subject: 1, Detail: 10}, Err: errors.New("this domain takes no mail (null MX)")}
	}
	for _, mx := range ranked(records, r.random) {
		if mx.Host == "" || len(d.servers) == maxHosts || slices.ContainsFunc(d.servers, func(s server) bool { return s.host == mx.Host }) {
			continue
		}
		d.servers = append(d.servers, server{host: mx.Host, preference: mx.Preference})
	}
	if len(d.servers) == 0 {
		return unreachable(d.domain, errors.New("its MX records name nobody"))
	}
	return nil
}

// ranked is MX records in the order in which they are tried: by preference, and
// equals in random order, to spread the load (RFC 5321 section 5.1).
func ranked(records []dns.MX, random func(n int) int) []dns.MX {
	out := slices.Clone(records)
	for i := len(out) - 1; i > 0; i-- {
		j := random(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	slices.SortStableFunc(out, func(a, b dns.MX) int { return cmp.Compare(a.Preference, b.Preference) })
	return out
}

// obeyPolicy leaves out the servers that an enforced policy does not name, RFC
// 8461 section 5. That is trouble that may pass: the domain will mend its records
// or its policy.
func (d *destination) obeyPolicy() error {
	if !d.enforced() {
		return nil
	}
	d.servers = slices.DeleteFunc(d.servers, func(s server) bool { return !d.policy.Allows(s.host) })
	if len(d.servers) == 0 {
		return &Error{Domain: d.domain, Status: reply.Enhanced{Class: 4, Subject: 7, Detail: 5},
			Err: errors.New("none of its mail servers is one that its MTA-STS policy allows")}
	}
	return nil
}

func (d *destination) enforced() bool { return d.promised && d.policy.Mode == sts.Enforce }

// choose takes the endpoints of the servers that can be used.
func (r *Resolver) choose(d *destination) ([]smtp.Endpoint, error) {
	var endpoints []smtp.Endpoint
	loop := false
	d.servers, loop = r.withoutSelf(d.servers)
	d.stayOutside()
	trouble := error(nil)
	for _, s := range d.servers {
		if s.err != nil {
			if trouble == nil || !isTemporary(trouble) {
				trouble = s.err
			}
			continue
		}
		for _, ip := range s.addresses {
			endpoints = append(endpoints, r.endpoint(d, s, ip))
		}
	}
	switch {
	case len(endpoints) > 0:
		return endpoints[:min(len(endpoints), maxEndpoints)], nil
	case trouble != nil:
		return nil, trouble
	case loop: // RFC 5321 section 5.1
		return nil, &Error{Domain: d.domain, Status: reply.Enhanced{Class: 5, Subject: 4, Detail: 6}, Err: errors.New("its mail server is this program itself: mail for it would go in a circle")}
	}
	return nil, unreachable(d.domain, errors.New("it has no mail server"))
}

// stayOutside drops the addresses of this machine and its private networks where
// somebody outside has named the domain: he would choose what we talk to in here.
func (d *destination) stayOutside() {
	if !d.outside {
		return
	}
	for i := range d.servers {
		s := &d.servers[i]
		s.addresses = slices.DeleteFunc(s.addresses, redirect.IsInside)
		if len(s.addresses) == 0 && s.err == nil {
			s.err = &Error{Domain: s.host, Status: reply.Enhanced{Class: 5, Subject: 7, Detail: 1},
				Err: fmt.Errorf("it is on this machine or in a private network, where no server outside may send a copy; name %q in redirect.allow_domains if it may", d.domain)}
		}
	}
}

// withoutSelf drops this program and all servers that are no better than it, RFC
// 5321 section 5.1, and tells whether it was among them.
func (r *Resolver) withoutSelf(servers []server) ([]server, bool) {
	for _, s := range servers {
		if slices.ContainsFunc(s.addresses, r.isSelf) {
			return slices.DeleteFunc(servers, func(o server) bool { return o.preference >= s.preference }), true
		}
	}
	return servers, false
}

// isSelf tells whether ip leads to this program. Who connects to the unspecified
// address gets to loopback, and who listens there hears it.
func (r *Resolver) isSelf(ip netip.Addr) bool {
	local := func(a netip.Addr) bool { return a.IsLoopback() || a.IsUnspecified() }
	return slices.ContainsFunc(r.Self, func(at netip.AddrPort) bool {
		own := at.Addr()
		either := own.IsUnspecified() || ip.IsUnspecified()
		return int(at.Port()) == r.port() && (own == ip || either && local(own) && local(ip))
	})
}

func (r *Resolver) port() int { return cmp.Or(r.Port, 25) }

func isTemporary(err error) bool {
	var e *Error
	return errors.As(err, &e) && !e.Permanent()
}

// unreachable is a domain that exists and has nobody who takes its mail.
func unreachable(domain string, err error) *Error {
	return &Error{Domain: domain, Status: reply.Enhanced{Class: 5, Subject: 4, Detail: 4}, Err: err}
}
