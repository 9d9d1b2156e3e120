package relay

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	server "github.com/emersion/go-smtp"

	"mailchute/relay/route"
)

// recorder is the part of a go-smtp server that keeps what arrives.
type recorder struct {
	mu    sync.Mutex
	texts []string
}

func (r *recorder) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.texts...)
}

func (r *recorder) NewSession(*server.Conn) (server.Session, error) { return r, nil }
func (r *recorder) AuthMechanisms() []string                        { return []string{sasl.Plain} }

func (r *recorder) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != realUser || password != realPassword {
			return server.ErrAuthFailed
		}
		return nil
	}), nil
}

func (r *recorder) Reset()                                 {}
func (r *recorder) Logout() error                          { return nil }
func (r *recorder) Mail(string, *server.MailOptions) error { return nil }
func (r *recorder) Rcpt(string, *server.RcptOptions) error { return nil }

func (r *recorder) Data(text io.Reader) error {
	all, err := io.ReadAll(text)
	if err == nil {
		r.mu.Lock()
		r.texts = append(r.texts, string(all))
		r.mu.Unlock()
	}
	return err
}

// record starts a go-smtp server; with secure, one that knows TLS.
func record(t *testing.T, s *stage, secure bool) (*recorder, *server.Server, int) {
	t.Helper()
	r := &recorder{}
	srv := server.NewServer(r)
	srv.Domain, srv.MaxMessageBytes, srv.MaxRecipients = "peer.example", 100<<20, 1000
	if secure {
		pair, err := tls.LoadX509KeyPair(s.certificate, s.key)
		if err != nil {
			t.Fatal(err)
		}
		srv.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { srv.Close() })
	return r, srv, l.Addr().(*net.TCPAddr).Port
}

func startGoSMTP(t *testing.T, s *stage) realPeer {
	r, srv, port := record(t, s, true)
	l, err := tls.Listen("tcp", "127.0.0.1:0", srv.TLSConfig)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(l) }()
	return realPeer{smarthosts: []route.Smarthost{at(route.Submission, port), at(route.Submissions, l.Addr().(*net.TCPAddr).Port)}, login: true, texts: r.all}
}
