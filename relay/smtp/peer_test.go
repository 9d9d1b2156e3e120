package smtp

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	gosasl "github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"mailchute/relay/secret"
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
