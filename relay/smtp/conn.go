// Package smtp is the client engine: one connection, many transactions, in as
// few flights as SMTP allows.
//
// A caller connects, looks at the extensions, and sends transactions. The
// engine knows no envelopes and draws no conclusions: it gives back each
// command's own reply, and for what got none an *Error that says how far things
// had come.
//
// What it promises:
//
//   - A flight, all that can be said before a reply has to be waited for, is one
//     write. Over TLS from the start, with PIPELINING and a login by PLAIN or
//     EXTERNAL, one message to any number of recipients takes five: handshake,
//     greeting, EHLO, envelope, content (RFC 2920 section 3.1, RFC 4954 section 4).
//     DATA, where there is no CHUNKING, waits for the login and makes a sixth.
//     In a row of messages each takes one: the next envelope travels with the
//     content before it.
//   - Nothing is pipelined without the offer, no octet of content is sent before a
//     recipient of that message was accepted, and none at all when the login was
//     refused.
//   - Credentials go over verified TLS, a Unix socket or loopback only, and show up
//     in no error, reply or trace.
//   - Whatever the server does, memory and time are bounded, and a message counts
//     as sent only when the server said so.
//
// It speaks RFC 5321 with the extensions of RFC 2920 (PIPELINING), RFC 3030
// (CHUNKING), RFC 3207 (STARTTLS) and RFC 4954 (AUTH); parameters of all other
// extensions are the caller's.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net/netip"
	"strings"
	"sync/atomic"

	"mailchute/relay/reply"
)

// Conn is a connection to one server. It is used by one goroutine at a time.
type Conn struct {
	endpoint Endpoint
	options  Options
	wire     wire
	ctx      context.Context // of the call in progress

	greeting   reply.Reply
	name       string
	extensions Extensions
	tls        *tls.ConnectionState
	verified   bool
	unverified error // why not
	near       bool  // a Unix socket or loopback

	due   []step // where replies are due, in order
	heard int    // how many of due are read
	group int    // how many commands the last flight had

	login    loginState
	hidden   veil
	open     bool     // a transaction is open at the server: RSET comes before the next one
	ahead    *sending // its envelope went with the content before it, and its replies are due
	mails    int      // transactions so far
	leaving  bool     // QUIT was said
	hurrying bool     // nobody wants to hear the reply to QUIT
	dead     *Error

	undecided atomic.Bool // the server may have a message that it has not replied to
}

var errOutOfPlace = errors.New("the server broke the protocol with a reply that does not belong here")

// Connect makes a connection, reads the greeting, says EHLO (HELO where that is
// refused) and does what e says of TLS. Errors are *Error; the connection is
// closed then.
func Connect(ctx context.Context, e Endpoint, o Options) (*Conn, error) {
	o.Timeouts = o.Timeouts.complete()
	c := &Conn{endpoint: e, options: o}
	if err := c.dial(ctx); err != nil {
		return nil, err
	}
	defer c.under(ctx)()
	if err := c.establish(); err != nil {
		c.hurrying = true
		_ = c.Close()
		err.Server = c.server()
		return nil, err
	}
	return c, nil
}

// establish is all from the first octet to the extensions that hold.
func (c *Conn) establish() *Error {
	if c.endpoint.Security == Implicit {
		if err := c.startTLS(); err != nil {
			return err
		}
		if err := c.wire.cork.flush(); err != nil { // the end of the handshake: the server speaks next
			c.wire.failed = err
		}
	}
	c.due = append(c.due, stepGreeting)
	greeting, err := c.hear()
	if err != nil {
		return err
	}
	c.greeting = *greeting
	if greeting.Class() != reply.Success { // RFC 5321 section 3.1
		return &Error{Phase: PhaseGreeting, Reply: greeting}
	}
	if err := c.sayHello(); err != nil {
		return err
	}
	if c.endpoint.Security == StartTLS || c.endpoint.Security == Opportunistic {
		return c.upgrade()
	}
	return nil
}

// sayHello learns the extensions; all that was known before is forgotten
// (RFC 3207 section 4.2).
func (c *Conn) sayHello() *Error {
	name := c.hello()
	if err := checkParameter(name, false); err != nil {
		return &Error{Phase: PhaseHello, Err: err, Local: true}
	}
	c.extensions = Extensions{}
	c.say(stepEHLO, "EHLO ", name)
	c.flush()
	r, err := c.hear()
	if err == nil && r.Class() == reply.Permanent { // RFC 5321 section 3.2
		c.say(stepHELO, "HELO ", name)
		c.flush()
		r, err = c.hear()
	}
	switch {
	case err != nil:
		return err
	case r.Class() != reply.Success:
		return &Error{Phase: PhaseHello, Reply: r}
	}
	if r.Command == "EHLO" {
		c.extensions = parseExtensions(r.Lines, c.tls != nil || c.endpoint.Network == "unix")
	}
	c.name = c.nameIn(r)
	return nil
}

