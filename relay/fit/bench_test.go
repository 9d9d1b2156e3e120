package fit_test

import (
	"io"
	"strings"
	"testing"

	"mailchute/relay/fit"
)

// discard keeps what it gets from being optimised away and has no ReadFrom.
type discard struct{ n int }

func (d *discard) Write(p []byte) (int, error) {
	d.n += len(p)
	return len(p), nil
}

func BenchmarkWriteTo(b *testing.B) {
	const size = 8 << 20
	for _, c := range []struct {
		name, header, line string
		server             fit.Server
	}{
		{"LF lines", "", strings.Repeat("QUJD", 19) + "\n", seven},
		{"CRLF lines", "", strings.Repeat("QUJD", 19) + "\r\n", seven},
		{"mixed lines", "", strings.Repeat("QUJD", 19) + "\r\n" + strings.Repeat("QUJD", 19) + "\n", seven},
		{"short lines", "", "abc\n", seven},
		{"prose to quoted-printable", "", "Die Größe der Brücke überrascht; für Fußgänger gibt es einen Steg.\n", seven},
		{"one line to quoted-printable", "", strings.Repeat("QUJD", 19), seven},
		{"octets to base64", "Content-Type: image/x\nContent-Transfer-Encoding: binary\n", "\x00\x01\x02\x03\x80\x81\x82\x83\r", seven},
		{"a part in a multipart to base64", mixed + "--bb\nContent-Type: image/x\n\n", "\x00\x01\x02\x03\x80\x81\x82\x83\r", seven},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := split(strings.TrimSuffix(c.header, "\n\n") + "\n\n" + strings.Repeat(c.line, size/len(c.line)))
			if strings.Contains(c.header, "--bb") {
				m = split(c.header + strings.Repeat(c.line, size/len(c.line)))
			}
			m = inFile(b, m)
			content, err := fit.Fit(m, c.server, false)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(m.Body.Traits.Size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := content.WriteTo(&discard{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFitSmall(b *testing.B) {
	m := split("From: a@example.org\nTo: b@example.org\nSubject: s\nDate: Thu, 1 Jan 1970 00:00:00 +0000\nMessage-ID: <a@b>\n\none\ntwo\n")
	b.ReportAllocs()
	for b.Loop() {
		c, err := fit.Fit(m, eight, false)
		if err != nil {
			b.Fatal(err)
		}
		c.WriteTo(io.Discard)
	}
}
