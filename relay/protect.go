package relay

import (
	"slices"

	"mailchute/relay/envelope"
	"mailchute/relay/route"
)

// A message with REQUIRETLS goes to no server that does not keep it, and the next one
// is tried (RFC 8689 section 4.2.1). That is no trouble with the way: the server is as
// good as before for all other messages. So they part there. Behind a smarthost this
// one goes on by a carrier of its own; a lane to a domain's own servers that is
// protected has such messages alone.

// secure tells whether the connection keeps what REQUIRETLS promises: verified
// TLS, or the socket of this machine's own server, which keeps it from there on.
func (d *delivery) secure() bool {
	return d.bySocket() || d.conn.TLS() != nil && d.conn.Unverified() == nil
}

// bySocket tells whether the server in use is that of this machine, on a Unix socket.
func (d *delivery) bySocket() bool {
	return d.next < len(d.Smarthosts) && d.Smarthosts[d.next].Scheme == route.Unix
}

// isProtected tells whether the message must not go where REQUIRETLS is not kept.
func (d *delivery) isProtected() bool {
	return d.env.Options.RequireTLS && !d.env.Sender.IsNull()
}

// unprotected is why the message must not go to the server that is connected; nil
// where it may.
func (d *delivery) unprotected() *envelope.Outcome {
	if !d.isProtected() {
		return nil
	}
	return d.parametersFor(d.conn.Extensions(), d.secure()).unprotected()
}

// seek looks for a server that keeps REQUIRETLS behind one that does not, for a batch
// and all who wait with it.
func (d *delivery) seek(batch []*mailbox, refusal envelope.Outcome) {
	d.list.back(batch)
	if !d.hasMore() {
		d.list.rest(*telling(d.trouble, refusal))
		return
	}
	d.remark(d.server + " passed over: " + refusal.Text())
	if d.lane.protected {
		d.trouble = telling(d.trouble, refusal)
		d.giveUp()
		return
	}
	leaving := d.list.drain()
	d.main = d.home.behind(refusal)
	d.assign(leaving...)
}

// behind is the carrier that goes on behind the server in use, which refused so.
func (c *Carrier) behind(refusal envelope.Outcome) *Carrier {
	if c.beyond == nil {
		r := *c.Relay
		r.Smarthosts = c.Smarthosts[c.next:]
		c.beyond = &Carrier{Relay: &r, lane: lane{protected: true}, endpoints: slices.Clone(c.endpoints), trouble: telling(c.trouble, refusal)}
		c.beyond.giveUp()
	}
	return c.beyond
}

// letGo ends the way beyond, unless that has carried a message: the next one looks
// again at every server.
func (c *Carrier) letGo() {
	if c.beyond != nil && !c.beyond.served {
		c.beyond.disconnect()
		c.beyond = nil
	}
}
