// Package headers is the header section of a message, kept byte for byte, and
// the rules by which a submission program changes it.
//
// A Header is a list of fields, each with the octets that came in. Read takes
// it off a stream; Recipients and Originator say what an envelope can be built
// from; Rewrite applies the rules of draft-levine-rfc6409bis and RFC 6409
// section 8 from one table; ToASCII and Fold fit the result to a wire. All of
// them but Read are pure, run in linear time, and keep, replace, drop or add
// whole fields: a field that needs no change comes out as it went in, and in its
// place.
package headers

import "bytes"

// Header is a header section, RFC 5322 section 2.2. The zero Header has no
// fields. A Header is never changed; many may read it at once.
type Header struct {
	fields []Field
}

// Of is a header of these fields.
func Of(fields ...Field) Header { return Header{fields} }

// Fields are the fields in order. The slice must not be changed.
func (h Header) Fields() []Field { return h.fields }

// Bytes is the header section as it goes over the wire, each line ended by CRLF,
// without the empty line that parts it from the body.
func (h Header) Bytes() []byte {
	size := 0
	for _, f := range h.fields {
		size += len(f.raw)
	}
	b := make([]byte, 0, size)
	for _, f := range h.fields {
		b = append(b, f.raw...)
	}
	return b
}

// First is the first field of this name.
func (h Header) First(name string) (Field, bool) {
	for _, f := range h.fields {
		if f.Is(name) {
			return f, true
		}
	}
	return Field{}, false
}

// Count is the number of fields of this name.
func (h Header) Count(name string) int {
	n := 0
	for _, f := range h.fields {
		if f.Is(name) {
			n++
		}
	}
	return n
}

// IsASCII tells whether h can travel without SMTPUTF8, RFC 6532 section 3.
func IsASCII(h Header) bool {
	for _, f := range h.fields {
		if !f.isASCII() {
			return false
		}
	}
	return true
}

// LongestLine is the length in octets of the longest line of h, its CRLF not
// counted.
func LongestLine(h Header) int {
	longest := 0
	for _, f := range h.fields {
		longest = max(longest, f.longestLine())
	}
	return longest
}

func (f Field) longestLine() int {
	longest := 0
	for rest := f.raw; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n')
		longest = max(longest, end-1) // without the CR
		rest = rest[end+1:]
	}
	return longest
}

// each is h with change made to each field; h itself when nothing changed.
func (h Header) each(change func(Field) Field) Header {
	var fields []Field
	for i, f := range h.fields {
		changed := change(f)
		if fields == nil && !bytes.Equal(changed.raw, f.raw) {
			fields = append(make([]Field, 0, len(h.fields)), h.fields[:i]...)
		}
		if fields != nil {
			fields = append(fields, changed)
		}
	}
	if fields == nil {
		return h
	}
	return Header{fields}
}
