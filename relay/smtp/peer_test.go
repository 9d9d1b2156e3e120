package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	gosasl "github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"mailchute/relay/secret"
	"mailchute/relay/smtp/smtptest"
)

// backend is go-smtp's server as an independent peer; it offers PIPELINING and
// CHUNKING always.
type backend struct {
	mu       sync.Mutex
	messages []string // "sender: recipients: text"
	loggedIn int
}

type session struct {
	b          *backend
	from       string
	recipients []string
}

func (b *backend) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &session{b: b}, nil }

func (s *session) AuthMechanisms() []string { return []string{"PLAIN"} }
func (s *session) Auth(string) (gosasl.Server, error) {
	return gosasl.NewPlainServer(func(_, user, password string) error {
		if user != "joe" || password != "hunter22" {
			return gosmtp.ErrAuthFailed
		}
		s.b.mu.Lock()
		defer s.b.mu.Unlock()
		s.b.loggedIn++
		return nil
	}), nil
}
func (s *session) Mail(from string, _ *gosmtp.MailOptions) error { s.from = from; return nil }
func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "unknown"}
	}
	s.recipients = append(s.recipients, to)
	return nil
}
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.b.messages = append(s.b.messages, fmt.Sprintf("%s: %s: %s", s.from, strings.Join(s.recipients, " "), text))
	return nil
}
func (s *session) Reset()        { s.from, s.recipients = "", nil }
func (s *session) Logout() error { return nil }

