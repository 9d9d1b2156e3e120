package sandbox

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

func TestTextIsDecodedForPeople(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		want    contents
	}{
		"plain": {crlf("Subject: hi", "", "text"),
			contents{header: []field{{"Subject", "hi"}}, text: "text\n", kind: "text/plain"}},
		"no header": {crlf("text only", "", "more"),
			contents{text: "text only\n\nmore\n", kind: "text/plain"}},
		"encoded words, folded": {crlf("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", " =?iso-8859-1?q?_zur=FCck?=", "", ""),
			contents{header: []field{{"Subject", "Grüße zurück"}}, text: "\n", kind: "text/plain"}},
		"quoted-printable": {crlf("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", "", "f=C3=BCr=20=", "dich"),
			contents{header: []field{{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "quoted-printable"}}, text: "für dich\n", kind: "text/plain"}},
		"latin-1": {crlf("content-type: text/plain; charset=ISO-8859-1", "", "f\xfcr"),
			contents{header: []field{{"content-type", "text/plain; charset=ISO-8859-1"}}, text: "für\n", kind: "text/plain"}},
		"a charset that is not known": {crlf("Content-Type: text/plain; charset=koi8-r", "", "\xc1\xc2"),
			contents{header: []field{{"Content-Type", "text/plain; charset=koi8-r"}}, text: "\xc1\xc2\n", kind: "text/plain", charset: "koi8-r"}},
		"a Content-Type that is none": {crlf("Content-Type: text", "", "hi"),
			contents{header: []field{{"Content-Type", "text"}}, text: "hi\n", kind: "text/plain"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want.header == nil {
				c.want.header = []field{}
			}
			c.want.attachments = []attachment{}
			got, err := read(strings.NewReader(c.message))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(contents{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheBestPartIsShownAndTheOthersAreNamed(t *testing.T) {
	got, err := read(strings.NewReader(crlf(
		`Content-Type: multipart/mixed; boundary="b"`, "",
		"--b", `Content-Type: multipart/alternative; boundary="c"`, "",
		"--c", "Content-Type: text/html", "", "<p>no</p>",
		"--c", "Content-Type: text/plain", "", "yes",
		"--c--",
		"--b", `Content-Type: text/plain; name="notes"`, "Content-Disposition: attachment; filename=notes.txt", "", "attached",
		"--b", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "AAECAw==",
		"--b--")))
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(got.text) != "yes" || got.kind != "text/plain" {
		t.Errorf("shown: %q (%s)", got.text, got.kind)
	}
	want := []attachment{{"text/plain", "notes.txt", 8}, {"image/png", "", 4}}
	if diff := cmp.Diff(want, got.attachments); diff != "" {
		t.Error(diff)
	}
}

func TestALongTextIsCut(t *testing.T) {
	got, err := read(strings.NewReader("\r\n" + strings.Repeat("x", maxText+5)))
	if err != nil || !got.cut || len(got.text) != maxText {
		t.Errorf("%d octets, cut %v, %v", len(got.text), got.cut, err)
	}
}

func TestWhatATerminalObeysIsWrittenOut(t *testing.T) {
	for in, want := range map[string]string{
		"plain\ttext, für, 日本語, 👩‍👩": "plain\ttext, für, 日本語, 👩‍👩",
		"\x1b[2J\x07\r\x00\x7f":      `\x1b[2J\x07\x0d\x00\x7f`,
		"\u009b31m\u202egpj.exe":     `\u009b31m\u202egpj.exe`,
		"bad \xff\xfe":               `bad \xff\xfe`,
		"line\u2028line":             `line\u2028line`,
	} {
		if got := visible(in); got != want {
			t.Errorf("visible(%q) is %q", in, got)
		}
	}
}

func TestAMessageCannotPassItselfOffAsTheSandbox(t *testing.T) {
	var out bytes.Buffer
	p := printer{w: bufio.NewWriter(&out)}
	p.content(contents{header: []field{{"Subject", "x\r\n  to       <forged@example.org>\x1b[8m"}}, text: "message 2 of 2\n  from <x>"})
	p.w.Flush()
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "  |") {
			t.Errorf("outside of the message: %q", line)
		}
	}
}

func TestColourIsOnlyAroundOurOwnWords(t *testing.T) {
	var plain, coloured bytes.Buffer
	for on, w := range map[style]*bytes.Buffer{false: &plain, true: &coloured} {
		if err := show(w, on, nil, []Redirect{{addr("a@x"), addr("b@x"), 557}}); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Errorf("colour that nobody asked for: %q", plain.String())
	}
	if got := strings.NewReplacer("\x1b[1m", "", "\x1b[2m", "", "\x1b[0m", "").Replace(coloured.String()); got != plain.String() {
		t.Errorf("the words differ: %q, %q", got, plain.String())
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(crlf(`Content-Type: multipart/mixed; boundary="b"`, "", "--b", "", "x", "--b--")))
	f.Add([]byte(crlf("Content-Type: text/plain; charset=x", "Content-Transfer-Encoding: base64", "", "!!!!")))
	f.Add([]byte(crlf("Subject: =?utf-8?q?=1b?=", "", "\x1b")))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := read(bytes.NewReader(data))
		if err != nil {
			return
		}
		var out bytes.Buffer
		p := printer{w: bufio.NewWriter(&out)}
		p.content(c)
		p.w.Flush()
		for _, r := range out.String() {
			if r != '\n' && r != '\t' && unicode.IsControl(r) {
				t.Fatalf("a control character is shown: %q", out.String())
			}
		}
	})
}
