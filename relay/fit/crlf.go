package fit

import (
	"bytes"
	"io"
)

// block is the size of the pieces in which a body is read and written.
const block = 64 << 10

// counter counts what goes out, and remembers the last octet.
type counter struct {
	w    io.Writer
	n    int64
	last byte
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	if n > 0 {
		c.last = p[n-1]
	}
	return n, err
}

// crlf turns all line ends into CRLF: a LF with any CRs in front of it, and each
// CR that no LF follows. A line end may be split between two writes.
type crlf struct {
	w   io.Writer
	end []byte // CRLF
	crs int64  // CRs at the end of what was written, not yet judged
	err error

	room []byte // for the lines of a text without CRs
}

func newCRLF(w io.Writer) *crlf { return &crlf{w: w, end: []byte("\r\n")} }

// Write writes p on with its line ends put right. Lines that end in CRLF already
// go on in one piece.
func (c *crlf) Write(p []byte) (int, error) {
	whole := len(p)
	p = c.judge(p)
	if bytes.IndexByte(p, '\r') < 0 {
		c.unix(p)
		return whole, c.err
	}
	start, at := 0, 0 // p[:start] is written, p[:at] is looked at
	lf, cr := next(p, 0, '\n'), next(p, 0, '\r')
	for c.err == nil && min(lf, cr) < len(p) {
		if at = min(lf, cr); at+1 == lf && lf < len(p) { // CRLF as it should be
			at += 2
			lf, cr = next(p, at, '\n'), next(p, at, '\r')
			continue
		}
		c.put(p[start:at])
		if p[at] == '\n' {
			c.put(c.end)
			at++
		} else {
			rest := c.judge(p[at:])
			at = len(p) - len(rest)
			cr = next(p, at, '\r')
		}
		if lf < at {
			lf = next(p, at, '\n')
		}
		start = at
	}
	c.put(p[start:])
	return whole, c.err
}

// unix writes text in which there is no CR. Its lines are gathered: a text of short
// ones would else cost two writes for each.
func (c *crlf) unix(p []byte) {
	if c.room == nil {
		c.room = make([]byte, 0, min(len(p)+len(p)/16+len(c.end), 4<<10))
	}
	out := c.room
	for end := next(p, 0, '\n'); end < len(p); end = next(p, 0, '\n') {
		if len(out)+end+len(c.end) > cap(out) {
			c.put(out)
			out = c.room
		}
		if end+len(c.end) > cap(out) {
			c.put(p[:end])
			c.put(c.end)
		} else {
			out = append(append(out, p[:end]...), '\r', '\n')
		}
		p = p[end+1:]
	}
	c.put(out)
	c.put(p)
}

// judge counts the CRs at the front of p and, once it sees what follows them,
// writes the line ends that they are. It returns the rest of p.
func (c *crlf) judge(p []byte) []byte {
	for len(p) > 0 && p[0] == '\r' {
		c.crs++
		p = p[1:]
	}
	if c.crs > 0 && len(p) > 0 {
		if p[0] == '\n' {
			c.crs = 1
			p = p[1:]
		}
		c.settle()
	}
	return p
}

// settle writes the CRs that wait as line ends: no LF follows.
func (c *crlf) settle() {
	for ; c.crs > 0; c.crs-- {
		c.put(c.end)
	}
}

func (c *crlf) put(p []byte) {
	if len(p) > 0 && c.err == nil {
		_, c.err = c.w.Write(p)
	}
}

// next is the place of the first b in p from at on, len(p) if there is none.
func next(p []byte, at int, b byte) int {
	if i := bytes.IndexByte(p[at:], b); i >= 0 {
		return at + i
	}
	return len(p)
}
