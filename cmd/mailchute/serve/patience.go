package serve

import (
	"context"
	"net"
	"os"
	"time"
)

// idleTime is how long a client may take for a command, RFC 5321 section 4.5.3.2.7.
const idleTime = 5 * time.Minute

// enough is the octets that give a client new time before a command is complete: in
// a text, or in commands that are sent ahead. Who sends an octet now and then does
// not hold a session for ever.
const enough = 512

// patient bounds how long a client may take to send or to take what is next. When
// the server ends, so does its patience.
type patient struct {
	net.Conn
	ctx     context.Context
	waiting bool // time runs since an answer, or since there was enough
	got     int  // octets in that time
}

// Read is io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	if !p.waiting {
		if err := p.SetReadDeadline(time.Now().Add(idleTime)); err != nil {
			return 0, err
		}
		p.waiting, p.got = true, 0
	}
	if p.ctx.Err() != nil { // whoever ends ctx later sets the deadline later
		return 0, os.ErrDeadlineExceeded
	}
	n, err := p.Conn.Read(b)
	p.got += n
	p.waiting = p.got < enough
	return n, err
}

// Write is io.Writer.
func (p *patient) Write(b []byte) (int, error) {
	p.waiting = false
	limit := idleTime
	if p.ctx.Err() != nil {
		limit = time.Second
	}
	if err := p.SetWriteDeadline(time.Now().Add(limit)); err != nil {
		return 0, err
	}
	return p.Conn.Write(b)
}
