// Package relay brings a message to where its envelope says: it picks the way,
// sends by one engine, gives every recipient its outcome and follows redirects.
//
// Who suffers from what:
//
//   - Trouble with the way (a name that does not resolve, a refused connection,
//     TLS, a certificate, the greeting, 421, a lost connection, a refused login)
//     is never the message's fault. The next smarthost is tried; when there is
//     none left, every recipient that is still open is deferred.
//   - A domain's own servers, with no smarthost between, speak for the domain: one
//     that does not exist, takes no mail or greets with 554 fails its recipients.
//   - A reply to MAIL, to DATA or to the text speaks for all recipients of the
//     transaction: 4yz defers them, 5yz fails them.
//   - A reply to RCPT speaks for that recipient alone; the others go on.
//     452 behind accepted ones means "no more in this transaction" and costs
//     nobody anything: the rest goes in the next one (RFC 5321 section
//     4.5.3.1.10).
//   - 557 and 558 give a recipient a new address, and it is open again.
//   - A server that breaks the protocol has not accepted anything: deferred.
//   - A server that does not keep REQUIRETLS is passed over by a message that asks
//     for it, and by no other one.
//   - A message that cannot go to this server as it is (8-bit under a signature,
//     too large, an address that needs SMTPUTF8) fails with words of our own.
package relay

import (
	"context"
	"errors"
	"strconv"
	"time"

	"mailchute/relay/dkim"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// Relay is one account's way out. It may be used many times, but not by two at
// once.
type Relay struct {
	Account    string
	Smarthosts []route.Smarthost // tried in order
	Resolver   *route.Resolver   // finds the servers behind srv: and mx:, and of domains that a redirect leads to; nil is the zero one
	SMTP       smtp.Options
	Redirect   redirect.Policy
	Memory     *redirect.Memory // what 557 taught; nil: nothing is remembered
	Signer     *dkim.Signer     // nil: nothing is signed
	Observer   Observer
}

// Observer is told what happens on the way. Functions may be nil.
type Observer struct {
	// Redirected is called when r, a recipient of env, has been sent on; the last hop of
	// its trail is the news.
	Redirected func(env *envelope.Envelope, r *envelope.Recipient, server string)
	// PassedOver is called when a smarthost is given up for the next in the list.
	PassedOver func(server string, why envelope.Outcome)
	// Note is called with what a log should hold: a smarthost passed over, a wish
	// dropped.
	Note func(text string)
	// Sent is called as the content of a message goes out, with the octets so far
	// and their number in all, -1 where nobody knows it. It must be quick.
	Sent func(n, of int64)
}

// Attempt is what can be told of a delivery besides the outcomes.
type Attempt struct {
	Server string // the smarthost used last
	TLS    string // "TLS1.3", or "" without TLS
	Took   time.Duration
}

// Deliver sends msg to every open recipient of env and leaves each with an
// outcome: none is pending when it returns. It does not retry what is deferred.
func (r *Relay) Deliver(ctx context.Context, env *envelope.Envelope, msg *message.Message) Attempt {
	c := r.Carrier()
	defer c.Close()
	return c.Deliver(ctx, env, msg, true)
}

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
