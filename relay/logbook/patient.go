package logbook

import (
	"errors"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a record may wait for a log that does not take it, and
// impatience how long the next ones may: whoever reads there has stopped.
const (
	patience   = 100 * time.Millisecond
	impatience = time.Millisecond
)

// stall is what is known of a log that may not take what it is given.
type stall struct {
	stalled bool // it did not take the last line in time
	torn    bool // nor all of it
}

// until is when a line that is written now is given up.
func (s *stall) until() time.Time {
	if s.stalled {
		return time.Now().Add(impatience)
	}
	return time.Now().Add(patience)
}

// begin is line, behind the end of one that was torn off.
func (s *stall) begin(line []byte) []byte {
	if s.torn {
		return append([]byte{'\n'}, line...)
	}
	return line
}

// ended takes what became of a line of which n octets of size went out.
func (s *stall) ended(n, size int, err error) {
	s.stalled = errors.Is(err, os.ErrDeadlineExceeded)
	if n > 0 {
		s.torn = n < size
	}
}

// Patient is w for those whom nobody may hold up. What w does not take within 100 ms
// is lost, with os.ErrDeadlineExceeded; the next line then begins a line of its own.
// Whatever is no file is w itself.
func Patient(w io.Writer) io.Writer {
	if file, ok := w.(*os.File); ok {
		return &patient{file: file}
	}
	return w
}

// patient writes to a file that others may hold too, as all do that began with our
// standard error. So it is not set to non-blocking, but asked before each piece.
type patient struct {
	mu   sync.Mutex
	file *os.File
	stall
}

// pipeBuf is what a pipe takes at once, and unmixed with others' lines, when it takes
// anything: PIPE_BUF, limits.h(0P).
func pipeBuf() int {
	if runtime.GOOS == "linux" {
		return 4096
	}
	return 512
}

// Write writes whole lines.
func (p *patient) Write(lines []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text, until := p.begin(lines), p.until()
	n, err := 0, error(nil)
	for n < len(text) && err == nil {
		if err = p.await(until); err == nil {
			var k int
			k, err = p.file.Write(text[n:min(n+pipeBuf(), len(text))])
			n += k
		}
	}
	p.ended(n, len(text), err)
	return min(n, len(lines)), err
}

// await waits until the file takes something.
func (p *patient) await(until time.Time) error {
	fds := []unix.PollFd{{Fd: int32(p.file.Fd()), Events: unix.POLLOUT}}
	for {
		n, err := unix.Poll(fds, max(0, int(time.Until(until).Milliseconds())))
		switch {
		case err == unix.EINTR:
		case err != nil || n > 0: // what cannot be asked is found out by writing
			return nil
		default:
			return os.ErrDeadlineExceeded
		}
	}
}
