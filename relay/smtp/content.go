package smtp

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"mailchute/relay/cause"
	"mailchute/relay/reply"
)

// Errors of a Content that is not what it said. The connection is given up then:
// what the server has got is not the message.
var (
	errLonger  = errors.New("the content is longer than its size")
	errShorter = errors.New("the content is shorter than its size")
)

// sendData sends the content after a 354: text, dot and QUIT in one flight.
func (s *sending) sendData() *Error {
	size := s.t.Content.Size()
	s.traceContent(size)
	s.wire.reserve(size)
	d := newDots(&s.wire)
	if sent, err := s.write(d); err != nil || !sent {
		return err
	}
	_ = d.end() // what goes wrong here shows in the reply that is missing
	s.trace("C: .")
	return s.finish()
}

// sendChunked sends the content by BDAT, RFC 3030 section 2: as one chunk when
// its size is known.
func (s *sending) sendChunked() *Error {
	size := s.t.Content.Size()
	if size < 0 {
		return s.sendChunks()
	}
	s.put("BDAT ", strconv.FormatInt(size, 10), " LAST")
	s.traceContent(size)
	s.wire.reserve(size)
	e := &exact{w: &s.wire, left: size}
	if sent, err := s.write(e); err != nil || !sent {
		return err
	}
	if e.left > 0 {
		return s.broken(errShorter)
	}
	return s.finish()
}

// finish ends the content's flight and hears what became of the message.
func (s *sending) finish() *Error {
	s.due = append(s.due, stepFinal)
	s.follow()
	s.wire.flush()
	r, err := s.hear()
	if err != nil {
		return err
	}
	s.conclude(r)
	return nil
}

// conclude takes r for the word on the message. The end of DATA ends the
// transaction (RFC 5321 section 4.1.1.4); after a BDAT that failed its state is
// not known (RFC 3030 section 2), and RSET comes first. Where an envelope has
// gone ahead behind BDAT that RSET is on its way.
func (s *sending) conclude(r *reply.Reply) {
	s.result.Final = r
	s.open = s.chunked && (s.ahead != nil || r.Class() != reply.Success)
}

// write has the content written to w. Where it could not be sent to its end,
// sent is false; the server's word on that is the final one then, if there is a
// word.
func (s *sending) write(w io.Writer) (sent bool, failed *Error) {
	_, err := s.t.Content.WriteTo(w)
	switch {
	case s.wire.failed != nil:
		return false, s.interrupted()
	case err != nil:
		return false, s.broken(err)
	}
	return true, nil
}

// broken is trouble on this side. There is no way to take back a message that
// is half sent but to close the connection.
func (s *sending) broken(err error) *Error {
	s.fail(&Error{Phase: PhaseContent, Err: err, Local: true})
	return s.dead
}

// interrupted finds out why the connection broke in the middle of the content:
// a server may refuse a message before its end, and close.
func (s *sending) interrupted() *Error {
	if s.heard == len(s.due) {
		s.due = append(s.due, stepText)
	}
	for s.heard < len(s.due) {
		r, err := s.hear()
		if err != nil {
			return err
		}
		if r.Class() != reply.Success {
			s.result.Final = r
			s.fail(&Error{Phase: PhaseContent, Reply: r})
			return nil
		}
	}
	s.fail(&Error{Phase: PhaseContent, Err: cause.Of(s.wire.failed), Timeout: isTimeout(s.wire.failed)})
	return s.dead
}

func (c *Conn) traceContent(size int64) {
	if c.options.Trace == nil {
		return
	}
	if size < 0 {
		c.trace("C: [content]")
		return
	}
	c.trace(fmt.Sprintf("C: [content, %d octets]", size))
}

// exact is a writer for a chunk of a size that was announced: not one octet
// more gets through, it would be read as a command.
type exact struct {
	w    *wire
	left int64
}

func (e *exact) Write(p []byte) (int, error) {
	if int64(len(p)) > e.left {
		return 0, errLonger
	}
	n, err := e.w.Write(p)
	e.left -= int64(n)
	return n, err
}

// ReadFrom lets io.Copy read straight into the flight, or leave a file to the
// kernel.
func (e *exact) ReadFrom(r io.Reader) (int64, error) {
	most := &io.LimitedReader{R: r, N: e.left}
	outer, limited := r.(*io.LimitedReader)
	if limited { // the kernel's way to copy sees through one of them, not two
		most.R, most.N = outer.R, min(outer.N, e.left)
	}
	n, err := e.w.ReadFrom(most)
	if e.left -= n; limited {
		outer.N -= n
	}
	if err == nil && e.left == 0 {
		if more, _ := r.Read(make([]byte, 1)); more > 0 {
			return n, errLonger
		}
	}
	return n, err
}
