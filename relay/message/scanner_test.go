package message

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// slowly is what the comments of Traits say, one octet at a time.
func slowly(body []byte) Traits {
	t := Traits{Size: int64(len(body)), Canonical: true, InvalidUTF8: !utf8.Valid(body)}
	var column int64
	end := func() {
		t.LongestLine = max(t.LongestLine, column)
		t.WireSize += column + 2
		column = 0
	}
	for i := 0; i < len(body); i++ {
		c := body[i]
		switch {
		case c == '\n':
			t.Canonical = false
			end()
		case c == '\r':
			run := len(body[i:]) - len(bytes.TrimLeft(body[i:], "\r"))
			if i+run < len(body) && body[i+run] == '\n' {
				t.Canonical = t.Canonical && run == 1
				end()
				i += run
				continue
			}
			t.Canonical, t.BareCR = false, true
			end()
		default:
			column++
			if c >= 0x80 {
				t.High++
				t.EightBit = true
			}
			if c < 32 && !strings.ContainsRune("\t\f\b\x1b", rune(c)) {
				t.Controls++
			}
			t.NUL = t.NUL || c == 0
		}
	}
	if column > 0 {
		t.Canonical = false
		end()
	}
	return t
}

func scan(body []byte, piece int) Traits {
	var s Scanner
	for len(body) > piece {
		s.Write(body[:piece])
		body = body[piece:]
	}
	s.Write(body)
	return s.Traits()
}

var bodies = map[string]string{
	"an empty body is canonical":                  "",
	"a single empty line":                         "\n",
	"plain text with LF":                          "one\n\ntwo\n",
	"plain text with CRLF is canonical":           "one\r\n\r\ntwo\r\n",
	"no end at the last line":                     "one\r\ntwo",
	"mixed ends":                                  "a\r\nb\nc\r\nd\n",
	"CR CR LF is one line end":                    "a\r\r\nb\r\r\r\n",
	"a bare CR ends a line":                       "10%\r20%\r\r30%\ndone\r",
	"only CRs":                                    "\r\r\r\r\r\r\r\r\r\r\r",
	"CRs in front of text":                        "\r\r\r\rtext",
	"CRs inside a long line, one in front of LF":  "aaaaaaaa\rbbbbbbbb\r\rcccccccccccccc\r\n",
	"NUL and controls are counted":                "a\x00b\x01\x02\t\f\x1b[0m\x08 \x7f\n",
	"UTF-8":                                       "Grüße aus Köln, 日本語, 🚀\n",
	"Latin-1 is not UTF-8":                        "Gr\xfc\xdfe\n",
	"a rune that is cut off at the end":           "abc \xe6\x97",
	"a rune that is cut off in the middle":        "\xe6\x97abcdefgh\n",
	"a surrogate is not UTF-8":                    "\xed\xa0\x80\n",
	"a line of 998 and one of 999":                strings.Repeat("y", 998) + "\n" + strings.Repeat("z", 999) + "\n",
	"the longest line is the one without an end":  "a\n" + strings.Repeat("z", 2000),
	"eight octets at a time, the last is special": "abcdefg\tabcdefg\x00abcdefg\xff",
}

func TestTraitsAreTheSameForPiecesOfAnySize(t *testing.T) {
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			want := slowly([]byte(body))
			for piece := 1; piece <= 20; piece++ {
				if have := scan([]byte(body), piece); have != want {
					t.Errorf("in pieces of %d:\nhave %+v\nwant %+v", piece, have, want)
				}
			}
			if have := scan([]byte(body), len(body)+1); have != want {
				t.Errorf("in one piece:\nhave %+v\nwant %+v", have, want)
			}
		})
	}
}

func TestTraitsMayBeAskedBetweenTwoPieces(t *testing.T) {
	var s Scanner
	fmt.Fprint(&s, "one\r")
	if have := s.Traits(); !have.BareCR || have.WireSize != 5 {
		t.Errorf("after a CR: %+v", have)
	}
	fmt.Fprint(&s, "\n")
	if have := s.Traits(); have.BareCR || !have.Canonical || have.WireSize != 5 {
		t.Errorf("after CR and LF: %+v", have)
	}
}

func FuzzScanner(f *testing.F) {
	for _, body := range bodies {
		f.Add([]byte(body), uint8(3))
	}
	f.Fuzz(func(t *testing.T, body []byte, piece uint8) {
		want := slowly(body)
		if have := scan(body, int(piece)+1); have != want {
			t.Errorf("have %+v\nwant %+v", have, want)
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	for _, c := range []struct{ name, line string }{
		{"base64", strings.Repeat("QUJD", 19) + "\n"},
		{"prose", "The quick brown fox jumps over the lazy dog, and then it jumps back\n"},
		{"German", "Die Größe der Brücke überrascht; für Fußgänger gibt es einen Steg.\n"},
		{"CRLF", strings.Repeat("QUJD", 19) + "\r\n"},
		{"one line", strings.Repeat("QUJD", 19)},
		{"short lines", "abc\n"},
	} {
		b.Run(c.name, func(b *testing.B) {
			body := bytes.Repeat([]byte(c.line), 64<<10/len(c.line))
			b.SetBytes(int64(len(body)))
			var s Scanner
			for b.Loop() {
				s.Write(body)
			}
		})
	}
}
