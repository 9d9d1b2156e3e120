package queue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A message file is
//
//	mailchute-queue 1 LF
//	the submission, one line of JSON, LF
//	the header, its lines ending in CRLF
//	CRLF
//	the body, exactly as it was piped in
//
// so that it can be read with cat, and the mail saved with tail -n +3.
const (
	magic   = "mailchute-queue "
	version = 1
	crlf    = "\r\n"

	firstRead = 4 << 10   // holds the two lines of nearly every message
	maxHead   = 512 << 20 // of the two lines, whatever a file says
	maxState  = 512 << 20
)

// VersionError is a file of a format that this program does not know. It is left
// where it is, for the program that wrote it.
type VersionError struct {
	Version string
}

// Error is the refusal in words.
func (e *VersionError) Error() string {
	return fmt.Sprintf("queue format %q is unknown to this version, which reads %q", e.Version, fmt.Sprint(version))
}

// CorruptError is a file that is not what the queue writes.
type CorruptError struct {
	ID     string
	Reason string
	Path   string // where it was set aside
}

// Error is what was found, and where it is now.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("queue file %q is damaged or foreign (%s), set aside as %q", e.ID, e.Reason, e.Path)
}

// errCorrupt marks what is wrong with a file, not with the disk.
var errCorrupt = errors.New("it is not a file of the queue")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errCorrupt}, args...)...)
}

// appendHead is what stands in front of the header.
func appendHead(b []byte, s *submission) ([]byte, error) {
	b = fmt.Appendf(b, "%s%d\n", magic, version)
	b, err := s.appendJSON(b)
	return append(b, '\n'), err
}

// readHead reads the two lines from a file of size octets. It gives what was
// read of the file, and where in it the header begins.
func readHead(r io.ReaderAt, size int64, first int64) (s submission, data []byte, header int64, err error) {
	for want := min(size, first); ; want = min(size, 4*want) {
		if data, err = readMore(r, data, want); err != nil {
			return s, nil, 0, err
		}
		line, n, done, err := splitHead(data)
		if err != nil {
			return s, nil, 0, err
		}
		if done {
			if err := json.Unmarshal(line, &s); err != nil {
				return s, nil, 0, corrupt("%v", err)
			}
			return s, data, n, s.check(size, n)
		}
		if want == size || want > maxHead {
			return s, nil, 0, corrupt("the second line does not end")
		}
	}
}

func readMore(r io.ReaderAt, have []byte, want int64) ([]byte, error) {
	data := make([]byte, want)
	n := copy(data, have)
	_, err := r.ReadAt(data[n:], int64(n))
	if err == io.EOF {
		return nil, corrupt("it is shorter than it was")
	}
	return data, err
}

// splitHead takes the JSON line out of the start of a file. It is not done when
// the line does not end in data.
func splitHead(data []byte) (line []byte, end int64, done bool, err error) {
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, 0, false, corrupt("it does not begin with %q", strings.TrimSpace(magic))
	}
	v, rest, ok := bytes.Cut(rest, []byte("\n"))
	if !ok || len(v) > 16 {
		return nil, 0, false, corrupt("the first line does not end")
	}
	if string(v) != fmt.Sprint(version) {
		return nil, 0, false, &VersionError{Version: string(v)}
	}
	line, _, done = bytes.Cut(rest, []byte("\n"))
	return line, int64(len(magic) + len(v) + 1 + len(line) + 1), done, nil
}

// check compares what s says with the file: a message that was cut short is not
// sent as if it were whole.
func (s *submission) check(size, header int64) error {
	if s.Header < 0 || s.Body.Size < 0 || s.Header > size || s.Body.Size > size {
		return corrupt("it is too short")
	}
	if want := header + s.Header + int64(len(crlf)) + s.Body.Size; want != size {
		return corrupt("it has %d octets instead of %d", size, want)
	}
	if len(s.Recipients) == 0 {
		return corrupt("it has no recipients")
	}
	return nil
}