// peer starts the server.
func peer(t *testing.T, config *tls.Config, implicit bool) (Endpoint, *backend) {
	t.Helper()
	b := &backend{}
	s := gosmtp.NewServer(b)
	s.Domain, s.TLSConfig, s.AllowInsecureAuth = "mx.example", config, true
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := Endpoint{Network: "tcp", Address: l.Addr().String(), Host: "mx.example"}
	if implicit {
		l, e.Security = tls.NewListener(l, config), Implicit
	} else if config != nil {
		e.Security = StartTLS
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return e, b
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func joe() *Login {
	return &Login{User: "joe", Secret: func(context.Context) (secret.Secret, error) { return secret.New("hunter22"), nil }}
}

func many(n int) (r []Recipient) {
	for i := range n {
		r = append(r, Recipient{Path: fmt.Sprintf("r%d@x.example", i)})
	}
	return r
}

// lines is content of n octets with dots at the beginning of some lines.
func lines(n int) text {
	const block = "Subject: x\r\n\r\n.a line of text that begins with a dot\r\n..\r\nand one that does not\r\n"
	b := strings.Repeat(block, n/len(block)+1)[:max(n, 2)-2]
	return text(strings.TrimSuffix(b, "\r") + "\r\n")
}

// TestFlights: each flight is one write, and there are no more of them than SMTP
// and TLS need, whatever the number of recipients.
func TestFlights(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	tests := []struct {
		name     string
		config   *tls.Config
		implicit bool
		login    *Login
		want     int32
	}{
		{"in the clear: EHLO, envelope, content", nil, false, nil, 3},
		{"in the clear with login", nil, false, joe(), 3},
		{"TLS from the start: two of the handshake", config, true, joe(), 5},
		{"STARTTLS: EHLO, STARTTLS, and the handshake's end goes with the second EHLO", config, false, joe(), 6},
	}
	for _, tt := range tests {
		for _, recipients := range []int{1, 10, 100, 300} {
			for _, size := range []int{100, 2000, 60_000} {
				t.Run(fmt.Sprintf("%s/%d recipients/%d octets", tt.name, recipients, size), func(t *testing.T) {
					e, b := peer(t, tt.config, tt.implicit)
					o := Options{Hello: "me.example", TLS: TLS{RootsFile: ca.File}, Login: tt.login}
					conn := countWrites(&o)
					c, err := Connect(t.Context(), e, o)
					if err != nil {
						t.Fatal(err)
					}
					content := lines(size)
					r := c.Send(t.Context(), &Transaction{Sender: "me@a.example", Recipients: many(recipients), Content: content, Last: true})
					if r.Err != nil || r.Final == nil || r.Final.Code != 250 || r.accepted() != recipients {
						t.Fatalf("%+v", r)
					}
					if got := (*conn).writes.Load(); got != tt.want {
						t.Errorf("%d writes, want %d", got, tt.want)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					if len(b.messages) != 1 || !strings.HasSuffix(b.messages[0], ": "+string(content)) {
						t.Errorf("the message is not what was sent")
					}
				})
			}
		}
	}
}

// file is content that is copied from a file.
type file struct {
	*os.File
	size int64
}

func (f file) Size() int64 { return f.size }
func (f file) WriteTo(w io.Writer) (int64, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	return io.Copy(w, io.LimitReader(f.File, f.size))
}

// TestContent: content of every kind and size arrives as it was, by BDAT and by
// DATA, one transaction after another.
func TestContent(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	for _, implicit := range []bool{false, true} {
		for _, chunked := range []bool{true, false} {
			for _, plainly := range []bool{false, true} {
				t.Run(fmt.Sprintf("tls %v, bdat %v, one by one %v", implicit, chunked, plainly), func(t *testing.T) {
					serverConfig := config
					if !implicit {
						serverConfig = nil
					}
					e, b := peer(t, serverConfig, implicit)
					c, err := Connect(t.Context(), e, Options{Hello: "me.example", TLS: TLS{RootsFile: ca.File}, Login: joe(), NoPipelining: plainly})
					if err != nil {
						t.Fatal(err)
					}
					c.extensions.Chunking = chunked
					for _, size := range []int{10, 4096, blockSize - 20, blockSize, blockSize + 1, 3*chunkSize + 5, 10*chunkSize + 7} {
						whole := lines(size)
						name := filepath.Join(t.TempDir(), "text")
						if err := os.WriteFile(name, []byte(whole), 0o600); err != nil {
							t.Fatal(err)
						}
						f, err := os.Open(name)
						if err != nil {
							t.Fatal(err)
						}
						defer f.Close()
						onFile := file{f, int64(len(whole))}
						for _, content := range []Content{whole, unknown{whole}, onFile, unknown{onFile}} {
							r := c.Send(t.Context(), &Transaction{Sender: "me@a.example", Content: content,
								Recipients: []Recipient{{Path: "nobody@x.example"}, {Path: "a@x.example"}}})
							if r.Err != nil || r.Final == nil || r.Final.Code != 250 || r.Recipients[0].Enhanced.String() != "5.1.1" {
								t.Fatalf("%d octets: %+v", size, r)
							}
							if got := b.messages[len(b.messages)-1]; got != "me@a.example: a@x.example: "+string(whole) {
								t.Fatalf("%d octets, %T: the message is not what was sent", size, content)
							}
						}
					}
					if b.loggedIn != 1 {
						t.Errorf("logged in %d times", b.loggedIn)
					}
					if err := c.Close(); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// TestManyRecipients: a server that reads nothing while it has replies to write
// is no reason to stop.
func TestManyRecipients(t *testing.T) {
	client, server := net.Pipe() // no buffer at all
	go func() {
		defer server.Close()
		simple(server, nil, false, "PIPELINING")
	}()
	c, err := Connect(t.Context(), Endpoint{Network: "tcp", Address: "127.0.0.1:25"}, Options{
		Hello: "me.example", Dial: func(context.Context, string, string) (net.Conn, error) { return client, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	const n = 10_000
	r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(n), Content: lines(100)})
	if r.accepted() != n {
		t.Errorf("%d of %d accepted", r.accepted(), n)
	}
	var e *Error
	if !errors.As(r.Err, &e) || e.Phase != PhaseData || !e.Protocol { // simple says 250 to DATA
		t.Errorf("got %v", r.Err)
	}
}

// TestRefusedInTheMiddle: a server that refuses while content is on its way.
func TestRefusedInTheMiddle(t *testing.T) {
	e := listen(t, func(conn net.Conn) {
		in := bufio.NewReader(conn)
		_, _ = io.WriteString(conn, "220 x\r\n")
		for _, answer := range []string{"250-x\r\n250-CHUNKING\r\n250 PIPELINING\r\n", "250 ok\r\n", "250 ok\r\n"} {
			_, _ = in.ReadString('\n')
			_, _ = io.WriteString(conn, answer)
		}
		for answer := "552 5.3.4 too big\r\n"; ; answer = "503 5.5.1 no transaction\r\n" {
			line, err := in.ReadString('\n')
			var size int64
			if _, none := fmt.Sscanf(line, "BDAT %d", &size); err != nil || none != nil {
				return
			}
			_, _ = io.CopyN(io.Discard, in, size)
			_, _ = io.WriteString(conn, answer)
		}
	})
	for _, plainly := range []bool{false, true} {
		c, err := Connect(t.Context(), e, Options{NoPipelining: plainly})
		if err != nil {
			t.Fatal(err)
		}
		r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(1), Content: endless{}})
		if r.Err != nil || r.Final == nil || r.Final.Text() != "552 5.3.4 too big" || !c.Usable() {
			t.Errorf("one by one %v: final %v, %v", plainly, r.Final, r.Err)
		}
		c.Abort()
	}
}

// endless is content without an end.
type endless struct{}

func (endless) Size() int64 { return -1 }
func (endless) WriteTo(w io.Writer) (n int64, err error) {
	for err == nil {
		var k int
		k, err = io.WriteString(w, string(lines(1000)))
		n += int64(k)
	}
	return n, err
}

// wrongSize is content that is not what it says.
type wrongSize struct {
	text
	size int64
}

func (w wrongSize) Size() int64 { return w.size }

func TestContentOfAnotherSizeIsNeverTaken(t *testing.T) {
	for _, size := range []int64{50, 150} {
		e, b := peer(t, nil, false)
		c, err := Connect(t.Context(), e, Options{Hello: "me.example"})
		if err != nil {
			t.Fatal(err)
		}
		r := c.Send(t.Context(), &Transaction{Sender: "a@b.example", Recipients: many(1), Content: wrongSize{lines(100), size}})
		var failed *Error
		if !errors.As(r.Err, &failed) || failed.Phase != PhaseContent || !failed.Local || c.Usable() || len(b.messages) > 0 {
			t.Errorf("size %d: %+v, %d messages", size, r, len(b.messages))
		}
	}
}

// TestNoSecretShows runs logins of every kind, with every output looked at.
func TestNoSecretShows(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"} {
		for _, answer := range []string{"235 welcome %s", "535 no: %s", "334 %s", "500 %s", "what? %s"} {
			var out strings.Builder
			e := listen(t, func(conn net.Conn) {
				in := bufio.NewReader(conn)
				_, _ = io.WriteString(conn, "220 x\r\n")
				_, _ = in.ReadString('\n')
				_, _ = io.WriteString(conn, "250-x\r\n250-PIPELINING\r\n250 AUTH "+mechanism+"\r\n")
				for {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					_, word, _ := strings.Cut(strings.TrimSpace(line), " ")
					_, _ = fmt.Fprintf(conn, answer+" hunter22\r\n", word)
				}
			})
			login := joe()
			login.Mechanisms = []string{mechanism}
			c, err := Connect(t.Context(), e, Options{Hello: "me.example", Login: login, Trace: func(l string) { out.WriteString(l + "\n") }})
			if err != nil {
				t.Fatal(err)
			}
			r := c.Send(t.Context(), &Transaction{Sender: "a@b", Recipients: many(1), Content: lines(10)})
			_ = c.Close()
			fmt.Fprintf(&out, "%v\n%+v\n%v %v %v\n", r.Err, r.Err, r.Mail, r.Data, r.Recipients)
			for _, s := range []string{"hunter22", "AGpvZQBodW50ZXIyMg", "aHVudGVyMjI", "auth=Bearer"} {
				if strings.Contains(out.String(), s) {
					t.Errorf("%s, %q: %q shows in\n%s", mechanism, answer, s, out.String())
				}
			}
		}
	}
}
