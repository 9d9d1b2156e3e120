package headers_test

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"mailchute/headers"
	"mailchute/headers/address"
)

func seed(f *testing.F) {
	for _, text := range []string{
		"", "\n", "a:b", "From : x\nTo: , root\n\nbody", "From alice\n>From bob\n", "a:\r\r\n \r\n\tb\x00\r:c\n\r\n",
		"Resent-To: a\nResent-From: b\nResent-To: c\nResent-From: d\nResent-Bcc: e\nBcc: f\n",
		"From: <@a,@b:c@d>, e\nSender:\nBcc:\nbcc:\nDate:\nDate: x\nReceived: x\n",
		"To: J\xc3\xb6rg(\\\xc3\xb6))<j\xc3\xb6rg@b\xc3\xbccher.example>, g: \"\xe9\"<x@y>, \xc3\xbc;,\"\xc3\xbc\n",
		"Content-Type: a/b;\xc3\xbc=\"\xc3\xbc\" (\xc3\xbc);name*=\xc3\xbc;n*0=\xe9;;x=\"\xc3\xbc\nMessage-ID: \xc3\xbc\n",
		"Subject:\xc3\xbc =?a?b?c?= \xe9\xc3\xbc x\n\t\xc3\xbc \nKeywords: \xc3\xbc(\xc3\xbc)\xc3\xbc\n",
		"Subject: " + strings.Repeat("x", 1200) + strings.Repeat(" ", 1200) + "\nTo: (" + strings.Repeat("(\\)", 900) + "\nX" + strings.Repeat(" ", 900) + ":" + strings.Repeat(" y", 900),
	} {
		f.Add([]byte(text))
	}
}

func fuzzRead(t *testing.T, text []byte) headers.Header {
	h, err := headers.Read(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func FuzzReadingItsOwnOutputChangesNothing(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		h := fuzzRead(t, text)
		isWire(t, h)
		again := fuzzRead(t, h.Bytes())
		if !bytes.Equal(again.Bytes(), h.Bytes()) || len(again.Fields()) != len(h.Fields()) {
			t.Errorf("%q reads as %q", h.Bytes(), again.Bytes())
		}
	})
}

// isWire checks what holds for every header: whole fields, and no CR, LF or NUL
// but in folds.
func isWire(t *testing.T, h headers.Header) {
	t.Helper()
	for _, f := range h.Fields() {
		bare := strings.NewReplacer("\r\n ", "", "\r\n\t", "").Replace(string(f.Raw()))
		if !strings.HasSuffix(bare, "\r\n") || strings.ContainsAny(bare[:len(bare)-2], "\r\n\x00") {
			t.Fatalf("field %q", f.Raw())
		}
		if !strings.HasPrefix(bare, f.Name()) || f.Name() == "" {
			t.Fatalf("name %q of %q", f.Name(), f.Raw())
		}
	}
}

func FuzzRewritingTwiceEqualsOnce(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		p := basicPolicy()
		if len(text)%2 == 0 {
			p.Identity = address.Addr{Local: "svc", Domain: "corp.example"}
		}
		p.ReplaceFrom = len(text)%3 == 0
		if len(text)%5 > 1 {
			p.Domain = "example.net"
		}
		once, _, err := headers.Rewrite(fuzzRead(t, text), p)
		if err != nil {
			return // more hops than allowed
		}
		isWire(t, once)
		for _, field := range once.Fields() {
			if field.Is("Return-Path") || field.Is("Resent-Bcc") || field.Is("Bcc") && field.Value() != "" {
				t.Errorf("field %q is left", field.Raw())
			}
		}
		twice, changes, err := headers.Rewrite(once, p)
		if err != nil || len(changes) > 0 || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("%v %q\n%q\n%q", err, changes, once.Bytes(), twice.Bytes())
		}
	})
}

func FuzzToASCIIGivesASCII(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		h := fuzzRead(t, text)
		out := headers.ToASCII(h)
		isWire(t, out)
		if !headers.IsASCII(out) || len(out.Fields()) != len(h.Fields()) {
			t.Errorf("%q became %q", h.Bytes(), out.Bytes())
		}
		for i, field := range h.Fields() {
			if headers.IsASCII(headers.Of(field)) && !bytes.Equal(field.Raw(), out.Fields()[i].Raw()) {
				t.Errorf("%q needed nothing and became %q", field.Raw(), out.Fields()[i].Raw())
			}
		}
	})
}

func FuzzFoldedLinesFit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		h := fuzzRead(t, text)
		out := headers.Fold(h)
		isWire(t, out)
		if n := headers.LongestLine(out); n > 998 || len(out.Fields()) != len(h.Fields()) {
			t.Errorf("a line of %d octets in %q", n, out.Bytes())
		}
		for i, field := range h.Fields() {
			if headers.LongestLine(headers.Of(field)) <= 998 && !bytes.Equal(field.Raw(), out.Fields()[i].Raw()) {
				t.Errorf("%q needed nothing and became %q", field.Raw(), out.Fields()[i].Raw())
			}
		}
	})
}