// nameIn is what the server calls itself in its reply to EHLO, else in its greeting.
// Some greet the client by its own name there, where theirs belongs (RFC 5321 section
// 4.1.1.1).
func (c *Conn) nameIn(r *reply.Reply) string {
	name, greeting := firstWord(r), firstWord(&c.greeting)
	if name == "" || greeting != "" && strings.EqualFold(name, c.hello()) {
		return greeting
	}
	return name
}

func firstWord(r *reply.Reply) string {
	if len(r.Lines) == 0 {
		return ""
	}
	word, _, _ := strings.Cut(r.Lines[0], " ")
	return strings.TrimSuffix(word, ",")
}

// upgrade is STARTTLS, RFC 3207 section 4.
func (c *Conn) upgrade() *Error {
	must := c.endpoint.Security == StartTLS
	if !c.extensions.StartTLS {
		if must {
			return &Error{Phase: PhaseTLS, Err: errors.New("the server does not offer STARTTLS")}
		}
		return nil
	}
	c.say(stepSTARTTLS, "STARTTLS")
	c.flush()
	r, err := c.hear()
	switch {
	case err != nil:
		return err
	case r.Class() != reply.Success && must, c.dead != nil:
		return &Error{Phase: PhaseTLS, Reply: r}
	case r.Class() != reply.Success:
		return nil
	}
	// What is here already was not sent by the one who holds the key: somebody
	// put replies in front of those that TLS will bring (CVE-2011-0411).
	if c.wire.in.Buffered() > 0 {
		c.fail(&Error{Phase: PhaseTLS, Protocol: true, Err: errors.New("the server sent text in the clear after its reply to STARTTLS")})
		return c.dead
	}
	if err := c.startTLS(); err != nil {
		return err
	}
	return c.sayHello()
}

// Extensions is what the server offers, after TLS if there is TLS.
func (c *Conn) Extensions() Extensions { return c.extensions }

// TLS is the state of TLS, nil without.
func (c *Conn) TLS() *tls.ConnectionState { return c.tls }

// Trusted tells whether what the server says can be believed and what it is
// told is told to nobody else: verified TLS, a Unix socket, or loopback.
func (c *Conn) Trusted() bool { return c.verified || c.near }

// Peer is the address that was connected to; the zero one on a Unix socket, and
// where only a proxy knows it.
func (c *Conn) Peer() netip.Addr {
	at, _ := netip.ParseAddrPort(c.wire.raw.RemoteAddr().String())
	return at.Addr().Unmap()
}

// Unverified says why the certificate of an Opportunistic connection was not
// verified; nil when it was, and without TLS.
func (c *Conn) Unverified() error { return c.unverified }

// Name is what the server calls itself in its reply to EHLO, else, or where it says
// the client's name there, in its greeting; it may be empty.
func (c *Conn) Name() string { return c.name }

// Greeting is what the server said first.
func (c *Conn) Greeting() reply.Reply { return c.greeting }

// Usable tells whether another transaction can be sent: the connection stands,
// QUIT was not said, and the server's MAILMAX (RFC 9422) is not reached. The
// transaction whose envelope went ahead has been counted already.
func (c *Conn) Usable() bool {
	return c.dead == nil && !c.leaving && (c.ahead != nil || c.mayMail())
}

func (c *Conn) mayMail() bool {
	most := c.extensions.Limits.MailMax
	return most == 0 || c.mails < most
}

// Close says QUIT if that was not said, waits for the reply no longer than two
// seconds, and closes the connection. After a Last transaction it does not wait.
func (c *Conn) Close() error {
	if c.dead != nil {
		return nil // closed when it died
	}
	if c.ahead != nil && !c.ahead.chunked {
		c.abort() // the server waits for a text, and QUIT would be part of it
		return nil
	}
	if !c.leaving { // RFC 5321 section 4.1.1.10
		c.quit()
		c.flush()
		if !c.hurrying && c.ahead == nil {
			_, _ = c.hear()
		}
	}
	c.wire.settle()
	if c.dead != nil {
		return nil
	}
	return c.wire.conn.Close()
}

func (c *Conn) quit() {
	c.say(stepQUIT, "QUIT")
	c.leaving = true
}

// abort closes the connection without a word.
func (c *Conn) abort() {
	_ = c.wire.raw.Close()
	c.wire.settle()
	if c.dead == nil {
		c.dead = &Error{Phase: PhaseConnect, Server: c.server(), Err: errors.New("the connection was given up"), Local: true}
	}
}
