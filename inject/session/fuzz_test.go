package session

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"mailchute/inject"
	"mailchute/relay/reply"
)

// model is a session told in another way: over the whole text at once, with
// searches instead of states of a reader. It shares the grammar of the commands'
// arguments with the real one, and nothing of what cuts the stream to pieces.
type model struct {
	rest    string
	replies int
	texts   []string

	unix                bool // lines end in LF alone, and there are no chunks
	open, chunked, utf8 bool
	binary              bool
	recipients          int
	chunks              string
	errors              int
}

// run gives the texts that are delivered and counts the replies.
func (m *model) run() {
	m.replies = 1
	for m.line() {
	}
}

func (m *model) bad() bool { m.errors++; return m.errors < defaultErrors }

func (m *model) line() (goesOn bool) {
	end := strings.Index(m.rest, "\n")
	if end < 0 {
		return false
	}
	line := m.rest[:end+1]
	m.rest = m.rest[end+1:]
	m.replies++
	if !strings.HasSuffix(line, "\r\n") {
		return false
	}
	c, refusal := parseCommand([]byte(line[:len(line)-2]))
	if refusal != nil || len(line) > maxLine {
		return !isChunk([]byte(line)) && m.bad() // its chunk could follow
	}
	return m.command(c)
}

func (m *model) command(c command) (goesOn bool) {
	switch c.verb {
	case "QUIT", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "TRACE":
		return false
	case "NOOP", "HELP":
		return true
	case "VRFY":
		return c.arg != "" || m.bad()
	case "EHLO", "HELO":
		if c.arg == "" {
			return m.bad()
		}
		m.open, m.chunked, m.recipients, m.chunks = false, false, 0, ""
		return true
	case "RSET":
		if c.arg != "" {
			return m.bad()
		}
		m.open, m.chunked, m.recipients, m.chunks = false, false, 0, ""
		return true
	case "MAIL":
		return m.mail(c.arg)
	case "RCPT":
		return m.rcpt(c.arg)
	case "DATA":
		return m.data(c.arg)
	case "BDAT":
		return m.bdat(c.arg)
	}
	return m.bad()
}

func (m *model) mail(arg string) bool {
	if m.open {
		return true
	}
	path, parameters, ok := cutPath(arg, "FROM:")
	if !ok {
		return m.bad()
	}
	sender, err := parsePath(path)
	list, refusal := parseParameters(parameters)
	if path != "" && err != nil || refusal != nil {
		return true
	}
	w, refusal := mailParameters(list, Options{RequireTLS: true, MaxHold: 72 * 3600e9}, noon)
	m.open = refusal == nil && !(m.unix && isBinary(list)) && (w.SMTPUTF8 || sender.IsASCII())
	m.utf8 = w.SMTPUTF8
	m.binary = isBinary(list)
	return true
}

func (m *model) rcpt(arg string) bool {
	if !m.open || m.chunked {
		return true
	}
	path, parameters, ok := cutPath(arg, "TO:")
	if !ok {
		return m.bad()
	}
	a, err := parsePath(path)
	list, refusal := parseParameters(parameters)
	if err != nil || refusal != nil || rcptParameters(new(inject.Mailbox), list) != nil || !a.IsASCII() && !m.utf8 {
		return true
	}
	m.recipients++
	return true
}

func (m *model) data(arg string) bool {
	if arg != "" {
		return m.bad()
	}
	if !m.open || m.chunked || m.recipients == 0 || m.binary {
		return true
	}
	m.replies++ // 354, and the one for the text
	whole := "\r\n" + m.rest
	end := strings.Index(whole, "\r\n.\r\n")
	if end < 0 {
		m.replies--
		m.rest = ""
		return false
	}
	m.rest = whole[end+5:]
	text := strings.ReplaceAll(whole[:end+2], "\r\n.", "\r\n")
	m.deliver(text[2:])
	return true
}

func (m *model) bdat(arg string) bool {
	if m.unix {
		return false
	}
	digits, last, _ := strings.Cut(arg, " ")
	last = strings.TrimLeft(last, " ")
	n, ok := number(digits, 18)
	if !ok || last != "" && !strings.EqualFold(last, "LAST") {
		return false
	}
	if int64(len(m.rest)) < n {
		m.replies--
		return false
	}
	chunk := m.rest[:n]
	m.rest = m.rest[n:]
	if !m.open || m.recipients == 0 {
		return true
	}
	m.chunked = true
	m.chunks += chunk
	if last != "" {
		m.deliver(m.chunks)
	}
	return true
}

func (m *model) deliver(text string) {
	m.texts = append(m.texts, text)
	m.open, m.chunked, m.recipients, m.chunks = false, false, 0, ""
}

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
