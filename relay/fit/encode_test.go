package fit

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"mailchute/relay/message"
)

// inPieces writes s to w in pieces of n octets.
func inPieces(w io.Writer, s string, n int) {
	for len(s) > n {
		io.WriteString(w, s[:n])
		s = s[n:]
	}
	io.WriteString(w, s)
}

func encoded(s string, piece int, open func(*bufio.Writer) io.WriteCloser) string {
	var b bytes.Buffer
	buf := bufio.NewWriter(&b)
	e := open(buf)
	inPieces(e, s, piece)
	e.Close()
	buf.Flush()
	return b.String()
}

func asQuoted(w *bufio.Writer) io.WriteCloser   { return quotedprintable.NewWriter(w) }
func asRequoted(w *bufio.Writer) io.WriteCloser { return &requoted{w: w} }
func asBase64(w *bufio.Writer) io.WriteCloser   { return &base64Lines{w: w} }
func asRebase64(w *bufio.Writer) io.WriteCloser { return &rebase64{w: w} }

func TestLineEndsBecomeCRLF(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"a\nb\n":                 "a\r\nb\r\n",
		"a\r\nb\r\n":             "a\r\nb\r\n",
		"a\r\nb\nc\r\nd":         "a\r\nb\r\nc\r\nd",
		"a\rb\r\rc":              "a\r\nb\r\n\r\nc",
		"a\r\r\nb\r\r\r\n\r\n":   "a\r\nb\r\n\r\n",
		"\n\r\n\r":               "\r\n\r\n\r\n",
		"\r\r\r":                 "\r\n\r\n\r\n",
		"x\n.\r\nMAIL\r\n.\nx\n": "x\r\n.\r\nMAIL\r\n.\r\nx\r\n",
	} {
		for piece := 1; piece <= len(in)+1; piece++ {
			var b bytes.Buffer
			c := newCRLF(&b)
			inPieces(c, in, piece)
			c.settle()
			if b.String() != want {
				t.Errorf("%q in pieces of %d: %q, want %q", in, piece, b.String(), want)
			}
		}
	}
}

func TestQuotedPrintableIsRewrapped(t *testing.T) {
	x := strings.Repeat("x", 80)
	for in, want := range map[string]string{
		"a=3D=3d \r\n":    "a=3D=3d \r\n",
		"a=\r\nb= \r\nc":  "a=\r\nb=\r\nc",
		"a= \t  \r\nb":    "a=\r\nb",
		x[:74] + "=C3=BC": x[:74] + "=\r\n=C3=BC",
		x[:75] + "=\r\ny": x[:75] + "=\r\ny",
		"raw ä\x00":       "raw =C3=A4=00",
		"a=ZZ==41=":       "a=3DZZ=3D=41=3D",
		"=\xc3=\x00":      "=3D=C3=3D=00",
	} {
		for piece := 1; piece <= len(in)+1; piece++ {
			if have := encoded(in, piece, asRequoted); have != want {
				t.Errorf("%q in pieces of %d: %q, want %q", in, piece, have, want)
			}
		}
	}
}

func TestBase64HasLinesOf76(t *testing.T) {
	text := strings.Repeat("0123456789", 30)
	for n := range len(text) {
		for _, piece := range []int{1, 10, 57, 58, 1000} {
			have := encoded(text[:n], piece, asBase64)
			if again := encoded(strings.ReplaceAll(have, "\r\n", " \xff"), piece, asRebase64); again != have {
				t.Fatalf("rewrapped: %q, want %q", again, have)
			}
			got, err := base64.StdEncoding.DecodeString(have)
			if err != nil || string(got) != text[:n] {
				t.Fatalf("%d octets in pieces of %d: %q: %v", n, piece, have, err)
			}
			if i := strings.Index(have+"\r\n", "\r\n"); i > 76 || strings.HasSuffix(have, "\n") {
				t.Fatalf("%d octets: %q", n, have)
			}
		}
	}
}

// The reader of the standard library is an independent judge.
func FuzzQuotedPrintable(f *testing.F) {
	f.Add("a \r\n\tb=\xff\x00\r", uint8(3))
	f.Add(strings.Repeat(" x", 100)+" ", uint8(80))
	f.Fuzz(func(t *testing.T, in string, piece uint8) {
		var text bytes.Buffer
		lines := newCRLF(&text)
		io.WriteString(lines, in)
		lines.settle()
		first := encoded(text.String(), int(piece)+1, asQuoted)
		for _, have := range []string{first, encoded(strings.ReplaceAll(first, "=\r\n", ""), int(piece)+1, asRequoted)} {
			for _, line := range strings.Split(have, "\r\n") {
				if len(line) > 76 {
					t.Errorf("a line of %d octets: %q", len(line), line)
				}
			}
			got, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(have)))
			if err != nil || string(got) != text.String() {
				t.Errorf("%q became %q, which is %q (%v)", text.String(), have, got, err)
			}
		}
	})
}

func TestADelimiterIsFoundWhereverTheWindowEnds(t *testing.T) {
	for _, d := range []string{"\n--b\n", "\r\n--b--\r\n", "\r--b \t\r\r\n"} {
		for at := block - len(d) - 2; at < block+2; at++ {
			text := strings.Repeat("x", at) + d + "--b"
			s := newSource(filed(t, text))
			have, ok := s.delimiter("b", span{0, int64(len(text))})
			want := delimiter{span{int64(at), int64(at + len(d))}, strings.Contains(d, "b--")}
			if !ok || have != want {
				t.Errorf("%q at %d: %v, want %v", d, at, have, want)
			}
		}
	}
}

func TestWhatIsNoDelimiter(t *testing.T) {
	for _, text := range []string{"", "-", "--", "--a", "-b", " --b", "x--b", "--bc\n", "--b-\n", "--b--x\n", "--b" + strings.Repeat(" ", 2000), "---b\n", strings.Repeat("-", 100) + "b"} {
		b := message.NewBody([]byte(text), traits([]byte(text)))
		if d, ok := newSource(b).delimiter("b", span{0, int64(len(text))}); ok {
			t.Errorf("%.20q: %v", text, d)
		}
	}
}
