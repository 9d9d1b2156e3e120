package sandbox

import (
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"mailchute/headers/address"
)

// maxMessage is the size in octets of the largest message that the sandbox takes.
const maxMessage = 256 << 20

// server is the smarthost: one server at two ports of loopback.
type server struct {
	implicit, startTLS string // host:port, with TLS from the start and with STARTTLS
	user, password     string

	smtp      *smtp.Server
	listeners []net.Listener
	accepting sync.WaitGroup
	open      sync.WaitGroup // connections
}

// serve starts the smarthost. What arrives goes into b.
func serve(b *box, c certificate, redirects []Redirect) (*server, error) {
	s := &server{user: "sandbox", password: rand.Text()}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c, box: b, redirects: redirects}, nil
	}))
	s.smtp.Domain = "localhost"
	s.smtp.TLSConfig = &tls.Config{Certificates: []tls.Certificate{c.pair}, MinVersion: tls.VersionTLS12}
	s.smtp.MaxMessageBytes = maxMessage
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = 5*time.Minute, 5*time.Minute
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	s.smtp.EnableSMTPUTF8, s.smtp.EnableREQUIRETLS, s.smtp.EnableDSN, s.smtp.EnableRRVS = true, true, true, true
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.close()
			return nil, err
		}
		s.listeners = append(s.listeners, counted{l, &s.open})
	}
	s.implicit, s.startTLS = s.listeners[0].Addr().String(), s.listeners[1].Addr().String()
	s.accepting.Go(func() { s.smtp.Serve(tls.NewListener(s.listeners[0], s.smtp.TLSConfig)) })
	s.accepting.Go(func() { s.smtp.Serve(s.listeners[1]) })
	return s, nil
}

// drain takes no more connections and waits for those that are open, for no
// longer than most.
func (s *server) drain(most time.Duration) {
	for _, l := range s.listeners {
		l.Close()
	}
	s.accepting.Wait()
	done := make(chan struct{})
	go func() { s.open.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(most):
	}
}

// close ends the server and every connection with it. One that go-smtp has not
// come to know yet may stay a moment longer.
func (s *server) close() {
	s.smtp.Close()
	s.drain(time.Second)
}

// counted is a listener that knows how many of its connections are open.
type counted struct {
	net.Listener
	open *sync.WaitGroup
}

// Accept counts a connection in; to close it counts it out.
func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.open.Add(1)
	return &countedConn{Conn: c, closed: sync.OnceFunc(l.open.Done)}, nil
}

type countedConn struct {
	net.Conn
	closed func()
}

func (c *countedConn) Close() error {
	defer c.closed()
	return c.Conn.Close()
}

// session is one client's talk with the smarthost; it implements
// smtp.AuthSession.
type session struct {
	server    *server
	conn      *smtp.Conn
	box       *box
	redirects []Redirect

	mu     sync.Mutex // go-smtp runs Data beside Reset when a transfer breaks off
	login  string
	letter letter
}

// AuthMechanisms is PLAIN alone: there is no go-sasl server for more.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth takes the login that is in the configuration.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.user || subtle.ConstantTimeCompare([]byte(password), []byte(s.server.password)) != 1 {
			return smtp.ErrAuthFailed
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.login = user
		return nil
	}), nil
}

// Mail begins a message. Without the login there is none, RFC 4954 section 6.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.login == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.letter = letter{From: mailbox(from), Auth: s.login, Hello: s.conn.Hostname()}
	if state, ok := s.conn.TLSConnectionState(); ok {
		s.letter.TLS = tls.VersionName(state.Version)
	}
	return nil
}

// Rcpt takes every recipient but those that have moved.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	a := mailbox(to)
	for _, r := range s.redirects {
		if r.Old.Equal(a) {
			s.box.redirected(r)
			return moved(r)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letter.To = append(s.letter.To, a)
	return nil
}

// moved is the answer to RCPT for a mailbox that has moved,
// draft-sam-smtp-redirects section 3.1.
func moved(r Redirect) *smtp.SMTPError {
	switch r.Code {
	case 551:
		return &smtp.SMTPError{Code: 551, EnhancedCode: smtp.EnhancedCode{5, 1, 6}, Message: fmt.Sprintf("user not local; please try <%s>", r.New)}
	case 558:
		return &smtp.SMTPError{Code: 558, EnhancedCode: smtp.EnhancedCode{5, 2, 8}, Message: fmt.Sprintf("mailbox has moved for now to <%s>", r.New)}
	}
	return &smtp.SMTPError{Code: 557, EnhancedCode: smtp.EnhancedCode{5, 2, 7}, Message: fmt.Sprintf("mailbox has moved to <%s>", r.New)}
}

// Data puts the message into the box.
func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	l := s.letter
	s.mu.Unlock()
	return s.box.put(l, r)
}

// Reset forgets the message that was begun.
func (s *session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letter = letter{}
}

// Logout has nothing to free.
func (s *session) Logout() error { return nil }

// mailbox is an address as go-smtp gives it: the local part without its quotes.
func mailbox(s string) address.Addr {
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return address.Addr{Local: s}
	}
	return address.Addr{Local: s[:at], Domain: s[at+1:]}
}
