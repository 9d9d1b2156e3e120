package session

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxLine is the longest command with its CR LF. RFC 5321 section 4.5.3.1.4 has
// 512 octets; what the extensions offered here add stays below this.
const maxLine = 2048

// Errors of readLine.
var (
	errBareLF  = errors.New("a line that does not end in CR LF")
	errTooLong = errors.New("a line that is too long")
)

// readLine reads a command without its CR LF; it stays good until the next read.
// A LF that no CR precedes is errBareLF, and nothing that follows can be trusted
// to be what the client meant. A line over maxLine octets is read to its end and
// is errTooLong, and its first four octets are given. The end of input in the middle of a line is io.ErrUnexpectedEOF.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err == bufio.ErrBufferFull || err == nil && len(line) > maxLine {
		verb := append([]byte(nil), line[:4]...)
		return verb, skipLine(r, line)
	}
	if err == io.EOF && len(line) > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	line, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return nil, errBareLF
	}
	return line, nil
}

// skipLine reads on to the end of a line of which part was read.
func skipLine(r *bufio.Reader, part []byte) error {
	for {
		last := part[len(part)-1]
		if last == '\n' {
			if len(part) > 1 && part[len(part)-2] != '\r' {
				return errBareLF
			}
			return errTooLong
		}
		returned := last == '\r'
		var err error
		if part, err = r.ReadSlice('\n'); err != nil && err != bufio.ErrBufferFull {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if len(part) == 1 && part[0] == '\n' && !returned {
			return errBareLF
		}
	}
}
