package fit

import "bufio"

// filler makes text fit that belongs to no part, the preamble and the epilogue
// of a multipart, which no reader shows (RFC 2046 section 5.1.1): octets that
// cannot be sent become question marks, long lines are broken. A line made so
// begins with a blank and can be no delimiter. The text comes with CRLF line
// ends and no other CR.
type filler struct {
	w      *bufio.Writer
	limits limits
	column int
}

// Write writes p on.
func (f *filler) Write(p []byte) (int, error) {
	for _, c := range p {
		if c != '\r' && c != '\n' {
			if f.column == MaxLine {
				f.w.WriteString("\r\n ")
				f.column = 1
			}
			f.column++
		} else {
			f.column = 0
		}
		if c == 0 || c >= 0x80 && !f.limits.eightBit {
			c = '?'
		}
		f.w.WriteByte(c)
	}
	return len(p), failure(f.w)
}
