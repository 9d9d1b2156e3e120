package fit

import (
	"bufio"
	"encoding/base64"
)

// octetsPerLine is how many octets make one full line of base64.
const octetsPerLine = lineWidth / 4 * 3

// base64Lines writes octets as base64 in lines of 76, RFC 2045 section 6.8,
// without a line end behind the last one.
type base64Lines struct {
	w     *bufio.Writer
	begun bool
	n     int // octets that wait in in
	in    [octetsPerLine]byte
	out   [lineWidth]byte
}

// Write encodes p.
func (b *base64Lines) Write(p []byte) (int, error) {
	whole := len(p)
	if b.n > 0 {
		n := copy(b.in[b.n:], p)
		b.n += n
		p = p[n:]
		if b.n == len(b.in) {
			b.line(b.in[:])
			b.n = 0
		}
	}
	for len(p) >= octetsPerLine {
		b.line(p[:octetsPerLine])
		p = p[octetsPerLine:]
	}
	if len(p) > 0 {
		b.n = copy(b.in[:], p)
	}
	return whole, failure(b.w)
}

// Close writes the last line.
func (b *base64Lines) Close() error {
	if b.n > 0 {
		b.line(b.in[:b.n])
	}
	return failure(b.w)
}

func (b *base64Lines) line(p []byte) {
	if b.begun {
		b.w.WriteString("\r\n")
	}
	b.begun = true
	base64.StdEncoding.Encode(b.out[:], p)
	b.w.Write(b.out[:base64.StdEncoding.EncodedLen(len(p))])
}

// rebase64 puts the digits of base64 into lines of 76 and leaves out all else,
// as a decoder has to: RFC 2045 section 6.8.
type rebase64 struct {
	w      *bufio.Writer
	column int
}

// Write rewraps p.
func (b *rebase64) Write(p []byte) (int, error) {
	for _, c := range p {
		if !isBase64(c) {
			continue
		}
		if b.column == lineWidth {
			b.w.WriteString("\r\n")
			b.column = 0
		}
		b.w.WriteByte(c)
		b.column++
	}
	return len(p), failure(b.w)
}

// Close does nothing: all is written.
func (b *rebase64) Close() error { return nil }

func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '+' || c == '/' || c == '='
}
