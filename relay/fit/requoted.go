package fit

import "bufio"

// lineWidth is the octets of an encoded line without its CRLF, RFC 2045 section
// 6.7 rule 5 and section 6.8.
const lineWidth = 76

// requoted puts other soft line breaks into text that is quoted-printable
// already, and encodes the octets in it that should have been: RFC 2045 section
// 6.7. What it decodes to stays the same, where an "=" that means nothing is
// taken to mean itself. The text comes with CRLF line ends and no other CR.
type requoted struct {
	w       *bufio.Writer
	column  int
	pending [3]byte // an "=" and what follows it so far
	n       int
	token   [3]byte
}

// Write rewraps p.
func (q *requoted) Write(p []byte) (int, error) {
	for _, c := range p {
		switch {
		case c == '\r':
		case c == '\n':
			q.newline()
		case q.n == 2 && isBlank(q.pending[1]) && isBlank(c): // more padding from transport
		case q.n > 0 || c == '=':
			q.pending[q.n] = c
			if q.n++; q.n == len(q.pending) {
				q.octet()
			}
		case isLiteral(c) || isBlank(c):
			q.token[0] = c
			q.put(q.token[:1])
		default:
			q.hex(c)
		}
	}
	return len(p), failure(q.w)
}

// octet writes a complete "=" with two digits.
func (q *requoted) octet() {
	if !isHex(q.pending[1]) || !isHex(q.pending[2]) {
		q.spell()
		return
	}
	q.put(q.pending[:])
	q.n = 0
}

// spell writes an "=" that begins nothing as what it is, and goes on behind it.
func (q *requoted) spell() {
	rest, n := q.pending, q.n
	q.n = 0
	q.hex('=')
	q.Write(rest[1:n])
}

// newline is a soft line break if an "=" stands in front of it, alone or with
// padding (rule 3); else a line end.
func (q *requoted) newline() {
	if q.n == 1 || q.n == 2 && isBlank(q.pending[1]) {
		q.w.WriteByte('=')
		q.n = 0
	}
	for q.n > 0 {
		q.spell()
	}
	q.w.WriteString("\r\n")
	q.column = 0
}

// Close writes what is left.
func (q *requoted) Close() error {
	for q.n > 0 {
		q.spell()
	}
	return failure(q.w)
}

func (q *requoted) hex(c byte) {
	const digits = "0123456789ABCDEF"
	q.token = [3]byte{'=', digits[c>>4], digits[c&15]}
	q.put(q.token[:])
}

// put writes octets that stay on one line, behind a soft line break if there is
// no room for them and the "=" of another.
func (q *requoted) put(token []byte) {
	if q.column+len(token) >= lineWidth {
		q.w.WriteString("=\r\n")
		q.column = 0
	}
	q.w.Write(token)
	q.column += len(token)
}

func isBlank(c byte) bool   { return c == ' ' || c == '\t' }
func isLiteral(c byte) bool { return c > ' ' && c < 0x7f && c != '=' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

// failure is the error that w had, which it keeps: no reason to go on.
func failure(w *bufio.Writer) error {
	_, err := w.Write(nil)
	return err
}
