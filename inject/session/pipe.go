package session

import (
	"bytes"
	"io"
)

// pipeReader reads the client of a session on standard input. Programs there
// speak with CR LF as SMTP wants it; people at a terminal, and scripts, end their
// lines as the system does. The first line settles it: when it ends in LF alone,
// every LF that follows is a line end and comes out as CR LF. Otherwise nothing
// is changed, and a bare LF is what it is to SMTP. As nobody but the client
// writes the first line, no text can change what ends it.
//
// Where it puts in octets nobody can count those of a chunk, so a session takes
// none then: a chunk that seems to end too early would be followed by commands.
type pipeReader struct {
	r       io.Reader
	settled bool
	unix    bool   // lines end in LF
	cr      bool   // the octet before was a CR
	rest    []byte // converted, not given out yet
}

// Read is io.Reader.
func (u *pipeReader) Read(p []byte) (int, error) {
	if len(u.rest) > 0 {
		n := copy(p, u.rest)
		u.rest = u.rest[n:]
		return n, nil
	}
	n, err := u.r.Read(p)
	if u.settled && !u.unix {
		return n, err
	}
	out := u.convert(p[:n])
	n = copy(p, out)
	if u.rest = out[n:]; len(u.rest) > 0 {
		err = nil // it comes again behind the rest
	}
	return n, err
}

// convert puts a CR in front of each LF that has none, once it is known that LF
// ends the lines.
func (u *pipeReader) convert(p []byte) []byte {
	if i := bytes.IndexByte(p, '\n'); i >= 0 && !u.settled {
		u.settled = true
		u.unix = !(i > 0 && p[i-1] == '\r' || i == 0 && u.cr)
	}
	if !u.unix {
		u.cr = bytes.HasSuffix(p, []byte("\r"))
		return p
	}
	out := make([]byte, 0, len(p)+len(p)/16+2)
	for _, c := range p {
		if c == '\n' && !u.cr {
			out = append(out, '\r')
		}
		out = append(out, c)
		u.cr = c == '\r'
	}
	return out
}
