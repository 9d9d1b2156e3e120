package fit

import (
	"bufio"
	"bytes"
	"fmt"
	"unicode/utf8"

	"mailchute/headers"
	"mailchute/relay/message"
)

// parse reads the header of a message that has its final form.
func parse(header []byte) (headers.Header, error) {
	return headers.Read(bufio.NewReaderSize(bytes.NewReader(header), block))
}

// onWire is h with nothing in it that the wire does not take: 8-bit text is
// encoded unless SMTPUTF8 is used (RFC 6532 section 3.2), long lines are folded.
// Fields that need nothing keep their bytes.
func onWire(h headers.Header, smtpUTF8 bool) headers.Header {
	switch {
	case headers.IsASCII(h):
	case !smtpUTF8:
		h = headers.ToASCII(h)
	default: // only UTF-8 may stand in such a header, RFC 6532 section 3.1
		fields := append([]headers.Field(nil), h.Fields()...)
		for i, f := range fields {
			if !utf8.Valid(f.Raw()) {
				fields[i] = headers.ToASCII(headers.Of(f)).Fields()[0]
			}
		}
		h = headers.Of(fields...)
	}
	if headers.LongestLine(h) > MaxLine {
		h = headers.Fold(h)
	}
	return h
}

// signature names what signs the body of a message from its header, RFC 6376
// section 3.7 and RFC 8617 section 4.1.2; "" if nothing does.
func signature(h headers.Header) string {
	for _, name := range []string{"DKIM-Signature", "ARC-Message-Signature"} {
		if h.Count(name) > 0 {
			return name
		}
	}
	return ""
}

// partHeader is the same for the header of a part, which is body to the wire.
func (l limits) partHeader(h headers.Header) headers.Header {
	if !l.eightBit && !headers.IsASCII(h) {
		h = headers.ToASCII(h)
	}
	if headers.LongestLine(h) > MaxLine {
		h = headers.Fold(h)
	}
	return h
}

// describe is h with the content-transfer-encoding e, and with a Content-Type
// for the body if it has none. In the header of a message, not in that of a
// part, MIME-Version belongs to it (RFC 2045 section 4).
func describe(h headers.Header, t message.Traits, e encoding, isMessage bool) headers.Header {
	fields := append([]headers.Field(nil), h.Fields()...)
	if isMessage && h.Count("MIME-Version") == 0 {
		fields = append(fields, headers.NewField("MIME-Version", "1.0"))
	}
	if h.Count("Content-Type") == 0 {
		fields = append(fields, headers.NewField("Content-Type", contentType(t)))
	}
	return withEncoding(headers.Of(fields...), e)
}

// withEncoding is h with exactly one Content-Transfer-Encoding.
func withEncoding(h headers.Header, e encoding) headers.Header {
	const name = "Content-Transfer-Encoding"
	fields := make([]headers.Field, 0, len(h.Fields())+1)
	placed := false
	for _, f := range h.Fields() {
		if f.Is(name) {
			if placed {
				continue
			}
			f, placed = f.WithText(" "+string(e)), true
		}
		fields = append(fields, f)
	}
	if !placed {
		fields = append(fields, headers.NewField(name, string(e)))
	}
	return headers.Of(fields...)
}

// contentType is the type of a body that came without one.
func contentType(t message.Traits) string {
	if isBinary(t) {
		return "application/octet-stream"
	}
	return fmt.Sprintf("text/plain; charset=%s", charset(t))
}

// charset is the most that can be said of text: unknown-8bit (RFC 1428 section
// 3) is true where a guess could be wrong.
func charset(t message.Traits) string {
	switch {
	case !t.EightBit:
		return "us-ascii"
	case t.InvalidUTF8:
		return "unknown-8bit"
	}
	return "utf-8"
}

// without is h without the fields of this name.
func without(h headers.Header, name string) headers.Header {
	var fields []headers.Field
	for _, f := range h.Fields() {
		if !f.Is(name) {
			fields = append(fields, f)
		}
	}
	return headers.Of(fields...)
}
