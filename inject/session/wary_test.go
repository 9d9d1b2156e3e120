package session

import (
	"os"
	"strings"
	"testing"
)

// TestWhoMeansAnotherProtocolIsLeft: behind the first line of each there is SMTP, which
// somebody else has put there.
func TestWhoMeansAnotherProtocolIsLeft(t *testing.T) {
	const smtp = envelopeOfOne + wholeText
	for _, tt := range []struct {
		name, input string
		taken       int // messages
	}{
		{"SMTP", smtp, 1},
		{"SMTP with a mistake in its second line", "EHLO x\r\nHELLO\r\n" + smtp, 1},
		{"a form of a web page", "POST / HTTP/1.1\r\n" + smtp, 0},
		{"any verb of HTTP", "PROPFIND / HTTP/1.1\r\n" + smtp, 0},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + smtp, 0},
		{"the hello of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n" + smtp, 0},
		{"a line without end", strings.Repeat("x", 3*maxLine) + "\r\n" + smtp, 0},
		{"no UTF-8", "\xff\r\n" + smtp, 0},
		{"an empty line", "\r\n" + smtp, 0},
	} {
		var got []delivered
		o := options(t, &got)
		o.Wary = true
		out, sum, _ := talk(o, tt.input)
		if len(got) != tt.taken || (tt.taken == 0) != strings.HasSuffix(out, "\r\n521 5.7.0 this is SMTP\r\n") || (tt.taken == 0) != (sum.End == Dismissed) {
			t.Errorf("%s: %d messages, %+v\n%s", tt.name, len(got), sum, out)
		}
	}
}

// TestATextThatNobodyWillGetTakesNoRoomOnDisk, though its client may have days to go.
func TestATextThatNobodyWillGetTakesNoRoomOnDisk(t *testing.T) {
	var file *os.File
	c := &collector{memory: 10, limit: 100, spool: func() (f *os.File, err error) {
		file, err = spoolIn(t.TempDir())
		return file, err
	}}
	for range 11 {
		c.Write(make([]byte, 10))
	}
	if _, err := file.Stat(); err == nil || c.text.mem != nil {
		t.Error("it is kept")
	}
	c.Write(make([]byte, 10))
	if _, err := c.finish(); err != errTooLarge {
		t.Error(err)
	}
}
