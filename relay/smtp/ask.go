package smtp

import (
	"context"
	"errors"

	"mailchute/relay/reply"
)

// maxQuestion is the longest command of Ask with its CRLF: what servers with
// extensions take.
const maxQuestion = 2048

// Ask says one command that is no part of a transaction, verb and arguments, and
// gives back the reply. The lines of a success, but for the last, are handed to
// each as they come, and are not kept: there may be any number of them. When each
// gives an error, the connection is given up, and that is the error. Any other
// error is an *Error; a refusal is none.
func (c *Conn) Ask(ctx context.Context, command string, each func(text string) error) (*reply.Reply, error) {
	defer c.under(ctx)()
	if err := checkOctets(command, false); err != nil || len(command)+len("\r\n") > maxQuestion {
		if err == nil {
			err = errTooLong
		}
		return nil, &Error{Phase: PhaseAsk, Server: c.server(), Err: err, Local: true}
	}
	if err := c.takeBack(); err != nil {
		return nil, err
	}
	if c.dead != nil {
		return nil, c.dead
	}
	c.put(command)
	c.wire.flush()
	r, err := c.listen(each)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// listen reads the reply to a question. Each of its lines has the time of a reply.
func (c *Conn) listen(each func(text string) error) (*reply.Reply, error) {
	var enough error
	wait := c.wait(stepASK)
	c.wire.expect(wait)
	r, err := reply.Stream(c.wire.in, stepASK.command(), func(text string) error {
		c.trace("S: 250-" + text)
		if enough = each(text); enough == nil {
			c.wire.expect(wait)
		}
		return enough
	})
	switch {
	case err != nil && errors.Is(err, enough):
		c.abort()
		return nil, enough
	case err != nil:
		return nil, c.silence(stepASK, wait, err)
	}
	c.traceReply(stepASK, &r)
	if !stepASK.takes(r.Class()) {
		c.fail(&Error{Phase: PhaseAsk, Reply: &r, Err: errOutOfPlace, Protocol: true})
		return nil, c.dead
	}
	if r.Code == 421 {
		c.fail(&Error{Phase: PhaseAsk, Reply: &r})
		return nil, c.dead
	}
	return &r, nil
}
