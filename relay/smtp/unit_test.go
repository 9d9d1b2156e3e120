package smtp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseExtensions(t *testing.T) {
	until := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name  string
		lines []string
		tls   bool
		want  Extensions
	}{
		{"the first line is no keyword", []string{"SIZE 1000"}, false, Extensions{}},
		{"keywords in any case", []string{"x", "size 1000", "8bitmime", "Pipelining"}, false,
			Extensions{Size: true, MaxSize: 1000, EightBitMIME: true, Pipelining: true}},
		{"SIZE without a value, with 0, with nonsense: no limit", []string{"x", "SIZE", "SIZE 0", "SIZE -1", "SIZE many", "SIZE 99999999999999999999"}, false, Extensions{Size: true}},
		{"AUTH in both forms, each mechanism once", []string{"x", "AUTH plain LOGIN", "AUTH=LOGIN CRAM-MD5"}, false,
			Extensions{Auth: []string{"PLAIN", "LOGIN", "CRAM-MD5"}}},
		{"BINARYMIME only with CHUNKING", []string{"x", "BINARYMIME"}, false, Extensions{}},
		{"BINARYMIME and CHUNKING", []string{"x", "BINARYMIME", "CHUNKING"}, false, Extensions{BinaryMIME: true, Chunking: true}},
		{"REQUIRETLS only over TLS", []string{"x", "REQUIRETLS"}, false, Extensions{}},
		{"REQUIRETLS over TLS", []string{"x", "REQUIRETLS"}, true, Extensions{RequireTLS: true}},
		{"DELIVERBY with a minimum", []string{"x", "DELIVERBY 240"}, false, Extensions{DeliverBy: true, MinBy: 4 * time.Minute}},
		{"FUTURERELEASE with both values", []string{"x", "FUTURERELEASE 3600 2030-01-02T03:04:05Z"}, false,
			Extensions{FutureRelease: true, MaxHold: time.Hour, MaxUntil: until}},
		{"FUTURERELEASE with one value is none", []string{"x", "FUTURERELEASE 3600"}, false, Extensions{}},
		{"limits; unknown and malformed ones are ignored", []string{"x", "LIMITS rcptmax=20 MAILMAX=x RCPTDOMAINMAX=0 FOO=1 MAILMAX=-3 RCPTDOMAINMAX=7"}, false,
			Extensions{Limits: Limits{RcptMax: 20, RcptDomainMax: 7}}},
		{"the rest", []string{"x", "", "STARTTLS", "SMTPUTF8", "ENHANCEDSTATUSCODES", "DSN", "RRVS", "MT-PRIORITY MIXER", "X-FOO"}, false,
			Extensions{StartTLS: true, SMTPUTF8: true, EnhancedStatusCodes: true, DSN: true, RRVS: true, MTPriority: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, parseExtensions(tt.lines, tt.tls)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckCommand(t *testing.T) {
	long := strings.Repeat("x", 499)
	tests := []struct {
		name, path string
		parameters []string
		unicode    bool
		want       error
	}{
		{"a mailbox", "a@b.example", []string{"SIZE=1", "BODY=8BITMIME"}, false, nil},
		{"the null path", "", nil, false, nil},
		{"blanks and brackets inside quotes", `"a <\"> b"@b.example`, nil, false, nil},
		{"a line end", "a@b\r\nRCPT TO:<c@d>", nil, false, errControl},
		{"NUL", "a\x00@b", nil, false, errControl},
		{"DEL", "a\x7f@b", nil, false, errControl},
		{"a line end inside quotes", "\"a\r\n\"@b", nil, false, errControl},
		{"a blank", "a@b SIZE=1", nil, false, errBlank},
		{"a bracket", "a@b> <c", nil, false, errBlank},
		{"a quote that does not end", `"a@b`, nil, false, errQuote},
		{"a quote that ends escaped", `"a\`, nil, false, errQuote},
		{"UTF-8 without SMTPUTF8", "só@b", nil, false, errASCII},
		{"UTF-8 with SMTPUTF8", "só@b", nil, true, nil},
		{"invalid UTF-8", "s\xf3@b", nil, true, errUTF8},
		{"a parameter with a blank", "a@b", []string{"SIZE=1 X"}, false, errBlank},
		{"a parameter with a line end", "a@b", []string{"SIZE=1\r\nDATA"}, false, errControl},
		{"an empty parameter", "a@b", []string{""}, false, errEmpty},
		{"512 octets", long[:498], nil, false, nil},
		{"more than 512 octets", long, nil, false, errTooLong},
		{"more with parameters", long, []string{"ORCPT=rfc822;x"}, false, nil},
		{"too much with parameters", long, []string{"ORCPT=" + strings.Repeat("x", 1100)}, false, errTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkCommand(tt.path, tt.parameters, tt.unicode); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestDots(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"an empty message is a dot alone", "", ".\r\n"},
		{"no empty line is added", "a\r\n", "a\r\n.\r\n"},
		{"a line end that is missing is added", "a", "a\r\n.\r\n"},
		{"a bare LF is no line end", "a\n", "a\n\r\n.\r\n"},
		{"dots at the beginning of lines are doubled", ".\r\n..a\r\nb.\r\n.c\r\n", "..\r\n...a\r\nb.\r\n..c\r\n.\r\n"},
		{"dots behind a bare LF are doubled", "a\n.\nb\r\n", "a\n..\nb\r\n.\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for step := 1; step <= len(tt.in)+1; step++ {
				if got := stuff(t, []byte(tt.in), step); got != tt.want {
					t.Errorf("%d at a time: got %q, want %q", step, got, tt.want)
				}
			}
		})
	}
}

// stuff sends content through dots, step octets at a time.
func stuff(t testing.TB, content []byte, step int) string {
	var out bytes.Buffer
	d := newDots(&out)
	for p := content; len(p) > 0; p = p[min(step, len(p)):] {
		if n, err := d.Write(p[:min(step, len(p))]); err != nil || n != min(step, len(p)) {
			t.Fatalf("wrote %d, %v", n, err)
		}
	}
	if err := d.end(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// FuzzDots: the first lone dot is the end, and what a server reads in front of
// it is the content.
func FuzzDots(f *testing.F) {
	f.Add([]byte("a\r\n.b\r\n"), 1)
	f.Add([]byte(".\r\n\n..\r\n.."), 3)
	f.Fuzz(func(t *testing.T, content []byte, step int) {
		wire := stuff(t, content, max(1, step))
		text, rest, found := strings.Cut("\r\n"+wire, "\r\n.\r\n")
		if !found || rest != "" {
			t.Fatalf("the end is not at the end: %q", wire)
		}
		got := strings.ReplaceAll(text+"\r\n", "\n.", "\n")[2:]
		want := string(content)
		if want != "" && !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestHello(t *testing.T) {
	tests := []struct {
		name string
		addr net.Addr
		want string
	}{
		{"IPv4", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7}, "[192.0.2.1]"},
		{"IPv6 without its zone", &net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0", Port: 7}, "[IPv6:fe80::1]"},
		{"IPv4 in IPv6", &net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 7}, "[192.0.2.1]"},
		{"a Unix socket", &net.UnixAddr{Name: "", Net: "unix"}, "[127.0.0.1]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Conn{wire: wire{raw: addressed{addr: tt.addr}}}
			if got := c.hello(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

type addressed struct {
	net.Conn
	addr net.Addr
}

func (a addressed) LocalAddr() net.Addr { return a.addr }

func TestDialErrorsTellWhatIsWrong(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		phase Phase
		text  string
	}{
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "mx.example", IsNotFound: true}},
			PhaseResolve, "mx.example: cannot find its address: "},
		{"refused", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errors.New("connection refused"))},
			PhaseConnect, "mx.example: cannot connect to port 25: connection refused"},
		{"late", context.DeadlineExceeded, PhaseConnect, "mx.example: cannot connect to port 25: nothing came within 30s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "mx.example:25", Host: "mx.example"}, Options{
				Dial: func(context.Context, string, string) (net.Conn, error) { return nil, tt.err },
			})
			var e *Error
			if !errors.As(err, &e) || e.Phase != tt.phase || !strings.HasPrefix(err.Error(), tt.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestErrorsHoldNoControlCharacters(t *testing.T) {
	e := &Error{Phase: PhaseTLS, Server: "a\x1b[0m", Err: errors.New("b\r\nc\u009b")}
	if got, want := e.Error(), "a [0m: no secure connection: b  c "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExactLetsNoOctetTooMuchThrough(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("0123456789"); err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]func() io.Reader{
		"reader":         func() io.Reader { return strings.NewReader("0123456789") },
		"limited reader": func() io.Reader { return io.LimitReader(strings.NewReader("0123456789+++"), 10) },
		"file":           func() io.Reader { return io.NewSectionReader(file, 0, 10) },
	} {
		for left, want := range map[int64]error{9: errLonger, 10: nil, 11: nil} {
			w := newWire(&player{t: t}, time.Minute)
			e := &exact{w: &w, left: left}
			n, err := io.Copy(e, r())
			if !errors.Is(err, want) || n > left || int64(len(w.out)) > left {
				t.Errorf("%s, %d announced: %d copied, %d on the wire, %v", name, left, n, len(w.out), err)
			}
		}
	}
}

func TestTrace(t *testing.T) {
	var got []string
	peer := &player{t: t, script: []string{
		"S: 220 mx.example", "C: EHLO me.example", "S: 250-mx.example", "S: 250-PIPELINING", "S: 250 AUTH PLAIN",
		"C: AUTH PLAIN AGpvZQBodW50ZXIyMg==", "C: MAIL FROM:<a@b>", "C: RCPT TO:<r0@x.example>",
		"S: 235-2.7.0 hello", "S: 235 2.7.0 joe", "S: 250 2.1.0 a\x1bb", "S: 250",
		"C: DATA", "S: 354 go on", "C: x", "C: .", "C: QUIT", "S: 250 queued",
	}}
	c, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "127.0.0.1:587"}, Options{
		Hello: "me.example", Login: joe(), Trace: func(l string) { got = append(got, l) },
		Dial: func(context.Context, string, string) (net.Conn, error) { return peer, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(1), Content: text("x\r\n"), Last: true}); r.Err != nil {
		t.Error(r.Err)
	}
	want := []string{
		"S: 220 mx.example", "C: EHLO me.example", "S: 250-mx.example", "S: 250-PIPELINING", "S: 250 AUTH PLAIN",
		"C: AUTH PLAIN [secret]", "C: MAIL FROM:<a@b>", "C: RCPT TO:<r0@x.example>",
		"S: 235-2.7.0 hello", "S: 235 2.7.0 joe", "S: 250 2.1.0 a b", "S: 250 ",
		"C: DATA", "S: 354 go on", "C: [content, 3 octets]", "C: .", "C: QUIT", "S: 250 queued",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALimitOfTheCallerIsToldInWords(t *testing.T) {
	err := &Error{Phase: PhaseGreeting, Server: "mx.example", Err: context.DeadlineExceeded}
	if got := err.Error(); got != "mx.example: no service: it took too long" {
		t.Errorf("%s", got)
	}
}
