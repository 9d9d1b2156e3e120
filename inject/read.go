package inject

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"mailchute/headers"
	"mailchute/relay/message"
)

// MemoryBody is the size of a body up to which it is kept in memory; a larger
// one goes to a file, so that memory does not grow with the message.
const MemoryBody = 1 << 20

// copySize is the size of the pieces in which a large body is copied to its file.
// File systems take smaller ones more slowly.
const copySize = 256 << 10

// Input is a message as it was read.
type Input struct {
	Header headers.Header // as piped in, not yet rewritten
	Body   *message.Body
}

// ReadError is a failure to read standard input.
type ReadError struct {
	Doing string
	Err   error
}

func (e *ReadError) Error() string { return e.Doing + ": " + e.Err.Error() }
func (e *ReadError) Unwrap() error { return e.Err }

// SpoolError is a file that could not be made or written: the temporary one for a
// large body, or one that an option names.
type SpoolError struct{ Err error }

func (e *SpoolError) Error() string { return e.Err.Error() }
func (e *SpoolError) Unwrap() error { return e.Err }

// Read reads one message to the end of r. A large body goes to the file that
// spool gives, which has no name in any directory or shall lose it. The error is
// a *ReadError, a *SpoolError or, for a header that is too large, *headers.Error.
func Read(r io.Reader, spool func() (*os.File, error)) (*Input, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	h, err := headers.Read(br)
	if tooLarge := new(headers.Error); errors.As(err, &tooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, &ReadError{"reading standard input", err}
	}
	body, err := readBody(br, r, spool)
	if err != nil {
		return nil, err
	}
	return &Input{h, body}, nil
}

// readBody reads what is buffered in br and then the rest of r, past br: a
// large body is copied once, not twice.
func readBody(br *bufio.Reader, r io.Reader, spool func() (*os.File, error)) (*message.Body, error) {
	var scan message.Scanner
	// Fresh memory costs only the pages that are written to: a short message
	// touches one.
	buf := make([]byte, copySize)
	n, err := io.ReadFull(br, buf[:br.Buffered()])
	n, err = fill(buf, n, r, err)
	if err == nil && int64(n)+remaining(r) <= MemoryBody {
		buf = append(make([]byte, 0, MemoryBody), buf...)[:MemoryBody]
		n, err = fill(buf, n, r, err)
	}
	scan.Write(buf[:n])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return message.NewBody(buf[:n:n], scan.Traits()), nil
	}
	if err != nil {
		return nil, &ReadError{"reading standard input", err}
	}
	return spill(buf[:n], r, &scan, spool)
}

// fill reads on until buf is full but for a rest that is not worth a read.
func fill(buf []byte, n int, r io.Reader, err error) (int, error) {
	for err == nil && len(buf)-n >= 512 {
		var k int
		k, err = r.Read(buf[n:])
		n += k
	}
	return n, err
}

// remaining is how many octets a file still has to give; 0 where nobody can tell.
func remaining(r io.Reader) int64 {
	f, ok := r.(*os.File)
	if !ok {
		return 0
	}
	info, err := f.Stat()
	at, failed := f.Seek(0, io.SeekCurrent)
	if err != nil || failed != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size() - at
}

// spill puts buf and the rest of r into a file. buf serves as the copy buffer
// from then on.
func spill(buf []byte, r io.Reader, scan *message.Scanner, spool func() (*os.File, error)) (*message.Body, error) {
	f, err := spool()
	if err != nil {
		return nil, &SpoolError{fmt.Errorf("a message over 1 MiB needs a temporary file: %w", err)}
	}
	if _, err = f.Write(buf); err == nil {
		_, err = io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(f, scan)}, struct{ io.Reader }{r}, buf[:copySize])
	}
	var at *fs.PathError
	switch {
	case errors.As(err, &at) && at.Op == "write":
		f.Close()
		return nil, &SpoolError{fmt.Errorf("putting aside a message over 1 MiB: %w", at)}
	case err != nil:
		f.Close()
		return nil, &ReadError{"reading standard input", err}
	}
	return message.NewFileBody(f, 0, scan.Traits()), nil
}

// TempFile is a file without a name in dir, for large bodies. It vanishes with
// its last descriptor.
func TempFile(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, ".mailchute-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
