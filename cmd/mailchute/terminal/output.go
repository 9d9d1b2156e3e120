package terminal

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Output is standard output that remembers what it could not write. A list on a full
// disk that ends with status 0 is an empty list to the program that reads it.
type Output struct {
	file *os.File
	err  error
}

// NewOutput is file as an Output.
func NewOutput(file *os.File) *Output { return &Output{file: file} }

// Write is io.Writer. What comes behind an error is not written.
func (o *Output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.file.Write(p)
	o.err = err
	return n, err
}

// Err is the first error of Write, nil for none.
func (o *Output) Err() error { return o.err }

// IsGone tells whether err says that the reader has gone, as head(1) does: there is
// nobody to tell.
func IsGone(err error) bool { return errors.Is(err, syscall.EPIPE) }

// Raw is the file behind w where w is an Output, for a process to inherit.
func Raw(w io.Writer) io.Writer {
	if o, ok := w.(*Output); ok {
		return o.file
	}
	return w
}
