package relay

import (
	"context"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
)

// delivery is one call of Deliver.
type delivery struct {
	*Carrier             // of the lane in use
	home        *Carrier // of the zero lane
	main        *Carrier // of the way by the smarthosts: home, or beyond it
	waiting     map[lane][]*envelope.Recipient
	turns       []lane // in which somebody waits, in order
	tlsRequired *bool  // the message says that TLS is not required; nil: not looked at yet
	env         *envelope.Envelope
	open        []*envelope.Recipient // of env, at the start: whom this attempt is for
	msg         *message.Message
	last        bool // no message follows on this connection
	attempt     Attempt
	list        worklist
	ahead       *transaction          // its envelope is on the wire; nil: none is
	made        *content              // the message as the last server got it
	remarks     map[string]bool       // noted already
	redirected  []*envelope.Recipient // in the transaction that is being settled
	refuted     []redirect.Entry      // remembered ones that came to nothing
}

// delivery is a new one, or that which has begun with an envelope that went ahead.
func (c *Carrier) delivery(env *envelope.Envelope, msg *message.Message) *delivery {
	d := c.begun
	c.begun = nil
	if d != nil && d.env == env {
		return d
	}
	c.refresh()
	d = &delivery{Carrier: c, home: c, main: c, env: env, open: env.Open(), msg: msg}
	d.recall()
	d.list.begin(env, d.laneOf)
	d.assign(d.open...)
	return d
}

func (d *delivery) run(ctx context.Context) {
	defer d.remember()
	for {
		if d.list.isEmpty() {
			if d.turn() {
				continue
			}
			if !d.forget() {
				d.list.share(d.open)
				return
			}
			d.assign(d.env.Open()...)
			continue
		}
		if !d.connect(ctx) {
			if d.atMX() {
				d.assign(d.list.drain()...)
			} else {
				d.list.rest(*d.trouble)
			}
			continue
		}
		d.attempt.TLS = tlsName(d.conn.TLS())
		if t := d.transaction(); t != nil {
			d.transact(ctx, t)
		}
	}
}
