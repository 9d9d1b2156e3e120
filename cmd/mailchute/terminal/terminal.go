// Package terminal is about the person at the other end of a stream: whether there
// is one, what one types, and how often a line that is written over is worth
// writing again.
package terminal

import (
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Is tells whether a stream leads to a terminal.
func Is(w io.Writer) bool {
	file, ok := Raw(w).(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// maxLine bounds a line that is typed or piped in, in octets.
const maxLine = 64 << 10

// ErrTooLong means that a line has more than 64 KiB.
var ErrTooLong = errors.New("the line is too long")

// ReadLine reads up to a line end and not an octet further: what follows may be
// for another reader. The end of the input ends a line too; without one it is
// io.EOF.
func ReadLine(r io.Reader) (string, error) {
	var text []byte
	for one := make([]byte, 1); len(text) < maxLine; {
		n, err := r.Read(one)
		switch {
		case n == 1 && one[0] == '\n':
			return strings.TrimSuffix(string(text), "\r"), nil
		case n == 1:
			text = append(text, one[0])
		case err == io.EOF && len(text) > 0:
			return string(text), nil
		case err != nil:
			return "", err
		}
	}
	return "", ErrTooLong
}

// Pace tells when a line of progress is due again: nobody reads faster than ten a
// second. The zero Pace is due at once.
type Pace struct{ last time.Time }

// Due tells whether to write at this time, and counts it as written.
func (p *Pace) Due(now time.Time) bool {
	if now.Sub(p.last) < 100*time.Millisecond {
		return false
	}
	p.last = now
	return true
}
