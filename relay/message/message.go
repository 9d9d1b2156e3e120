// Package message is a message as it was accepted: a header block that is
// final, and a body exactly as it was piped in.
//
// A message never changes; what goes over a wire is derived from it, each time
// anew. One pass of a Scanner over the body, while it is read, finds all that
// has to be known for that (line lengths and octets, RFC 5321 section 4.5.3.1.6
// and RFC 6152), so that nobody looks twice at a body that needs no change.
package message

import (
	"bytes"
	"io"
	"os"
	"strings"
)

// Message is one accepted message. It may be read by many at once.
type Message struct {
	Header []byte // the rewritten header: CRLF line ends, no empty line behind it
	Body   *Body
}

// Reader reads the message as it was accepted: the header, an empty line, the body.
func (m *Message) Reader() io.Reader {
	return io.MultiReader(bytes.NewReader(m.Header), strings.NewReader("\r\n"), m.Body.Reader())
}

// Body is the body as piped in, in memory or in a file, with what one pass over
// it has found.
type Body struct {
	mem    []byte
	file   *os.File
	offset int64 // where the body begins in file
	Traits Traits
}

// WireSize is the octets of the message on the wire, where nothing in it has to be
// changed: header, empty line and body with CRLF.
func (m *Message) WireSize() int64 { return int64(len(m.Header)) + 2 + m.Body.Traits.WireSize }

// Traits is what has to be known of a body before a single octet is sent. One
// line end is a LF with all CRs in front of it, or a CR that no LF follows.
type Traits struct {
	Size        int64 // octets as piped in
	WireSize    int64 // octets once each line end is CRLF and the last line has one; the SIZE of RFC 1870
	EightBit    bool  // an octet above 127
	NUL         bool  // an octet 0
	BareCR      bool  // a CR that belongs to no LF
	LongestLine int64 // octets of the longest line without its end
	Canonical   bool  // each line, the last too, ends in exactly CRLF: can go out as it is
	InvalidUTF8 bool  // not valid UTF-8
	Controls    int64 // octets below 32 other than TAB, LF, CR, FF, BS and ESC: is it text?
	High        int64 // octets above 127
	CRLFOnly    bool  // it came by BINARYMIME (RFC 3030): a bare LF is an octet, and no line end
}

// HasOctets tells whether there are octets that look like the end of a line and are
// none.
func (t Traits) HasOctets() bool { return t.BareCR || t.CRLFOnly && !t.Canonical }

// NewBody is a body in memory. The caller leaves b alone from then on.
func NewBody(b []byte, t Traits) *Body { return &Body{mem: b, Traits: t} }

// NewFileBody is a body of t.Size octets that begins at offset in f. The body
// owns f and closes it with Close.
func NewFileBody(f *os.File, offset int64, t Traits) *Body {
	return &Body{file: f, offset: offset, Traits: t}
}

// Reader reads the body from its beginning. Readers are independent of each
// other.
func (b *Body) Reader() *io.SectionReader {
	if b.file != nil {
		return io.NewSectionReader(b.file, b.offset, b.Traits.Size)
	}
	return io.NewSectionReader(bytes.NewReader(b.mem), 0, int64(len(b.mem)))
}

// Bytes is the body when it is in memory, nil when it is in a file.
func (b *Body) Bytes() []byte { return b.mem }

// Close releases the file behind the body.
func (b *Body) Close() error {
	if b.file != nil {
		return b.file.Close()
	}
	return nil
}
