package smtp

import (
	"context"
	"time"

	"mailchute/relay/cause"
	"mailchute/relay/reply"
)

// A flight is what the client sends before it has to wait: one command, or a
// group of them where the server offers PIPELINING (RFC 2920). say adds a
// command to the flight, flush sends it, and each hear reads the reply to the
// oldest command that has none yet.

// step is a place in the dialogue where a reply is due.
type step uint8

const (
	stepGreeting step = iota
	stepEHLO
	stepHELO
	stepSTARTTLS
	stepAUTH
	stepRSET
	stepMAIL
	stepRCPT
	stepDATA
	stepText  // the message, before all of it was sent
	stepBDAT  // a chunk that is not the last
	stepFinal // the message
	stepQUIT
	stepASK // see Conn.Ask
)

func (s step) phase() Phase {
	switch s {
	case stepGreeting:
		return PhaseGreeting
	case stepEHLO, stepHELO, stepQUIT:
		return PhaseHello
	case stepSTARTTLS:
		return PhaseTLS
	case stepAUTH:
		return PhaseLogin
	case stepRCPT:
		return PhaseRcpt
	case stepDATA:
		return PhaseData
	case stepText, stepBDAT:
		return PhaseContent
	case stepFinal:
		return PhaseFinal
	case stepASK:
		return PhaseAsk
	}
	return PhaseMail
}

// command is the name that goes into the reply.
func (s step) command() string {
	return [...]string{"", "EHLO", "HELO", "STARTTLS", "AUTH", "RSET", "MAIL", "RCPT", "DATA", ".", "BDAT", ".", "QUIT", "ASK"}[s]
}

// takes tells whether a reply of that class belongs here. RFC 5321 section
// 4.3.2: 3yz asks for more where there is more to come, and nowhere else.
func (s step) takes(class reply.Class) bool {
	switch class {
	case reply.Success:
		return s != stepDATA
	case reply.Intermediate:
		return s == stepDATA || s == stepAUTH
	}
	return class == reply.Temporary || class == reply.Permanent
}

func (c *Conn) wait(s step) time.Duration {
	t := &c.options.Timeouts
	switch s {
	case stepGreeting:
		return t.Greeting
	case stepRCPT:
		return t.Rcpt
	case stepDATA:
		return t.Data
	case stepText, stepBDAT, stepFinal:
		return t.Final
	case stepQUIT:
		return min(t.Mail, 2*time.Second)
	}
	return t.Mail
}

// say adds one command to the flight, made of parts.
func (c *Conn) say(s step, parts ...string) {
	c.put(parts...)
	c.due = append(c.due, s)
}

// put adds a line to the flight to which no reply is due yet.
func (c *Conn) put(parts ...string) {
	start := len(c.wire.out)
	for _, p := range parts {
		c.wire.out = append(c.wire.out, p...)
	}
	if c.options.Trace != nil {
		c.trace("C: " + string(c.wire.out[start:]))
	}
	c.wire.out = append(c.wire.out, '\r', '\n')
}

// largeGroup is more than any server's buffers hold of replies that are not
// read, RFC 2920 section 3.1.
const largeGroup = 16 << 10

// flush sends the commands that were said.
func (c *Conn) flush() {
	c.group = len(c.due) - c.heard
	if len(c.wire.out) > largeGroup {
		c.wire.flushAside()
		return
	}
	c.wire.flush()
}

// hear reads the next reply. After an error, and after a 421, the connection is
// closed and every further hear gives the same error.
func (c *Conn) hear() (*reply.Reply, *Error) {
	if c.dead != nil {
		return nil, c.dead
	}
	s := c.due[c.heard]
	if c.heard++; c.heard == len(c.due) {
		c.due, c.heard = c.due[:0], 0
	}
	wait := c.wait(s)
	c.wire.expect(wait)
	r, err := reply.Read(c.wire.in, s.command())
	if err != nil {
		return nil, c.silence(s, wait, err)
	}
	c.hide(&r)
	c.traceReply(s, &r)
	switch {
	case !s.takes(r.Class()):
		c.fail(&Error{Phase: s.phase(), Reply: &r, Err: errOutOfPlace, Protocol: true, Pipelined: c.inGroup(s)})
		return nil, c.dead
	case r.Code == 421: // RFC 5321 section 3.8: it may come at any moment, and the server closes
		c.fail(&Error{Phase: s.phase(), Reply: &r})
	}
	return &r, nil
}

// silence is the end of a connection on which no reply, or none that is one, came.
func (c *Conn) silence(s step, wait time.Duration, err error) *Error {
	e := &Error{Phase: s.phase(), Pipelined: c.inGroup(s)}
	broken, malformed := err == reply.ErrTooLong, false
	if m, ok := err.(*reply.MalformedError); ok {
		m.Text, malformed = c.hidden.in(m.Text), true
		c.trace("S: " + m.Text)
	}
	switch {
	case broken, malformed:
		e.Err, e.Protocol = err, true
	case isTimeout(err) && c.wire.failed == nil:
		e.Err, e.Timeout = lateError{wait}, true
	case c.wire.failed != nil:
		e.Err, e.Timeout = cause.Of(c.wire.failed), isTimeout(c.wire.failed)
	default:
		e.Err = cause.Of(err)
	}
	c.fail(e)
	return c.dead
}

// inGroup tells whether s was one command of several, before any content: then
// pipelining itself may be what broke the server.
func (c *Conn) inGroup(s step) bool { return c.group > 1 && s >= stepAUTH && s <= stepDATA }

// fail gives the connection up for e.
func (c *Conn) fail(e *Error) {
	if c.dead == nil {
		e.Server = c.server()
		if c.ctx != nil && c.ctx.Err() != nil {
			e.Err, e.Timeout, e.Pipelined = c.ctx.Err(), isTimeout(c.ctx.Err()), false
		}
		c.dead = e
	}
	_ = c.wire.raw.Close()
	c.wire.settle()
}

// lastWord is how long a server has to say what became of a message, once the
// caller has given up.
const lastWord = 3 * time.Second

// under binds what follows to ctx: when it is done, the connection is closed, and
// lastWord later in the middle of a content. The function that it gives ends that.
func (c *Conn) under(ctx context.Context) (done func()) {
	c.ctx = ctx
	if ctx.Done() == nil {
		return func() {}
	}
	raw, over := c.wire.raw, make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		if c.undecided.Load() {
			select {
			case <-time.After(lastWord):
			case <-over:
			}
		}
		_ = raw.Close()
	})
	return func() { stop(); close(over) }
}
