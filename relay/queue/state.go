package queue

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"mailchute/relay/message"
)

// inMemory is the size up to which a message file is read as a whole.
const inMemory = 256 << 10

// reading is a message file of which the first two lines, at least, are read.
type reading struct {
	d      *dir
	s      submission
	entry  *Entry // as it was accepted
	data   []byte // the start of the file
	header int64  // where in the file the header begins
}

// read reads the start of a message file of size octets: its two lines, and
// first octets if they are more.
func (d *dir) read(f io.ReaderAt, id string, size, first int64) (*reading, error) {
	s, data, header, err := readHead(f, size, first)
	if err != nil {
		return nil, d.fail("read", id, err)
	}
	if s.ID != id {
		return nil, d.fail("read", id, corrupt("it holds the message %q", s.ID))
	}
	e, err := s.entry()
	if err != nil {
		return nil, d.fail("read", id, content(err))
	}
	return &reading{d, s, e, data, header}, nil
}

// text is the message behind the head: in memory when all of it has been read,
// else the body stays in f, with a descriptor of its own.
func (r *reading) text(f *os.File) (*message.Message, error) {
	n := r.s.Header
	body := r.header + n + int64(len(crlf))
	if end := body + r.s.Body.Size; int64(len(r.data)) == end {
		return &message.Message{
			Header: r.data[r.header : r.header+n : r.header+n],
			Body:   message.NewBody(r.data[body:end:end], message.Traits(r.s.Body)),
		}, nil
	}
	h := make([]byte, n)
	if _, err := f.ReadAt(h, r.header); err != nil {
		return nil, r.d.fail("read", r.entry.ID, err)
	}
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, r.d.fail("open", r.entry.ID, err)
	}
	own := os.NewFile(uintptr(fd), f.Name())
	return &message.Message{Header: h, Body: message.NewFileBody(own, body, message.Traits(r.s.Body))}, nil
}

// readState puts the state beside e on it. Without one e stays as it was accepted.
// errCorrupt: the file is damaged, and e as it was.
func (q *Queue) readState(e *Entry) error {
	d, err := q.sub(stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := d.readSmall(e.ID, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var s state
	if err = json.Unmarshal(text, &s); err == nil {
		err = s.apply(e)
	}
	if err != nil {
		return d.fail("read", e.ID, content(err))
	}
	e.complete()
	return nil
}

// content marks err as the fault of what stands in a file, unless it is about
// the version.
func content(err error) error {
	if v, ok := errors.AsType[*VersionError](err); ok {
		return v
	}
	return corrupt("%v", err)
}
