package session

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"time"

	"mailchute/relay/reply"
	"mailchute/relay/xqueue"
)

// session is the state of one connection.
type session struct {
	Options
	ctx context.Context
	r   *bufio.Reader
	w   *bufio.Writer
	sum Summary

	pipe *pipeReader // of a client that may end its lines in LF; nil: CR LF it is

	hello    string
	extended bool
	mail     *Mail      // the transaction; nil: none
	octets   int        // of the commands of the transaction
	chunks   *collector // of BDAT; nil: none came
	binary   bool       // the transaction has BODY=BINARYMIME
	held     int        // octets of Room, for the transaction
	over     bool       // the client is to be left after the reply
}

// input writes out what waits in w whenever more has to be read: replies to
// commands that were sent ahead go out together, and none is kept back while the
// client waits for it (RFC 2920 section 3.2).
type input struct {
	r io.Reader
	w *bufio.Writer
}

func (i input) Read(p []byte) (int, error) {
	if err := i.w.Flush(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

func newSession(ctx context.Context, rw io.ReadWriter, o Options) *session {
	if o.Now == nil {
		o.Now = time.Now
	}
	setDefault(&o.Limits.Header, defaultHeader)
	setDefault(&o.Limits.Memory, defaultMemory)
	setDefault(&o.Limits.Recipients, defaultRecipients)
	setDefault(&o.Limits.Errors, defaultErrors)
	s := &session{Options: o, ctx: ctx, w: bufio.NewWriterSize(rw, 1<<10)}
	in := io.Reader(input{rw, s.w})
	if o.Pipe {
		s.pipe = &pipeReader{r: in}
		in = s.pipe
	}
	s.r = bufio.NewReaderSize(in, 4<<10)
	return s
}

// counts tells whether octets arrive as the client has counted them, so that it may
// send chunks.
func (s *session) counts() bool { return s.pipe == nil || !s.pipe.unix }

func setDefault(n *int, to int) {
	if *n == 0 {
		*n = to
	}
}

// run greets, and answers each command as it comes.
func (s *session) run() error {
	defer s.reset()
	writeReply(s.w, reply.Reply{Code: 220, Lines: []string{s.Name + " ESMTP mailchute"}})
	for !s.over {
		if s.ctx.Err() != nil {
			s.leave(Shutdown, say(421, 4, 3, 2, s.Name+" is shutting down"))
			break
		}
		line, err := readLine(s.r)
		if err != nil && err != errBareLF && err != errTooLong {
			return s.lost(err)
		}
		s.sum.Commands++
		answer, err := s.answer(line, err)
		if err != nil {
			return s.lost(err)
		}
		writeReply(s.w, answer)
	}
	if s.sum.End == "" {
		s.sum.End = Dismissed
	}
	return s.w.Flush()
}

// leave ends the session with a last reply.
func (s *session) leave(end string, r reply.Reply) {
	s.over, s.sum.End = true, end
	writeReply(s.w, r)
}

// lost is the end of a session that the client did not end with QUIT.
func (s *session) lost(err error) error {
	s.sum.Unfinished = s.mail != nil
	s.sum.End = Lost
	switch {
	case s.ctx.Err() != nil:
		s.leave(Shutdown, say(421, 4, 3, 2, s.Name+" is shutting down"))
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.leave(Timeout, say(421, 4, 4, 2, s.Name+" has waited too long")) // RFC 5321 section 4.5.3.2.7
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.sum.End = Closed
	}
	if e := s.w.Flush(); (err == io.EOF || err == io.ErrUnexpectedEOF) && !s.sum.Unfinished {
		return e // a line without an end is no command
	}
	return err
}

// answer is the reply to a line. The error is one of the connection.
func (s *session) answer(line []byte, err error) (reply.Reply, error) {
	if err == errBareLF {
		s.over = true
		return say(521, 5, 5, 2, "a command ends in CR LF, not in LF alone"), nil
	}
	bad := no(500, 5, 5, 2, "the line is too long")
	var c command
	if err == nil {
		c, bad = parseCommand(line)
	}
	if bad != nil && isChunk(line) {
		s.over = true
		return say(521, 5, 5, 4, "want BDAT size, maybe with LAST"), nil
	}
	if bad != nil {
		return s.strange(*bad), nil
	}
	switch c.verb {
	case "DATA":
		return s.data(c.arg)
	case "BDAT":
		return s.chunk(c.arg)
	case xqueue.Keyword:
		if s.XQueue != nil {
			return s.queue(c.arg)
		}
	}
	return s.obey(c), nil
}

// obey does what a command says that nothing follows.
func (s *session) obey(c command) reply.Reply {
	switch c.verb {
	case "EHLO", "HELO":
		return s.greet(c)
	case "MAIL":
		return s.from(c.arg)
	case "RCPT":
		return s.to(c.arg)
	case "RSET":
		if c.arg != "" {
			return s.wrong(say(501, 5, 5, 4, "RSET stands alone"))
		}
		s.reset()
		return say(250, 2, 0, 0, "forgotten")
	case "NOOP":
		return say(250, 2, 0, 0, "OK")
	case "VRFY":
		if c.arg == "" {
			return s.wrong(say(501, 5, 5, 4, "VRFY who?"))
		}
		return say(252, 2, 5, 0, "cannot tell, but will take the message") // RFC 5321 section 7.3
	case "HELP":
		return say(214, 2, 0, 0, "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT", "RFC 5321, and sendmail(8) on this machine")
	case "QUIT":
		s.over, s.sum.End = true, Quit
		return say(221, 2, 0, 0, s.Name+" bye")
	case "EXPN", "AUTH", "STARTTLS", "TURN", "ETRN":
		return s.wrong(say(502, 5, 5, 1, c.verb+" is not offered here"))
	}
	return s.strange(say(500, 5, 5, 1, "not a command"))
}

// strange answers what is no SMTP at all.
func (s *session) strange(r reply.Reply) reply.Reply {
	if s.Wary && s.sum.Commands == 1 {
		s.over = true
		return say(521, 5, 7, 0, "this is SMTP")
	}
	return s.wrong(r)
}

// wrong counts what is no SMTP. Who goes on with it gets 421 for an answer:
// RFC 5321 section 3.8 allows it at any moment.
func (s *session) wrong(r reply.Reply) reply.Reply {
	s.sum.Errors++
	if s.sum.Errors >= s.Limits.Errors {
		s.over = true
		return say(421, 4, 7, 0, "too many errors")
	}
	return r
}

// greet is EHLO and HELO. Both forget a transaction, RFC 5321 section 4.1.4. The
// name is not judged: it proves nothing.
func (s *session) greet(c command) reply.Reply {
	if c.arg == "" {
		return s.wrong(say(501, 5, 5, 4, c.verb+" who?"))
	}
	s.reset()
	s.hello, s.extended = c.arg, c.verb == "EHLO"
	if s.extended {
		return offers(s.Options, s.counts(), s.Now())
	}
	return reply.Reply{Code: 250, Lines: []string{s.Name}}
}

// reset forgets the transaction, RFC 5321 section 4.1.1.5.
func (s *session) reset() {
	if s.chunks != nil {
		s.chunks.drop()
	}
	s.mail, s.chunks, s.octets = nil, nil, 0
	s.release()
}
