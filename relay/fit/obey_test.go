package fit_test

import (
	"bytes"
	"strings"
	"testing"

	"mailchute/relay/fit"
)

// obeys checks what holds for every message on every wire.
func obeys(t testing.TB, wire string, c *fit.Content, s fit.Server) {
	t.Helper()
	header, _, ok := strings.Cut(wire, "\r\n\r\n")
	if !ok && wire != "\r\n" && !strings.HasPrefix(wire, "\r\n") {
		t.Errorf("no empty line behind the header: %.80q", wire)
	}
	if isEightBit(header) && !c.SMTPUTF8() {
		t.Error("8-bit text in the header without SMTPUTF8")
	}
	if isEightBit(wire) && (!s.EightBitMIME && !c.SMTPUTF8() || c.BodyType() == "" && s.EightBitMIME) {
		t.Errorf("8-bit text is sent with BODY=%q, offered: %v", c.BodyType(), s.EightBitMIME)
	}
	if c.BodyType() == "BINARYMIME" {
		if !s.BinaryMIME {
			t.Error("BINARYMIME without the offer")
		}
		wire = header + "\r\n" // the rest is free
	}
	if strings.Contains(wire, "\x00") {
		t.Error("NUL on the wire")
	}
	if !strings.HasSuffix(wire, "\r\n") {
		t.Errorf("the last line has no CRLF: %.40q", wire[max(0, len(wire)-40):])
	}
	rest := strings.ReplaceAll(wire, "\r\n", "")
	if i := strings.IndexAny(rest, "\r\n"); i >= 0 {
		t.Errorf("a lone CR or LF: %q", rest[max(0, i-20):min(len(rest), i+20)])
	}
	for _, line := range bytes.Split([]byte(wire), []byte("\r\n")) {
		if len(line) > fit.MaxLine {
			t.Errorf("a line of %d octets: %.60q...", len(line), line)
		}
	}
}

func isEightBit(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
