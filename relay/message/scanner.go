package message

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Scanner finds the traits of a body while it is read: write the body to it, in
// pieces of any size, then ask for Traits. The zero value is ready. It needs the
// same small memory for every body, one line of many gigabytes included.
type Scanner struct {
	traits  Traits
	crs     int64 // CRs at the end of what was written so far, not yet judged
	column  int64 // octets of the line that is open
	removed int64 // octets CR and LF
	lines   int64 // line ends
	proper  int64 // line ends that are exactly CRLF
	partial [utf8.UTFMax]byte
	held    int // octets in partial: the start of a rune that is not complete
}

// Masks for eight octets at once.
const (
	highBits = 0x8080808080808080
	blanks   = 0x2020202020202020
)

// Write looks at the next piece of the body. It never fails.
func (s *Scanner) Write(p []byte) (int, error) {
	high := s.traits.High
	s.scan(p)
	if s.held > 0 || s.traits.High > high {
		s.validate(p)
	}
	s.traits.Size += int64(len(p))
	return len(p), nil
}

// Traits is what was found in all that was written. More may be written
// afterwards.
func (s *Scanner) Traits() Traits {
	e := *s // what follows is true only if nothing more comes
	if e.crs > 0 {
		e.bareCRs()
	}
	t := e.traits
	t.EightBit = t.High > 0
	t.InvalidUTF8 = t.InvalidUTF8 || e.held > 0
	t.LongestLine = max(t.LongestLine, e.column)
	t.Canonical = e.proper == e.lines && e.column == 0
	ends := e.lines
	if e.column > 0 {
		ends++ // the last line is given an end on the wire
	}
	t.WireSize = t.Size - e.removed + 2*ends
	return t
}

// scan takes p apart into lines.
func (s *Scanner) scan(p []byte) {
	for s.crs > 0 && len(p) > 0 { // what stands behind the CRs decides what they are
		switch p[0] {
		case '\r':
			s.crs++
			p = p[1:]
		case '\n':
			s.endLine()
			p = p[1:]
		default:
			s.bareCRs()
		}
	}
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		line := p
		if i >= 0 {
			line = p[:i]
		}
		whole := len(line)
		for len(line) > 0 && line[len(line)-1] == '\r' {
			line = line[:len(line)-1]
		}
		s.text(line)
		s.crs = int64(whole - len(line))
		if i < 0 {
			return
		}
		s.endLine()
		p = p[i+1:]
	}
}

// endLine notes a LF with the CRs in front of it: all of them are one line end.
func (s *Scanner) endLine() {
	s.lines++
	s.removed += s.crs + 1
	if s.crs == 1 {
		s.proper++
	}
	s.crs = 0
	s.traits.LongestLine = max(s.traits.LongestLine, s.column)
	s.column = 0
}

// bareCRs notes CRs that no LF follows: each becomes a line end of its own.
func (s *Scanner) bareCRs() {
	s.traits.BareCR = true
	s.lines += s.crs
	s.removed += s.crs
	s.crs = 0
	s.traits.LongestLine = max(s.traits.LongestLine, s.column)
	s.column = 0
}

// text notes octets of one line: no LF is among them and the last is no CR.
// Eight at a time are passed over as long as all are printable ASCII.
func (s *Scanner) text(b []byte) {
	plain := 0 // octets passed over and not yet in column
	rest := b
	for len(rest) >= 8 {
		x := binary.LittleEndian.Uint64(rest)
		switch {
		case isPlain(x):
			plain += 8
		case (x-blanks)&^x&highBits == 0:
			plain += 8
			s.traits.High += int64(bits.OnesCount64(x & highBits))
		default:
			s.column += int64(plain)
			plain = 0
			s.octets(rest[:8])
		}
		rest = rest[8:]
	}
	if n := len(rest); n > 0 && len(b) >= 8 { // the last octets, with blanks in place of those already seen
		x := binary.LittleEndian.Uint64(b[len(b)-8:])
		if isPlain(x>>(64-8*n) | blanks<<(8*n)) {
			plain += n
			rest = nil
		}
	}
	s.column += int64(plain)
	s.octets(rest)
}

// isPlain tells whether all eight octets are printable ASCII (or DEL). The
// subtraction sets the high bit of an octet that is below a blank; a borrow can
// only make it say no where yes would do.
func isPlain(x uint64) bool { return (x|(x-blanks))&highBits == 0 }

func (s *Scanner) octets(b []byte) {
	for _, c := range b {
		switch {
		case c == '\r':
			s.crs = 1
			s.bareCRs()
			continue
		case c >= 0x80:
			s.traits.High++
		case c == 0:
			s.traits.NUL = true
			s.traits.Controls++
		case c < ' ' && c != '\t' && c != '\f' && c != '\b' && c != 0x1b:
			s.traits.Controls++
		}
		s.column++
	}
}

// validate looks whether p goes on as UTF-8, RFC 3629. A rune may be split
// between two pieces.
func (s *Scanner) validate(p []byte) {
	if s.traits.InvalidUTF8 {
		s.held = 0
		return
	}
	for s.held > 0 && len(p) > 0 && !utf8.FullRune(s.partial[:s.held]) {
		s.partial[s.held] = p[0]
		s.held++
		p = p[1:]
	}
	if s.held > 0 {
		if !utf8.FullRune(s.partial[:s.held]) {
			return
		}
		s.traits.InvalidUTF8 = !utf8.Valid(s.partial[:s.held])
		s.held = 0
	}
	tail := p[len(p)-incomplete(p):]
	s.held = copy(s.partial[:], tail)
	s.traits.InvalidUTF8 = s.traits.InvalidUTF8 || !utf8.Valid(p[:len(p)-len(tail)])
}

// incomplete is the number of octets at the end of p that begin a rune but do
// not complete it.
func incomplete(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if utf8.RuneStart(p[len(p)-n]) {
			if utf8.FullRune(p[len(p)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}
