// Package relay brings a message to where its envelope says: it picks the way,
// sends by one engine, gives every recipient its outcome and follows redirects.
//
// Who suffers from what:
//
//   - Trouble with the way (a name that does not resolve, a refused connection,
//     TLS, a certificate, the greeting, 421, a lost connection, a refused login)
//     is never the message's fault. The next smarthost is tried; when there is
//     none left, every recipient that is still open is deferred.
//   - A reply to MAIL, to DATA or to the text speaks for all recipients of the
//     transaction: 4yz defers them, 5yz fails them.
//   - A reply to RCPT speaks for that recipient alone; the others go on.
//     452 behind accepted ones means "no more in this transaction" and costs
//     nobody anything: the rest goes in the next one (RFC 5321 section
//     4.5.3.1.10).
//   - 557 and 558 give a recipient a new address, and it is open again.
//   - A server that breaks the protocol has not accepted anything: deferred.
//   - A message that cannot go to this server as it is (8-bit under a signature,
//     too large, an address that needs SMTPUTF8) fails with words of our own.
package relay

import (
	"context"
	"errors"
	"time"

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
	SMTP       smtp.Options
	Redirect   redirect.Policy
	Memory     *redirect.Memory // what 557 taught; nil: nothing is remembered
	Observer   Observer
}

// Observer is told what happens on the way. Functions may be nil.
type Observer struct {
	// Redirected is called when r has been sent on; the last hop of its trail is
	// the news.
	Redirected func(r *envelope.Recipient, server string)
	// Note is called with what a log should hold: a smarthost passed over, a wish
	// dropped.
	Note func(text string)
}

// Attempt is what can be told of a delivery besides the outcomes.
type Attempt struct {
	Server string // the smarthost used last
	TLS    string // "TLS1.3", or "" without TLS
	Took   time.Duration

	// ReportsSuccess: the server offers DSN, so that NOTIFY=SUCCESS is its to
	// answer (RFC 3461 section 5.2.1).
	ReportsSuccess bool
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
	conn    *smtp.Conn        // nil: none open
	next    int               // the smarthost in use, or to be tried next
	server  string            // the smarthost used last
	served  bool              // conn has carried a transaction to its end
	plainly bool              // the smarthost breaks when pipelined
	most    int               // recipients that it takes in a transaction; 0: unknown
	trouble *envelope.Outcome // the most telling reason why smarthosts were given up
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
	d := &delivery{Carrier: c, env: env, msg: msg, last: last}
	began := time.Now()
	d.run(ctx)
	d.attempt.Server = c.server
	d.attempt.Took = time.Since(began)
	return d.attempt
}

// Close ends the connection with QUIT.
func (c *Carrier) Close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn, c.served = nil, false
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
	c.Close()
	for ; c.next < len(c.Smarthosts); c.giveUp() {
		s := c.Smarthosts[c.next]
		c.server = s.String()
		endpoint, ok := s.Endpoint()
		if !ok {
			c.passOver(unsupported(s))
			continue
		}
		options := c.SMTP
		options.NoPipelining = options.NoPipelining || c.plainly
		conn, err := smtp.Connect(ctx, endpoint, options)
		if err == nil {
			c.conn = conn
			return true
		}
		c.passOver(fromError(err))
	}
	return false
}

var errNoSmarthost = errors.New("no smarthost is configured")

// giveUp leaves the current smarthost for good.
func (c *Carrier) giveUp() {
	c.Close()
	c.next++
	c.plainly, c.most = false, 0
}

// passOver keeps the most telling trouble: of several smarthosts that failed,
// the one that refused the login says more than the one that is down, and one
// that may come back more than one that cannot be used at all.
func (c *Carrier) passOver(o envelope.Outcome) {
	if c.Observer.Note != nil && len(c.Smarthosts) > 1 {
		c.Observer.Note(c.server + " passed over: " + o.Text())
	}
	t := c.trouble
	if t == nil || t.State == envelope.Failed && o.State == envelope.Deferred || o.Cause == envelope.CauseLogin && t.Cause != envelope.CauseLogin {
		c.trouble = &o
	}
}

// delivery is one call of Deliver.
type delivery struct {
	*Carrier
	env        *envelope.Envelope
	msg        *message.Message
	last       bool // no message follows on this connection
	attempt    Attempt
	list       worklist
	remarks    map[string]bool           // noted already
	redirected []*envelope.Recipient     // in the transaction that is being settled
	lessons    map[string]redirect.Entry // what a 557 said, by old address
}

func (d *delivery) run(ctx context.Context) {
	d.recall()
	defer d.remember()
	d.list.begin(d.env)
	for {
		if d.list.isEmpty() {
			if !d.forget() {
				return
			}
			d.list.add(d.env.Open()...)
			continue
		}
		if !d.connect(ctx) {
			d.list.rest(*d.trouble)
			return
		}
		d.attempt.TLS, d.attempt.ReportsSuccess = tlsName(d.conn.TLS()), d.conn.Extensions().DSN
		d.transact(ctx, d.batch())
	}
}
