package reply

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// Limits of what a server may say. RFC 5321 section 4.5.3.1.5 allows 512 octets
// a line; what comes is often longer, and what is longer than this is noise.
const (
	maxLine  = 8 << 10 // octets kept of a line
	maxLines = 128     // lines kept of a reply
	maxTotal = 4 << 20 // octets read before the server is given up
)

// ErrTooLong is the error of Read for a reply that does not come to an end
// within 4 MiB.
var ErrTooLong = errors.New("reply of more than 4 MiB")

// MalformedError is the error of Read for something that is no SMTP reply at
// all, the greeting of another protocol for example.
type MalformedError struct {
	Text string // the start of the line, fit to be shown
}

func (e *MalformedError) Error() string {
	return fmt.Sprintf("not an SMTP reply: %q", e.Text)
}

// Read reads one reply, all its lines, and notes the command that it answers
// ("RCPT"; "" is the greeting). As RFC 5321 section 4.2 asks, it is liberal: a
// line may end in LF alone, may be a bare code, and the code of the last line
// counts. Codes outside 200 to 599 are read too; their Class is Fault.
//
// It takes no more than 4 MiB from r and keeps no more than 8 KiB of a line and
// 128 lines. Errors are *MalformedError, ErrTooLong, io.EOF when the connection
// ended before the reply, io.ErrUnexpectedEOF when it ended inside, and those
// of r.
func Read(r *bufio.Reader, command string) (Reply, error) {
	reply := reading{Reply: Reply{Command: command}}
	for total := 0; ; {
		line, n, err := readLine(r, maxTotal-total)
		total += n
		if err != nil {
			if err == io.EOF && total > 0 {
				err = io.ErrUnexpectedEOF
			}
			return Reply{}, err
		}
		text, more, err := reply.line(line)
		if err != nil {
			return Reply{}, err
		}
		if reply.keep(text); !more {
			return reply.whole(), nil
		}
	}
}

// reading is a reply whose lines come in.
type reading struct {
	Reply
	code Enhanced
}

// line takes the code of a line, and gives its text and whether more lines follow.
func (r *reading) line(line []byte) (text []byte, more bool, err error) {
	number, more, text, ok := split(line)
	if !ok {
		return nil, false, &MalformedError{Text: clip(clean(line), 80)}
	}
	r.Code = number
	return text, more, nil
}

// words is the text of the line that was read last, without its enhanced code.
func (r *reading) words(text []byte) string { return takeEnhanced(clean(text), r.Code/100, &r.code) }

func (r *reading) keep(text []byte) {
	if len(r.Lines) < maxLines {
		r.Lines = append(r.Lines, r.words(text))
	}
}

// whole is the reply when its last line was read. RFC 2034 section 4: the class of
// the enhanced code is that of the reply.
func (r *reading) whole() Reply {
	if r.code.Class == r.Code/100 {
		r.Enhanced = r.code
	}
	return r.Reply
}

// readLine reads to the next LF, at most limit octets, and gives the line
// without its end together with the octets read. The line is valid until the
// next read.
func readLine(r *bufio.Reader, limit int) (line []byte, n int, err error) {
	line, err = r.ReadSlice('\n')
	n = len(line)
	if err == bufio.ErrBufferFull {
		line = append(make([]byte, 0, maxLine), line[:min(n, maxLine)]...)
		for err == bufio.ErrBufferFull && n < limit {
			var part []byte
			part, err = r.ReadSlice('\n')
			n += len(part)
			line = append(line, part[:min(len(part), maxLine-len(line))]...)
		}
	}
	switch {
	case err == bufio.ErrBufferFull, err == nil && n > limit:
		return nil, n, ErrTooLong
	case err != nil:
		return nil, n, err
	}
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line, n, nil
}

// split takes a reply line apart, RFC 5321 section 4.2: three digits, then
// nothing, a blank, or a hyphen when more lines follow.
func split(line []byte) (number int, more bool, text []byte, ok bool) {
	if len(line) < 3 {
		return 0, false, nil, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, false, nil, false
		}
		number = number*10 + int(c-'0')
	}
	if len(line) == 3 {
		return number, false, nil, true
	}
	return number, line[3] == '-', line[4:], line[3] == ' ' || line[3] == '-'
}
