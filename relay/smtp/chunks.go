package smtp

import (
	"errors"
	"strconv"

	"mailchute/relay/reply"
)

const (
	chunkSize = 2*blockSize - 64 // with its BDAT line no more than the wire keeps
	chunksDue = 8                // chunks sent ahead of their replies, with PIPELINING
)

// errRefused stops a Content whose rest nobody wants.
var errRefused = errors.New("the server refused a chunk")

// chunks sends content of unknown size: BDAT after BDAT, and LAST when it has
// come to its end (RFC 3030 section 2).
type chunks struct {
	s       *sending
	buf     []byte
	due     int
	refusal *reply.Reply
	failed  *Error
}

func (s *sending) sendChunks() *Error {
	s.traceContent(-1)
	c := &chunks{s: s, buf: make([]byte, 0, chunkSize)}
	_, err := s.t.Content.WriteTo(c)
	switch {
	case c.failed != nil:
		return c.failed
	case s.wire.failed != nil:
		return s.interrupted()
	case c.refusal == nil && err != nil:
		return s.broken(err)
	case c.refusal == nil:
		c.say(" LAST")
		s.due = append(s.due, stepFinal)
		s.follow()
		s.wire.flush()
	}
	return c.settle()
}

func (c *chunks) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if len(c.buf) == cap(c.buf) {
			if err := c.send(); err != nil {
				return 0, err
			}
		}
		fill := min(len(p), cap(c.buf)-len(c.buf))
		c.buf = append(c.buf, p[:fill]...)
		p = p[fill:]
	}
	return n, nil
}

func (c *chunks) say(last string) {
	c.s.put("BDAT ", strconv.Itoa(len(c.buf)), last)
	c.s.wire.out = append(c.s.wire.out, c.buf...)
	c.buf = c.buf[:0]
}

// send sends the chunk, and reads replies until few enough are due.
func (c *chunks) send() error {
	c.say("")
	c.s.due = append(c.s.due, stepBDAT)
	c.due++
	c.s.wire.flush()
	most := 0
	if c.s.pipelining() {
		most = chunksDue
	}
	for c.due > most {
		if err := c.hear(); err != nil {
			return err
		}
	}
	if c.s.wire.failed != nil {
		return c.s.wire.failed
	}
	return nil
}

// hear reads the reply to one chunk.
func (c *chunks) hear() error {
	r, err := c.s.hear()
	if err != nil {
		c.failed = err
		return err
	}
	c.due--
	if r.Class() != reply.Success && c.refusal == nil {
		c.refusal = r
	}
	if c.refusal != nil {
		return errRefused
	}
	return nil
}

// settle reads the replies that are still due. The first refusal is the word on
// the message, whatever comes behind it.
func (c *chunks) settle() *Error {
	complete := c.refusal == nil
	for c.due > 0 {
		if _ = c.hear(); c.failed != nil {
			return c.failed
		}
	}
	if complete {
		r, err := c.s.hear()
		switch {
		case err != nil && c.refusal == nil:
			return err
		case c.refusal == nil && r.Class() != reply.Success:
			c.refusal = r
		case c.refusal == nil:
			c.s.conclude(r)
			return nil
		}
	}
	c.s.conclude(c.refusal)
	return nil
}
