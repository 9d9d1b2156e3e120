package relay

import (
	"bufio"
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"mailchute/headers"
	"mailchute/relay/envelope"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// lane is which way a recipient's copy goes. The zero lane is that by the
// smarthosts; another one leads to a domain's own servers, or past smarthosts that
// do not keep REQUIRETLS.
type lane struct {
	own       bool   // by a domain's own servers
	domain    string // lower case; "" of an address that has none
	demand    route.Demand
	protected bool   // only what asks for REQUIRETLS goes this way: see seek
	outside   bool   // a server outside has named the domain: it has no place on this machine or in its private networks
	direct    bool   // because of a redirect: no smarthost takes over when those servers fail
	shuns     string // servers that are passed over, by the names that they give themselves: see shunned
}

// maxLanes bounds the connections to domains' own servers that a carrier keeps.
const maxLanes = 8

// toward is the carrier of a lane, kept from one message to the next. What is
// known of a domain whose servers fail is kept with it. Where main is at mx: the
// smarthosts behind that take over from those servers.
func (c *Carrier) toward(l lane, main *Carrier) *Carrier {
	for i, o := range c.others {
		if o.lane == l {
			c.others = append(slices.Delete(c.others, i, i+1), o)
			o.refresh()
			return o
		}
	}
	if len(c.others) == maxLanes {
		c.others[0].Close()
		c.others = slices.Delete(c.others, 0, 1)
	}
	r := *c.Relay
	r.Smarthosts = []route.Smarthost{{Scheme: route.MX}}
	if !l.direct && main.atMX() {
		r.Smarthosts = main.Smarthosts[main.next:]
	}
	o := &Carrier{Relay: &r, lane: l}
	c.others = append(c.others, o)
	return o
}

// atMX tells whether the next in the list is mx:, which is another way for each
// domain.
func (c *Carrier) atMX() bool {
	return c.next < len(c.Smarthosts) && c.Smarthosts[c.next].Scheme == route.MX
}

// laneOf is the way of a recipient. A redirect may lead away from the smarthosts,
// and what TLS was demanded before it is demanded behind it.
func (d *delivery) laneOf(r *envelope.Recipient) lane {
	direct := len(r.Trail) > 0 && r.Trail[len(r.Trail)-1].Direct
	if !direct && !d.main.atMX() {
		return d.main.lane
	}
	l := lane{own: true, domain: strings.ToLower(strings.TrimSuffix(r.Address.Domain, ".")), protected: d.isProtected(), direct: direct, shuns: shunned(r)}
	l.outside = slices.ContainsFunc(r.Trail, func(h envelope.Hop) bool { return h.Outside }) && !d.Redirect.Names(l.domain)
	switch {
	case slices.ContainsFunc(r.Trail, func(h envelope.Hop) bool { return h.TLS }):
		l.demand = route.DemandVerified
	case d.indifferent():
		l.demand = route.DemandNothing
	}
	return l
}

// indifferent tells whether the message has the field TLS-Required: No, which
// does not count beside REQUIRETLS (RFC 8689 sections 4.1 and 4.2.2).
func (d *delivery) indifferent() bool {
	if d.env.Options.RequireTLS {
		return false
	}
	if d.tlsRequired == nil {
		no := false
		if h, err := headers.Read(bufio.NewReader(bytes.NewReader(d.msg.Header))); err == nil {
			f, ok := h.First("TLS-Required")
			no = ok && strings.EqualFold(f.Value(), "no")
		}
		d.tlsRequired = &no
	}
	return *d.tlsRequired
}

// assign puts recipients on the list of the lane in use; those of other lanes
// wait for their turn.
func (d *delivery) assign(recipients ...*envelope.Recipient) {
	for _, r := range recipients {
		l := d.laneOf(r)
		if l == d.lane {
			d.list.add(r)
			continue
		}
		if d.waiting == nil {
			d.waiting = map[lane][]*envelope.Recipient{}
		}
		if len(d.waiting[l]) == 0 {
			d.turns = append(d.turns, l)
		}
		d.waiting[l] = append(d.waiting[l], r)
	}
}

// turn goes on to the next lane in which somebody waits.
func (d *delivery) turn() bool {
	if len(d.turns) == 0 {
		return false
	}
	l := d.turns[0]
	d.turns = d.turns[1:]
	switch l {
	case lane{}:
		d.Carrier = d.home
	case d.main.lane:
		d.Carrier = d.main
	default:
		d.Carrier = d.home.toward(l, d.main)
	}
	d.list.enter(l)
	d.list.add(d.waiting[l]...)
	delete(d.waiting, l)
	return true
}

// isTooWeak tells whether a smarthost behind mx: does without the TLS that is demanded
// of this lane. The socket of this machine's own server needs none; a domain's own
// servers are told of the demand as they are looked for.
func (c *Carrier) isTooWeak(s route.Smarthost) bool {
	return c.lane.demand == route.DemandVerified && s.Scheme != route.MX && s.Scheme != route.Unix && !c.demandsTLS()
}

// called is what a smarthost is called in words and logs: mx: with the domain.
func (c *Carrier) called(s route.Smarthost) string {
	if s.Scheme == route.MX {
		return s.String() + c.lane.domain
	}
	return s.String()
}

// resolve finds the endpoints of the smarthost that is next.
func (c *Carrier) resolve(ctx context.Context, s route.Smarthost) bool {
	resolver := c.Resolver
	if resolver == nil {
		resolver = &route.Resolver{}
	}
	var err error
	c.learnt = time.Now()
	if c.endpoints, err = resolver.Endpoints(ctx, s, route.Goal{Domain: c.lane.domain, Demand: c.lane.demand, Outside: c.lane.outside}); err != nil {
		c.endpoints = nil
		c.passOver(fromError(err))
		return false
	}
	return true
}

// optionsFor is how a smarthost is spoken to. What is configured for smarthosts
// is for them alone: nobody logs in at a domain's own server, shows it a
// certificate, or expects a smarthost's there.
func (c *Carrier) optionsFor(s route.Smarthost) smtp.Options {
	o := c.SMTP
	o.NoPipelining = o.NoPipelining || c.plainly
	if s.Scheme == route.MX {
		o.Login = nil
		o.TLS.CertFile, o.TLS.KeyFile, o.TLS.Fingerprint, o.TLS.ServerName = "", "", nil, ""
	}
	return o
}
