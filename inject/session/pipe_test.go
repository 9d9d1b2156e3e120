package session

import (
	"io"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

func itoa(n int) string { return strconv.Itoa(n) }

// pipes is one end of a connection in memory. Each write of the server arrives
// as one read.
type pipes struct {
	*io.PipeReader
	*io.PipeWriter
}

func newPipes() (client, server pipes) {
	r1, w1 := io.Pipe()
	r2, w2 := io.Pipe()
	return pipes{r1, w2}, pipes{r2, w1}
}

func (p pipes) close() { p.PipeReader.Close(); p.PipeWriter.Close() }

func (p pipes) say(text string) { go io.WriteString(p.PipeWriter, text) }

func (p pipes) expect(t *testing.T, want string) {
	t.Helper()
	buf := make([]byte, 4<<10)
	n, err := p.PipeReader.Read(buf)
	if err != nil || string(buf[:n]) != want {
		t.Fatalf("%q, %v; want %q", buf[:n], err, want)
	}
}

func TestTheFirstLineSettlesTheLineEndOfAPipe(t *testing.T) {
	for _, c := range []struct{ name, in, out string }{
		{"as SMTP wants it", "EHLO x\r\na\nb\r\n.\n", "EHLO x\r\na\nb\r\n.\n"},
		{"as the system has it", "EHLO x\na\nb\r\n.\n", "EHLO x\r\na\r\nb\r\n.\r\n"},
		{"no line", "EHLO x", "EHLO x"},
		{"CR LF alone", "\r\nx\n", "\r\nx\n"},
		{"LF alone", "\nx\n", "\r\nx\r\n"},
		{"empty", "", ""},
	} {
		for _, r := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in)), iotest.DataErrReader(strings.NewReader(c.in))} {
			whole, err := io.ReadAll(&pipeReader{r: r})
			if err != nil || string(whole) != c.out {
				t.Errorf("%s: %q, %v; want %q", c.name, whole, err, c.out)
			}
		}
		whole, err := io.ReadAll(iotest.OneByteReader(&pipeReader{r: strings.NewReader(c.in)}))
		if err != nil || string(whole) != c.out {
			t.Errorf("%s, asked for octet by octet: %q, %v; want %q", c.name, whole, err, c.out)
		}
	}
}

func TestASessionWithUnixLineEnds(t *testing.T) {
	var got []delivered
	var out strings.Builder
	in := strings.NewReader("HELO x\nMAIL FROM:<a@x.example>\nRCPT TO:<b@y.example>\nDATA\nSubject: x\n\n..dot\n.\nQUIT\n")
	o := options(t, &got)
	o.Pipe = true
	_, err := Serve(t.Context(), duplex{in, &out}, o)
	if err != nil || len(got) != 1 || got[0].text != "Subject: x\r\n\r\n.dot\r\n" {
		t.Errorf("%v, %+v, %q", err, got, out.String())
	}
}

func TestNoTextIsCutIntoCommandsWhereLinesEndInLF(t *testing.T) {
	text := "Subject: x\n\na\nb\nc\nd\nMAIL FROM:<evil@x.example>\nRCPT TO:<victim@y.example>\nBDAT 3 LAST\nX\n\n"
	for _, c := range []struct{ name, hello, mail, want string }{
		{"with LF there are no chunks", "EHLO x\n", "MAIL FROM:<a@x.example>\nRCPT TO:<b@y.example>\n", "521 5.5.1 "},
		{"of a body that needs them neither", "EHLO x\n", "MAIL FROM:<a@x.example> BODY=BINARYMIME\n", "504 5.5.4 "},
	} {
		var got []delivered
		o := options(t, &got)
		o.Pipe = true
		out, sum, err := talk(o, c.hello+c.mail+"BDAT "+itoa(len(text))+" LAST\n"+text+"QUIT\n")
		if err != nil || len(got) != 0 || sum.End != Dismissed || !strings.Contains(out, "\r\n"+c.want) || strings.Contains(out, "CHUNKING") {
			t.Errorf("%s: %v, %+v, %+v\n%s", c.name, err, got, sum, out)
		}
	}
	var got []delivered
	o := options(t, &got)
	o.Pipe = true
	out, _, err := talk(o, "EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nBDAT "+itoa(len(text))+" LAST\r\n"+text+"QUIT\r\n")
	if err != nil || len(got) != 1 || got[0].text != text || !strings.Contains(out, "CHUNKING") {
		t.Errorf("with CR LF: %v, %+v\n%s", err, got, out)
	}
}
