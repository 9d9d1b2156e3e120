// Package fit is what of a message goes over this wire: a message as it was
// piped in, made fit for what one server has said that it takes.
//
// The decision comes first and is cheap; the octets are made while they are
// sent, from the stored message, which never changes, in the same small memory
// for every size. A body that needs nothing is not even looked at: it is copied,
// with CRLF line ends. Else only what cannot go as it is changes, in the least
// way that its reader undoes: a leaf part gets another content-transfer-encoding
// (RFC 2045 section 6), all around it keeps its bytes. The promise to the caller:
//
//   - nothing but CRLF line ends, no NUL, no line over 998 octets (RFC 5322
//     section 2.1.1), and no octet above 127 to a server without 8BITMIME (RFC
//     6152 section 3); only BODY=BINARYMIME (RFC 3030) frees a part labelled
//     binary from these rules
//   - decoded, each part is what it was
//   - what is signed or encrypted goes out as it is or not at all; then the
//     error says what would have had to be broken
package fit

import (
	"bytes"
	"io"
	"strings"

	"mailchute/headers"
	"mailchute/relay/message"
)

// Server is what a server has said that it takes, in its reply to EHLO.
type Server struct {
	EightBitMIME bool // 8BITMIME, RFC 6152
	BinaryMIME   bool // BINARYMIME and CHUNKING, RFC 3030
	SMTPUTF8     bool // RFC 6531
}

// MaxLine is the number of octets that a line may have without its CRLF, RFC
// 5321 section 4.5.3.1.6.
const MaxLine = 998

// limits are the rules for one body on one wire.
type limits struct {
	eightBit bool
	binary   bool
}

// takes tells whether text with the traits t can go out once its line ends are
// CRLF.
func (l limits) takes(t message.Traits) bool {
	return !t.NUL && t.LongestLine <= MaxLine && (l.eightBit || !t.EightBit)
}

// Content is a message in the form in which one server gets it. It may be
// written many times.
type Content struct {
	header   []byte // with the empty line
	body     func(io.Writer) error
	size     int64
	bodyType string
	utf8     bool
	note     string
}

// Size is the exact number of octets that WriteTo writes.
func (c *Content) Size() int64 { return c.size }

// Estimate is a number for the SIZE parameter, RFC 1870 section 6: not below the
// real size. Here it is the real size.
func (c *Content) Estimate() int64 { return c.size }

// BodyType is the value of the BODY parameter: "8BITMIME" (RFC 6152 section 3),
// "BINARYMIME" (RFC 3030 section 3; the content must then go by BDAT) or "",
// where none is needed.
func (c *Content) BodyType() string { return c.bodyType }

// SMTPUTF8 tells whether the transaction needs the SMTPUTF8 parameter, RFC 6531
// section 3.4. The header then goes out as UTF-8.
func (c *Content) SMTPUTF8() bool { return c.utf8 }

// Header is the header as WriteTo writes it, without the empty line.
func (c *Content) Header() []byte { return c.header[:len(c.header)-len("\r\n")] }

// Note says in a few words what of the body was converted; "" if nothing was.
func (c *Content) Note() string { return c.note }

// WriteTo writes the header, the empty line and the body.
func (c *Content) WriteTo(w io.Writer) (int64, error) {
	out := &counter{w: w}
	if _, err := out.Write(c.header); err != nil {
		return out.n, err
	}
	err := c.body(out)
	return out.n, err
}

// Fit makes m fit for a server. With wantUTF8 (an address of the envelope needs
// SMTPUTF8, or the user has asked for it) the header goes out as UTF-8 if the
// server takes that. The error is an *Error, or what went wrong when the body
// was read.
func Fit(m *message.Message, s Server, wantUTF8 bool) (*Content, error) {
	// RFC 3030 section 2: a server with BINARYMIME has 8BITMIME too. One that
	// has not is not trusted with either.
	l := limits{eightBit: s.EightBitMIME, binary: s.BinaryMIME && s.EightBitMIME}
	c := &Content{utf8: s.SMTPUTF8 && wantUTF8}
	if t := m.Body.Traits; l.takes(t) && !t.EightBit && !t.HasOctets() && isSimple(m.Header) {
		c.asItIs(m.Header, m.Body)
		return c, nil
	}
	h, err := parse(m.Header)
	if err != nil {
		return nil, err
	}
	if err := c.fit(h, m.Body, l); err != nil {
		return nil, err
	}
	if l.eightBit && c.bodyType == "" && (m.Body.Traits.EightBit || isEightBit(c.header)) {
		c.bodyType = "8BITMIME"
	}
	return c, nil
}

// isSimple tells whether a header can go out on any wire and says nothing that
// could matter for a body that can, too.
func isSimple(header []byte) bool {
	t := traits(header)
	return !t.EightBit && t.LongestLine <= MaxLine && !mentionsBinary(header)
}

// mentionsBinary looks for the word in any case, without a copy of a header that
// may have many megabytes.
func mentionsBinary(header []byte) bool {
	word := []byte("binary")
	for i := 0; i+len(word) <= len(header); i++ {
		if header[i]|0x20 == word[0] && bytes.EqualFold(header[i:i+len(word)], word) {
			return true
		}
	}
	return false
}

// asItIs makes the content from a header that is ready and the body with CRLF
// line ends.
func (c *Content) asItIs(header []byte, b *message.Body) {
	c.header = append(header[:len(header):len(header)], "\r\n"...)
	c.body = func(w io.Writer) error { return copyBody(w, b) }
	c.size = int64(len(c.header)) + b.Traits.WireSize
}

// fit decides between copying the body and walking over its parts.
func (c *Content) fit(h headers.Header, b *message.Body, l limits) error {
	t := b.Traits
	top := entity{header: h, body: span{0, t.Size}, message: true, sealed: signature(h)}
	whole := top.sealed != "" || mediaOf(h, false).isComposite()
	if whole && encodingOf(h) != binary && l.takes(t) && !t.HasOctets() {
		c.asItIs(onWire(h, c.utf8).Bytes(), b)
		return nil
	}
	if err := c.walk(top, b, l); err != nil || c.bodyType == "BINARYMIME" || !l.binary {
		return err
	}
	l.binary = false // allowed, but no part needed it: no label may promise it then
	return c.walk(top, b, l)
}

// walk goes once over the parts, to find what cannot be done and the exact
// size. Writing goes the same way again.
func (c *Content) walk(top entity, b *message.Body, l limits) error {
	w := newWalker(b, l, io.Discard)
	a, err := w.decide(top)
	if err != nil {
		return err
	}
	header := onWire(a.header, c.utf8).Bytes()
	if a.do == asLines {
		c.asItIs(header, b)
		return nil
	}
	if err := w.run(a, top); err != nil {
		return err
	}
	c.header = append(header, "\r\n"...)
	c.body = func(out io.Writer) error { return newWalker(b, l, out).run(a, top) }
	c.size = int64(len(c.header)) + w.out.n
	c.note = strings.Join(w.done.words(), ", ")
	if w.done.binary > 0 {
		c.bodyType = "BINARYMIME"
	}
	return nil
}
