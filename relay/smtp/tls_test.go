package smtp

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mailchute/relay/smtp/smtptest"
)

// listen serves one connection after another until the test ends.
func listen(t *testing.T, serve func(net.Conn)) Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return Endpoint{Network: "tcp", Address: l.Addr().String(), Host: "mx.example"}
}

// simple is a server that agrees to everything, with the keywords given.
func simple(conn net.Conn, config *tls.Config, implicit bool, keywords ...string) {
	if implicit {
		conn = tls.Server(conn, config)
	}
	r := bufio.NewReader(conn)
	say := func(lines ...string) {
		for i, l := range lines {
			if i < len(lines)-1 {
				l = strings.Replace(l, " ", "-", 1)
			}
			_, _ = fmt.Fprintf(conn, "%s\r\n", l)
		}
	}
	say("220 mx.example")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.TrimSpace(line), " "); verb {
		case "EHLO":
			reply := []string{"250 mx.example"}
			for _, k := range keywords {
				reply = append(reply, "250 "+k)
			}
			say(reply...)
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, config)
			r = bufio.NewReader(conn)
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func TestCertificates(t *testing.T) {
	ca, other := smtptest.NewAuthority(t), smtptest.NewAuthority(t)
	good := ca.Issue(&x509.Certificate{DNSNames: []string{"mx.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
	alone := smtptest.SelfSigned(t, &x509.Certificate{DNSNames: []string{"mx.example"}})
	wrong := ca.Issue(&x509.Certificate{DNSNames: []string{"a.example", "*.b.example", "c\x1b.example", "d.example", "e.example", "f.example"}})
	expired := ca.Issue(&x509.Certificate{DNSNames: []string{"mx.example"}, NotBefore: time.Unix(1e9, 0), NotAfter: time.Unix(1.1e9, 0)})
	early := ca.Issue(&x509.Certificate{DNSNames: []string{"mx.example"}, NotBefore: time.Unix(4e9, 0), NotAfter: time.Unix(4.1e9, 0)})
	nameless := ca.Issue(&x509.Certificate{Subject: pkix.Name{CommonName: "mx.example"}})
	pin := func(c tls.Certificate) []byte { sum := sha256.Sum256(c.Leaf.Raw); return sum[:] }
	tests := []struct {
		name    string
		cert    tls.Certificate
		host    string
		options TLS
		want    string // in the error; "" is success
	}{
		{"chain and name are right", good, "mx.example", TLS{RootsFile: ca.File}, ""},
		{"the name with a dot at its end", good, "mx.example.", TLS{RootsFile: ca.File}, ""},
		{"the name is the address", good, "", TLS{RootsFile: ca.File}, ""},
		{"wrong name", wrong, "mx.example", TLS{RootsFile: ca.File}, `is for "a.example", "*.b.example", "c\x1b.example", "d.example", "e.example" and 1 more, not for "mx.example"; if that is the right server, set tls.server_name`},
		{"server_name", wrong, "mx.example", TLS{RootsFile: ca.File, ServerName: "x.b.example"}, ""},
		{"no name at all", nameless, "mx.example", TLS{RootsFile: ca.File}, "is for nobody (it has no name that counts), not for"},
		{"unknown issuer", good, "mx.example", TLS{RootsFile: other.File}, `is signed by "CN=Test \x1b[31mAuthority", who is not trusted here; put that issuer's certificate into tls.ca_file`},
		{"signed by itself", alone, "mx.example", TLS{RootsFile: ca.File}, "is signed by itself; put it into tls.ca_file, or set tls.fingerprint to sha256:" + fmt.Sprintf("%x", pin(alone))},
		{"expired", expired, "mx.example", TLS{RootsFile: ca.File}, `for "mx.example" expired on 2004-11-09`},
		{"not valid yet", early, "mx.example", TLS{RootsFile: ca.File}, "is not valid before 2096-10-02"},
		{"a fingerprint replaces all else", expired, "other.example", TLS{Fingerprint: pin(expired)}, ""},
		{"another fingerprint", good, "mx.example", TLS{RootsFile: ca.File, Fingerprint: pin(alone)}, "another fingerprint, sha256:" + fmt.Sprintf("%x", pin(good))},
		{"no file", good, "mx.example", TLS{RootsFile: "/nowhere"}, "tls.ca_file: open /nowhere: no such file"},
		{"a file without certificates", good, "mx.example", TLS{RootsFile: "tls_test.go"}, `tls.ca_file: no certificate in "tls_test.go"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := &tls.Config{Certificates: []tls.Certificate{tt.cert}}
			for _, security := range []Security{Implicit, StartTLS, Opportunistic} {
				e := listen(t, func(conn net.Conn) { simple(conn, config, security == Implicit, "STARTTLS") })
				e.Host, e.Security = tt.host, security
				c, err := Connect(t.Context(), e, Options{TLS: tt.options})
				if security == Opportunistic && tt.want != "" && tt.options.Fingerprint == nil && !strings.Contains(tt.want, "tls.ca_file:") {
					if err != nil || c.verified || !strings.Contains(c.Unverified().Error(), tt.want) {
						t.Errorf("opportunistic: %v", err)
					}
					continue
				}
				if tt.want == "" {
					if err != nil || !c.Trusted() || c.TLS() == nil {
						t.Errorf("security %d: %v", security, err)
					}
					continue
				}
				var e2 *Error
				if !errors.As(err, &e2) || e2.Phase != PhaseTLS || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("security %d: got %v", security, err)
				}
			}
		})
	}
}

func TestTLSOnAPlainPort(t *testing.T) {
	e := listen(t, func(conn net.Conn) { simple(conn, nil, false) })
	e.Security = Implicit
	_, err := Connect(t.Context(), e, Options{})
	if err == nil || !strings.Contains(err.Error(), "the server does not speak TLS on this port") {
		t.Errorf("got %v", err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{ca.Issue(&x509.Certificate{DNSNames: []string{"mx.example"}})}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	e := listen(t, func(conn net.Conn) { simple(conn, config, true) })
	e.Security = Implicit
	if _, err := Connect(t.Context(), e, Options{TLS: TLS{RootsFile: ca.File}}); err == nil {
		t.Error("TLS 1.1 was good enough")
	}
}

func TestOldExtensionsAreForgottenAfterSTARTTLS(t *testing.T) {
	ca := smtptest.NewAuthority(t)
	config := ca.Config("mx.example")
	e := listen(t, func(conn net.Conn) {
		hello := bufio.NewReader(conn)
		_, _ = conn.Write([]byte("220 mx.example\r\n"))
		_, _ = hello.ReadString('\n')
		_, _ = conn.Write([]byte("250-clear.example\r\n250-DSN\r\n250 STARTTLS\r\n"))
		_, _ = hello.ReadString('\n')
		_, _ = conn.Write([]byte("220 go on\r\n"))
		secure := tls.Server(conn, config)
		_, _ = bufio.NewReader(secure).ReadString('\n')
		_, _ = secure.Write([]byte("250-secret.example\r\n250 SIZE 7\r\n"))
	})
	e.Security = StartTLS
	c, err := Connect(t.Context(), e, Options{TLS: TLS{RootsFile: ca.File}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.abort()
	if x := c.Extensions(); x.DSN || x.StartTLS || x.MaxSize != 7 || c.Name() != "secret.example" {
		t.Errorf("got %+v of %q", x, c.Name())
	}
}

// counted counts the writes to a socket.
type counted struct {
	net.Conn
	writes atomic.Int32
}

func (c *counted) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// countWrites makes the client's connections count, and gives the latest one.
func countWrites(o *Options) **counted {
	var latest *counted
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		latest = &counted{Conn: conn}
		return latest, err
	}
	return &latest
}
