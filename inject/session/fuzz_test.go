package session

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"mailchute/relay/reply"
)

// FuzzSession: whatever is sent, in whatever pieces, every command gets exactly
// one well-formed reply, and what is delivered is what the model says.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		"EHLO x\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nS: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n",
		"MAIL FROM:<>\r\nRCPT TO:<root>\r\nBDAT 3\r\nabcBDAT 2 LAST\r\n\r\nRSET\r\n",
		"MAIL FROM:<> SMTPUTF8 SIZE=5\r\nRCPT TO:<ä@y.example>\r\nDATA\r\nx\n.\nMAIL FROM:<evil>\n\r\n.\r\nNOOP\r\n",
		"MAIL FROM:<a@b>\nRCPT TO:<c>\r\n", "DATA\r\n.\r\nBDAT 1 LAST\r\nxHELO\r\n", "NOOP\r", "POST / HTTP/1.1\r\n\r\n",
		"MAIL FROM:<>\r\nRCPT TO:<a>\r\nDATA\r\n\r\n.\r.\r\n\r\n.\r\nDATA\r\n", "\x00\r\n\xff\r\n\r\n",
		"NOOP " + strings.Repeat("x", 5000) + "\r\nQUIT\r\n",
	} {
		f.Add([]byte(seed), byte(3))
	}
	f.Fuzz(func(t *testing.T, input []byte, piece byte) {
		var got []delivered
		compare(t, model{rest: string(input)}, input, int(piece), options(t, &got), &got)
	})
}

// FuzzPipe: the same for a client on a pipe. What ends its first line ends all.
func FuzzPipe(f *testing.F) {
	for _, seed := range []string{
		"EHLO x\nMAIL FROM:<a@x.example>\nRCPT TO:<b@y.example>\nDATA\nS: x\n\n..dot\n.\nQUIT\n",
		"MAIL FROM:<>\nRCPT TO:<root>\nBDAT 16 LAST\na\nb\nc\nd\nNOOP\nQUIT\n",
		"EHLO x\nMAIL FROM:<> BODY=BINARYMIME\nRCPT TO:<a>\nBDAT 1 LAST\n\n",
		"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a>\r\nBDAT 3 LAST\r\na\nbNOOP\r\n",
		"NOOP\nMAIL FROM:<>\r\nRCPT TO:<a>\nDATA\r\nx\r\r\n\r\n.\nDATA\n",
	} {
		f.Add([]byte(seed), byte(3))
	}
	f.Fuzz(func(t *testing.T, input []byte, piece byte) {
		want := model{rest: string(input)}
		if i := strings.Index(want.rest, "\n"); i == 0 || i > 0 && want.rest[i-1] != '\r' {
			// every CR LF is made LF first, so that each LF can be made CR LF
			want.unix, want.rest = true, strings.ReplaceAll(strings.ReplaceAll(want.rest, "\r\n", "\n"), "\n", "\r\n")
		}
		var got []delivered
		o := options(t, &got)
		o.Pipe = true
		compare(t, want, input, int(piece), o, &got)
	})
}

// compare holds a session in pieces of so many octets against the model.
func compare(t *testing.T, want model, input []byte, piece int, o Options, got *[]delivered) {
	var out bytes.Buffer
	sum, err := Serve(t.Context(), duplex{&pieces{input, piece}, &out}, o)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && err != io.EOF {
		t.Fatalf("error %v", err)
	}
	want.run()
	replies := 0
	for r := bufio.NewReader(&out); ; replies++ {
		rep, err := reply.Read(r, "")
		if err == io.EOF || r.Buffered() == 0 && err != nil {
			break
		}
		if err != nil || rep.Class() == reply.Fault {
			t.Fatalf("malformed reply: %v", err)
		}
	}
	if replies != want.replies {
		t.Errorf("%d replies, want %d (%+v)", replies, want.replies, sum)
	}
	if len(*got) != len(want.texts) {
		t.Fatalf("%d messages, want %d", len(*got), len(want.texts))
	}
	for i, text := range want.texts {
		if (*got)[i].text != text {
			t.Errorf("message %d: %q, want %q", i, (*got)[i].text, text)
		}
		if len((*got)[i].Recipients) == 0 {
			t.Errorf("message %d has no recipient", i)
		}
	}
}

// pieces gives a text in reads of at most n octets.
type pieces struct {
	rest []byte
	n    int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	if p.n > 0 && len(b) > p.n {
		b = b[:p.n]
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// FuzzInput: header and body together are the text, byte by byte but for line
// ends of the header, wherever the text lies.
func FuzzInput(f *testing.F) {
	f.Add([]byte("Subject: x\r\n\r\nbody\r\n"))
	f.Add([]byte("no header\nbody"))
	f.Add([]byte("A: b\r\n c\r\nFrom x\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		small := &collector{memory: len(text) + 1}
		large := &collector{memory: 1, spool: options(t, nil).Spool}
		for _, c := range []*collector{small, large} {
			c.Write(text)
		}
		a, err1 := small.finish()
		b, err2 := large.finish()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		defer b.close()
		a.maxHeader, b.maxHeader = defaultHeader, defaultHeader
		one, err1 := a.Input()
		two, err2 := b.Input()
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		body1, _ := io.ReadAll(one.Body.Reader())
		body2, _ := io.ReadAll(two.Body.Reader())
		if !bytes.Equal(one.Header.Bytes(), two.Header.Bytes()) || !bytes.Equal(body1, body2) || one.Body.Traits != two.Body.Traits {
			t.Errorf("in memory %q, in a file %q", body1, body2)
		}
		if !bytes.HasSuffix(text, body1) {
			t.Errorf("the body %q is not the end of %q", body1, text)
		}
	})
}
