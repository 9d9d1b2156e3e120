package fit

import (
	"bytes"
	"io"

	"mailchute/relay/message"
)

// span is a piece of a body: the octets from start up to end.
type span struct{ start, end int64 }

// source is a body of which any place can be looked at: all of it when it is in
// memory, through a window that moves when it is in a file. The first error of
// the file stays, and octets that could not be read are zero.
type source struct {
	file   io.ReaderAt // nil: the window holds the whole body
	size   int64
	window []byte
	offset int64 // of the window in the body
	err    error
}

func newSource(b *message.Body) *source {
	if mem := b.Bytes(); mem != nil || b.Traits.Size == 0 {
		return &source{window: mem, size: int64(len(mem))}
	}
	return &source{file: b.Reader(), size: b.Traits.Size}
}

// from is some of the body from pos on, at least one octet and none at or after
// end; empty only if pos is not before end or after an error.
func (s *source) from(pos, end int64) []byte {
	if pos >= end || s.err != nil {
		return nil
	}
	if pos < s.offset || pos >= s.offset+int64(len(s.window)) {
		s.load(pos)
		if s.err != nil {
			return nil
		}
	}
	stop := min(end, s.offset+int64(len(s.window)))
	return s.window[pos-s.offset : stop-s.offset]
}

// load moves the window so that it holds pos and a few octets in front of it.
func (s *source) load(pos int64) {
	const back = 1 << 10
	if s.file == nil {
		s.err = io.ErrUnexpectedEOF
		return
	}
	s.offset = max(0, pos-back)
	n := int(min(block, s.size-s.offset))
	if cap(s.window) < n {
		s.window = make([]byte, block)
	}
	s.window = s.window[:n]
	if m, err := s.file.ReadAt(s.window, s.offset); m < n {
		s.err = err
		s.window = s.window[:0]
	}
}

// at is the octet at pos.
func (s *source) at(pos int64) byte {
	if b := s.from(pos, s.size); len(b) > 0 {
		return b[0]
	}
	return 0
}

// copy writes a piece of the body.
func (s *source) copy(w io.Writer, r span) error {
	for pos := r.start; pos < r.end; {
		b := s.from(pos, r.end)
		if s.err != nil {
			return s.err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		pos += int64(len(b))
	}
	return nil
}

// scan finds the traits of a piece of the body.
func (s *source) scan(r span) (message.Traits, error) {
	var found message.Scanner
	err := s.copy(&found, r)
	return found.Traits(), err
}

// delimiter is a boundary delimiter line of a multipart, with the line end in
// front of it, which belongs to it: RFC 2046 section 5.1.1.
type delimiter struct {
	span
	last bool // the close-delimiter
}

// delimiter finds the next line of r that is a delimiter of boundary. r begins
// at the start of a line. Lines end as they will end on the wire, so that what
// is a delimiter here is one for the reader, and nothing else is.
func (s *source) delimiter(boundary string, r span) (delimiter, bool) {
	for pos := r.start; s.err == nil; {
		if pos = s.dashes(span{pos, r.end}); pos >= r.end {
			break
		}
		if pos == r.start || isLineEnd(s.at(pos-1)) {
			if end, last, ok := s.match(boundary, span{pos, r.end}); ok {
				return delimiter{span{s.lineEndBefore(pos, r.start), end}, last}, true
			}
		}
		for pos++; pos < r.end && s.at(pos) == '-'; {
			pos++
		}
	}
	return delimiter{}, false
}

// dashes is where the next two dashes in r stand, r.end if there are none.
func (s *source) dashes(r span) int64 {
	pos := r.start
	for b := s.from(pos, r.end); len(b) > 0; b = s.from(pos, r.end) {
		if i := bytes.Index(b, []byte("--")); i >= 0 {
			return pos + int64(i)
		}
		cut := b[len(b)-1] == '-' // perhaps the first of two
		if pos += int64(len(b)); cut && pos < r.end && s.at(pos) == '-' {
			return pos - 1
		}
	}
	return r.end
}

// match tells whether the line at r.start is a delimiter: dashes, the boundary,
// two more dashes in the last one, and nothing but white space. end is behind
// its line end.
func (s *source) match(boundary string, r span) (end int64, last, ok bool) {
	pos := r.start + 2
	for i := 0; i < len(boundary); i++ {
		if pos >= r.end || s.at(pos) != boundary[i] {
			return 0, false, false
		}
		pos++
	}
	if pos+1 < r.end && s.at(pos) == '-' && s.at(pos+1) == '-' {
		last = true
		pos += 2
	}
	for pos < r.end && (s.at(pos) == ' ' || s.at(pos) == '\t') {
		if pos++; pos-r.start > MaxLine {
			return 0, false, false
		}
	}
	if pos >= r.end {
		return r.end, last, true
	}
	if !isLineEnd(s.at(pos)) {
		return 0, false, false
	}
	return s.lineEndAfter(pos, r.end), last, true
}

// lineEndAfter is the place behind the line end at pos: CRs and the LF that
// follows them, or a single CR.
func (s *source) lineEndAfter(pos, end int64) int64 {
	for p := pos; p < end && s.err == nil; p++ {
		switch s.at(p) {
		case '\r':
		case '\n':
			return p + 1
		default:
			return pos + 1
		}
	}
	return pos + 1
}

// lineEndBefore is the place in front of the line end that stands before pos:
// CRLF, LF or CR, as the octets of a part labelled binary may end in CR.
func (s *source) lineEndBefore(pos, start int64) int64 {
	if pos > start && s.at(pos-1) == '\n' {
		pos--
		if pos > start && s.at(pos-1) == '\r' {
			pos--
		}
	} else if pos > start {
		pos--
	}
	return pos
}

func isLineEnd(c byte) bool { return c == '\n' || c == '\r' }
