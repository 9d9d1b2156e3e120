package relay

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/route"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
	"mailchute/relay/smtp/smtptest"
)

// A realPeer is another program's server, started for the test on loopback.
type realPeer struct {
	smarthosts []route.Smarthost // each is tried
	login      bool              // as realUser
	texts      func() []string   // what has arrived so far; nil: nobody can tell
}

const (
	realUser     = "me"
	realPassword = "hush-hush"
)

// TestRealPeers sends to the servers that people have: small and large messages,
// to one and to many.
func TestRealPeers(t *testing.T) {
	eachRealPeer(t, func(t *testing.T, s *stage, p realPeer) {
		for _, smarthost := range p.smarthosts {
			s.await(smarthost.Port)
			for _, recipients := range []int{1, 100} {
				for _, size := range []int{1 << 10, 10 << 20} {
					t.Run(fmt.Sprintf("%s, %d recipients, %d octets", smarthost.Scheme, recipients, size), func(t *testing.T) {
						s.send(t, p, smarthost, recipients, size)
					})
				}
			}
		}
	})
}

func eachRealPeer(t *testing.T, f func(*testing.T, *stage, realPeer)) {
	for _, peer := range []struct {
		name  string
		start func(t *testing.T, s *stage) realPeer
	}{
		{"go-smtp", startGoSMTP}, {"aiosmtpd", startAiosmtpd}, {"Postfix", startPostfix}, {"Exim", startExim}, {"OpenSMTPD", startOpenSMTPD}, {"Dovecot", startDovecot},
	} {
		t.Run(peer.name, func(t *testing.T) {
			s := newStage(t)
			f(t, s, peer.start(t, s))
		})
	}
}

// send sends one message, and looks whether it arrived as it was.
func (s *stage) send(t *testing.T, p realPeer, smarthost route.Smarthost, recipients, size int) {
	before := 0
	if p.texts != nil {
		before = len(p.texts())
	}
	var dialogue []string
	r := s.relay(p, smarthost, &dialogue)
	body := strings.Repeat("A line of text, and a dot at the start of the next one.\r\n.\r\n..\r\n", size/65)
	env := newEnvelope(numbered(recipients)...)
	m := newMessage(body)
	m = &message.Message{Header: append([]byte("To: all@x.example\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\nMessage-ID: <1@here.example>\r\n"), m.Header...), Body: m.Body}
	r.Deliver(context.Background(), env, m)
	for _, rcpt := range env.Recipients {
		if rcpt.Outcome.State != envelope.Delivered {
			t.Fatalf("%s: %s\n%s\n%s", rcpt.Original, rcpt.Outcome.Text(), strings.Join(dialogue, "\n"), s.output())
		}
	}
	if p.texts == nil {
		return
	}
	texts := p.texts()
	if len(texts) != before+1 {
		t.Fatalf("%d messages arrived, want one", len(texts)-before)
	}
	if !strings.HasSuffix(texts[before], "\r\n\r\n"+body) {
		t.Errorf("the text is not what was sent; it has %d octets, the body %d", len(texts[before]), len(body))
	}
}

// relay is the way to a smarthost; what is said there goes into dialogue.
func (s *stage) relay(p realPeer, smarthost route.Smarthost, dialogue *[]string) *Relay {
	r := &Relay{Smarthosts: []route.Smarthost{smarthost}, SMTP: smtp.Options{Hello: "client.example", TLS: smtp.TLS{RootsFile: s.certificate},
		Trace: func(line string) { *dialogue = append(*dialogue, line) }}}
	if p.login && smarthost.Scheme != route.Plain {
		r.SMTP.Login = &smtp.Login{User: realUser, Secret: (secret.Source{Text: realPassword}).Read}
	}
	return r
}

// stage is where a server stands: a directory, a certificate, a log.
type stage struct {
	t           *testing.T
	dir         string
	certificate string
	key         string
	log         string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	// Not t.TempDir: users that servers change to must get into it.
	dir, err := os.MkdirTemp("", "realpeer")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, dir: dir, certificate: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), log: filepath.Join(dir, "output")}
	key, err := rsa.GenerateKey(rand.Reader, 2048) // what OpenSMTPD can use, too
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"peer.example"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s.write("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	if err := os.Chmod(s.key, 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

// write makes a file in the stage. @DIR@, @CERT@ and @KEY@ in it become paths.
func (s *stage) write(name, text string, words ...string) string {
	s.t.Helper()
	path := filepath.Join(s.dir, name)
	text = strings.NewReplacer(append(words, "@DIR@", s.dir, "@CERT@", s.certificate, "@KEY@", s.key)...).Replace(text)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// port is one that nobody uses.
func (s *stage) port() int { return smtptest.FreePort(s.t) }

// run starts a server, which ends with the test.
func (s *stage) run(name string, args ...string) {
	s.t.Helper()
	log, err := os.Create(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it and its children, by their group
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	s.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		log.Close()
	})
}

// await waits until somebody answers at a port.
func (s *stage) await(port int) {
	s.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			c.Close()
			return
		}
	}
	s.t.Fatalf("nobody answers at port %d\n%s", port, s.output())
}

// output is what the server has said of itself.
func (s *stage) output() string {
	var all bytes.Buffer
	logs, _ := filepath.Glob(filepath.Join(s.dir, "log*"))
	for _, name := range append(logs, s.log) {
		text, _ := os.ReadFile(name)
		all.Write(text[max(0, len(text)-4000):])
	}
	return all.String()
}

func at(scheme route.Scheme, port int) route.Smarthost {
	return route.Smarthost{Scheme: scheme, Host: "127.0.0.1", Port: port}
}

// program is the path of an installed program, or the end of the test.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("%s is not installed", names[0])
	return ""
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("this server has to be started by root")
	}
}
