package session

import (
	"bufio"
	"errors"
	"io"
	"os"

	"mailchute/headers"
	"mailchute/inject"
	"mailchute/relay/message"
	"mailchute/relay/reply"
)

// Text is the text of a message as the client sent it, dot stuffing and chunks
// taken off: in memory when it is short, in a file without a name when it is
// long.
type Text struct {
	mem  []byte
	file *os.File
	size int64

	binary    bool  // by BODY=BINARYMIME
	maxHeader int64 // octets that its header may have
}

// Size is the number of octets.
func (t *Text) Size() int64 { return t.size }

// Large tells whether the text is in a file.
func (t *Text) Large() bool { return t.file != nil }

// Reader reads the text from its beginning.
func (t *Text) Reader() io.Reader {
	if t.file != nil {
		return io.NewSectionReader(t.file, 0, t.size)
	}
	return &memory{t.mem}
}

// memory is a reader that tells how much is left.
type memory struct{ rest []byte }

func (m *memory) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// Input parts the text into header and body. The body shares its memory or its
// file with t, so it is good as long as t is, and is not to be closed. Errors: a
// *headers.Error for a header that is too large, an *inject.ReadError.
func (t *Text) Input() (*inject.Input, error) {
	count := &counter{r: io.LimitReader(t.Reader(), t.maxHeader)}
	br := bufio.NewReaderSize(count, 4<<10) // headers.Read looks 998 octets ahead
	h, err := headers.Read(br)
	if tooLarge := new(headers.Error); errors.As(err, &tooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, &inject.ReadError{Doing: "reading the message back", Err: err}
	}
	start := count.n - int64(br.Buffered())
	if start == t.maxHeader && t.size > t.maxHeader { // it was cut
		return nil, &headers.Error{Status: reply.Enhanced{Class: 5, Subject: 3, Detail: 4}, Reason: "the header is too large"}
	}
	var scan message.Scanner
	if t.file == nil {
		scan.Write(t.mem[start:])
		return &inject.Input{Header: h, Body: message.NewBody(t.mem[start:len(t.mem):len(t.mem)], t.traits(&scan))}, nil
	}
	if _, err := io.CopyBuffer(&scan, io.NewSectionReader(t.file, start, t.size-start), make([]byte, 64<<10)); err != nil {
		return nil, &inject.ReadError{Doing: "reading the message back", Err: err}
	}
	return &inject.Input{Header: h, Body: message.NewFileBody(t.file, start, t.traits(&scan))}, nil
}

// traits is what the body is like.
func (t *Text) traits(scan *message.Scanner) message.Traits {
	tr := scan.Traits()
	tr.CRLFOnly = t.binary
	return tr
}

// counter counts what was read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (t *Text) close() {
	if t.file != nil {
		t.file.Close()
	}
}
