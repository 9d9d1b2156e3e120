package relay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// Carrier delivers one message after the other and keeps the connection between
// them. It is for one goroutine.
type Carrier struct {
	*Relay
	lane      lane              // which way it goes
	others    []*Carrier        // of other lanes, that used last at the end
	beyond    *Carrier          // by the smarthosts behind that in use, which does not keep REQUIRETLS; nil: nobody needed it
	conn      *smtp.Conn        // nil: none open
	next      int               // the smarthost in use, or to be tried next
	endpoints []smtp.Endpoint   // of that smarthost, the first in use or to be tried next; nil: not resolved yet
	server    string            // the smarthost used last
	served    bool              // conn has carried a transaction to its end
	plainly   bool              // the smarthost breaks when pipelined
	most      int               // recipients that it takes in a transaction; 0: unknown
	domains   domainLimit       // of the session on conn
	trouble   *envelope.Outcome // the most telling reason why smarthosts were given up
	learnt    time.Time         // when next and endpoints became what they are

	// Ahead, if not nil, is asked for the message that will be delivered next, while
	// the content of one is on its way; nil: not known. Its envelope may then travel
	// along. Once it has given one it is not asked again before that is delivered.
	Ahead func() (*envelope.Envelope, *message.Message)
	begun *delivery // of the message that Ahead gave
	apart bool      // a connection broke with an envelope on it that had gone ahead: none does any more

	// Welcome, if not nil, is called when a server has taken MAIL: the way leads
	// somewhere, however long this message takes.
	Welcome func()
}

// Carrier is a new one, not connected yet.
func (r *Relay) Carrier() *Carrier { return &Carrier{Relay: r} }

// Trouble is why no smarthost can be used any more, nil while there is one. All
// that a carrier in trouble delivers is deferred with this outcome.
func (c *Carrier) Trouble() *envelope.Outcome {
	if c.next < len(c.Smarthosts) {
		return nil
	}
	return c.trouble
}

// Deliver is Relay.Deliver over the connection of c. last says that no message
// follows, so that QUIT can travel with this one.
func (c *Carrier) Deliver(ctx context.Context, env *envelope.Envelope, msg *message.Message, last bool) Attempt {
	began := time.Now()
	d := c.delivery(env, msg)
	d.last = last
	d.run(ctx)
	c.letGo()
	d.attempt.Server = d.server
	d.attempt.Took = time.Since(began)
	return d.attempt
}

// Close ends the connections with QUIT.
func (c *Carrier) Close() {
	c.disconnect()
	if c.beyond != nil {
		c.beyond.disconnect()
	}
	for _, o := range c.others {
		o.disconnect()
	}
}

func (c *Carrier) disconnect() {
	if c.conn != nil {
		c.conn.Close()
		c.conn, c.served, c.domains = nil, false, domainLimit{}
	}
}

// connect makes sure that there is a connection, going on in the list where the
// last one failed. false: nobody is left; c.trouble says why.
func (c *Carrier) connect(ctx context.Context) bool {
	if len(c.Smarthosts) == 0 {
		c.passOver(fromError(errNoSmarthost))
		return false
	}
	if c.conn != nil && c.conn.Usable() {
		return true
	}
	c.disconnect()
	for ; c.next < len(c.Smarthosts); c.giveUp() {
		s := c.Smarthosts[c.next]
		if s.Scheme == route.MX && !c.lane.own {
			return false // a lane for each domain leads on from here
		}
		c.server = c.called(s)
		if c.endpoints == nil && !c.resolve(ctx, s) {
			continue
		}
		if c.isTooWeak(s) {
			c.passOver(tooWeak(c.server))
			continue
		}
		conn, err := smtp.Connect(ctx, c.endpoints[0], c.optionsFor(s))
		if s.Scheme == route.MX && c.endpoints[0].Security == smtp.Opportunistic && inHandshake(err) {
			// RFC 7435 section 3: no TLS that works is no TLS
			c.endpoints[0].Security = smtp.Never
			conn, err = smtp.Connect(ctx, c.endpoints[0], c.optionsFor(s))
		}
		if err != nil {
			c.passOver(c.unconnected(s, err))
			continue
		}
		if c.conn = conn; !c.shuns() {
			return true
		}
		c.passOver(barred("redirected to an address at "+strconv.Quote(c.lane.domain), conn.Name(), conn.Name()+" is the new one's too"))
	}
	return false
}

var errNoSmarthost = errors.New("no smarthost is configured")

// giveUp leaves the current endpoint for good, and with its last one the
// smarthost.
func (c *Carrier) giveUp() {
	c.disconnect()
	if len(c.endpoints) > 1 {
		c.endpoints = c.endpoints[1:]
	} else {
		c.endpoints = nil
		c.next++
	}
	c.learnt = time.Now()
	c.plainly, c.apart, c.most = false, false, 0
}

// hasMore tells whether there is another endpoint behind the current one.
func (c *Carrier) hasMore() bool {
	return len(c.endpoints) > 1 || c.next+1 < len(c.Smarthosts)
}

// passOver keeps the most telling trouble: of several smarthosts that failed,
// the one that refused the login says more than the one that is down, and one
// that may come back more than one that cannot be used at all. Where it is we who
// broke off, none of them has failed.
func (c *Carrier) passOver(o envelope.Outcome) {
	if o.Cause == envelope.CauseStopped {
		c.trouble = &o
		return
	}
	if c.Observer.Note != nil && c.hasMore() {
		c.Observer.Note(c.server + " passed over: " + o.Text())
	}
	if c.Observer.PassedOver != nil && c.hasMore() {
		c.Observer.PassedOver(c.server, o)
	}
	c.trouble = telling(c.trouble, o)
}

// telling is the trouble that says more: t, nil for none, or what came behind it.
func telling(t *envelope.Outcome, o envelope.Outcome) *envelope.Outcome {
	if t == nil || t.State == envelope.Failed && o.State == envelope.Deferred || o.Cause == envelope.CauseLogin && t.Cause != envelope.CauseLogin {
		return &o
	}
	return t
}
