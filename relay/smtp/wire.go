package smtp

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"os"
	"time"
)

const (
	readSize  = 4 << 10   // replies are short
	blockSize = 64 << 10  // content is gathered into writes of this size
	pieceSize = 128 << 10 // the most that goes out under one deadline
)

// wire is both directions of a connection. What is written is gathered in out
// until the flight is whole, and then leaves in one write: the fewest packets,
// and nothing for Nagle's algorithm or delayed acknowledgements to wait for.
//
// A write that fails is remembered, and all later ones do nothing: the server
// may have said why before it went, so the replies are still read.
type wire struct {
	raw    net.Conn // TCP or Unix, or what Options.Dial gave
	conn   net.Conn // raw, or TLS over cork over raw
	cork   *cork    // nil without TLS
	in     *bufio.Reader
	out    []byte
	limit  time.Duration // for writing one piece
	failed error
	aside  chan error // holds the outcome of a flight that is written while replies are read
}

func newWire(conn net.Conn, limit time.Duration) wire {
	return wire{raw: conn, conn: conn, in: bufio.NewReaderSize(conn, readSize), out: make([]byte, 0, 512), limit: limit}
}

// expect gives the server so much time for its next line, unless that line is
// here already.
func (w *wire) expect(wait time.Duration) {
	if w.failed != nil {
		wait = min(wait, time.Second) // only what is already on its way
	}
	here, _ := w.in.Peek(w.in.Buffered())
	if bytes.IndexByte(here, '\n') < 0 {
		_ = w.conn.SetReadDeadline(time.Now().Add(wait))
	}
}

// flush ends the flight.
func (w *wire) flush() {
	w.settle()
	if w.failed == nil && len(w.out) > 0 {
		w.failed = w.put(w.out)
	}
	w.clear()
}

// flushAside ends a flight that is so large that the server may stop to read it
// until its replies are read (RFC 2920 section 3.1): it is written in the
// background.
func (w *wire) flushAside() {
	w.settle()
	if w.failed == nil {
		w.aside = make(chan error, 1)
		go func(done chan<- error, flight []byte) { done <- w.put(flight) }(w.aside, w.out)
		w.out = nil
	}
	w.clear()
}

// settle waits for what flushAside began.
func (w *wire) settle() {
	if w.aside != nil {
		if err := <-w.aside; w.failed == nil {
			w.failed = err
		}
		w.aside = nil
	}
}

func (w *wire) clear() {
	if w.out = w.out[:0]; cap(w.out) > 2*blockSize {
		w.out = nil
	}
}

// put writes p, under a new deadline for each piece.
func (w *wire) put(p []byte) error {
	for len(p) > 0 {
		piece := p[:min(len(p), pieceSize)]
		_ = w.raw.SetWriteDeadline(time.Now().Add(w.limit))
		if _, err := w.conn.Write(piece); err != nil {
			return err
		}
		if w.cork != nil {
			if err := w.cork.flush(); err != nil {
				return err
			}
		}
		p = p[len(piece):]
	}
	return nil
}

// reserve makes room for content of that size, or for a block of it; a size
// below 0 is unknown.
func (w *wire) reserve(size int64) {
	if size < 0 || size > blockSize/2 {
		size = blockSize
	}
	need := min(len(w.out)+int(size)+len(".\r\nQUIT\r\n"), blockSize)
	if need > cap(w.out) {
		w.out = append(make([]byte, 0, need), w.out...)
	}
}

// Write adds content to the flight. Full blocks leave at once.
func (w *wire) Write(p []byte) (int, error) {
	n := len(p)
	for len(w.out)+len(p) > blockSize {
		fill := blockSize - len(w.out)
		if len(w.out) == 0 { // large already: no need for a copy
			fill = len(p)
			w.settle()
			if w.failed == nil {
				w.failed = w.put(p)
			}
		} else {
			w.out = append(w.out, p[:fill]...)
			w.flush()
		}
		p = p[fill:]
		if w.failed != nil {
			return 0, w.failed
		}
	}
	w.out = append(w.out, p...)
	return n, w.failed
}

// ReadFrom is for io.Copy: it reads straight into the flight. What comes out of
// a file (as *os.File or *io.LimitedReader over one) and goes to bare TCP is
// left to the kernel.
func (w *wire) ReadFrom(r io.Reader) (n int64, err error) {
	if tcp, ok := w.conn.(*net.TCPConn); ok && isFile(r) {
		return w.sendFile(tcp, r)
	}
	for w.failed == nil {
		if len(w.out) == cap(w.out) {
			if len(w.out) >= blockSize {
				w.flush()
			}
			w.reserve(-1)
		}
		k, err := r.Read(w.out[len(w.out):cap(w.out)])
		w.out = w.out[:len(w.out)+k]
		n += int64(k)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, w.failed
}

func isFile(r io.Reader) bool {
	if l, ok := r.(*io.LimitedReader); ok {
		r = l.R
	}
	_, ok := r.(*os.File)
	return ok
}

// sendFile lets the kernel copy the file to the socket, 1 MiB under each
// deadline.
func (w *wire) sendFile(tcp *net.TCPConn, r io.Reader) (n int64, err error) {
	l, ok := r.(*io.LimitedReader)
	if !ok {
		l = &io.LimitedReader{R: r, N: 1 << 62}
	}
	w.flush()
	for w.failed == nil && l.N > 0 {
		part := &io.LimitedReader{R: l.R, N: min(l.N, 1<<20)}
		_ = tcp.SetWriteDeadline(time.Now().Add(w.limit))
		k, err := tcp.ReadFrom(part)
		n, l.N = n+k, l.N-k
		if err != nil {
			w.failed = err
		}
		if k == 0 {
			break
		}
	}
	return n, w.failed
}

// secure puts TLS over the connection. The reader must be empty.
func (w *wire) secure(top net.Conn, c *cork) {
	w.conn, w.cork = top, c
	w.in.Reset(top)
}
