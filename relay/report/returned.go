package report

import (
	"bytes"
	"io"
	"unicode/utf8"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
)

// part makes the third part of a report: what goes back of the original.
type part func(Original) entity

// How much goes back: without a wish only what is small, with one a lot. A report
// is built in memory.
const (
	unasked = 64 << 10
	asked   = 16 << 20
)

// returned is what goes back with a failure, RFC 3461 section 4.3. A message that
// requires TLS gives its header only, RFC 8689 section 5.
func (o Original) returned() part {
	size := int64(len(o.Message.Header)) + o.Message.Body.Traits.Size
	switch opts := o.Envelope.Options; {
	case opts.RequireTLS || opts.Return == envelope.ReturnHeaders:
		return returnHeader
	case size <= unasked || opts.Return == envelope.ReturnFull && size <= asked:
		return returnAll
	}
	return returnHeader
}

// returnHeader gives the header back, RFC 6522 section 4 and RFC 6533 section 4.3.
func returnHeader(o Original) entity {
	h := o.Message.Header
	e := entity{kind: "text/rfc822-headers", encoding: encoding(o.headerTraits()), write: func(w io.Writer) error {
		_, err := w.Write(h)
		return err
	}}
	if o.beyondASCII() {
		e.kind = "message/global-headers"
	}
	return e
}

// returnAll gives the whole message back.
func returnAll(o Original) entity {
	t, b := o.headerTraits(), o.Message.Body.Traits
	t.EightBit = t.EightBit || b.EightBit
	t.NUL = t.NUL || b.NUL
	t.BareCR = t.BareCR || b.BareCR
	t.LongestLine = max(t.LongestLine, b.LongestLine)
	e := entity{kind: "message/rfc822", encoding: encoding(t), write: func(w io.Writer) error {
		if _, err := w.Write(append(o.Message.Header[:len(o.Message.Header):len(o.Message.Header)], "\r\n"...)); err != nil {
			return err
		}
		_, err := io.Copy(w, o.Message.Body.Reader())
		return err
	}}
	if o.beyondASCII() {
		e.kind = "message/global" // RFC 6532 section 3.7
	}
	return e
}

// beyondASCII tells whether the original's header is UTF-8 beyond ASCII.
func (o Original) beyondASCII() bool {
	return utf8.Valid(o.Message.Header) && o.headerTraits().EightBit
}

func (o Original) headerTraits() message.Traits {
	var s message.Scanner
	io.Copy(&s, bytes.NewReader(o.Message.Header))
	return s.Traits()
}

// encoding names what t is; what a server cannot take is converted on the way.
func encoding(t message.Traits) string {
	switch {
	case t.NUL || t.BareCR || t.LongestLine > 998:
		return binary
	case t.EightBit:
		return eightBit
	}
	return sevenBit
}
