package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailchute/inject"
	"mailchute/relay/smtp/smtptest"
)

// served is a server on real sockets with a scripted smarthost behind it.
type served struct {
	t      *testing.T
	dir    string
	socket string
	port   string // of loopback; "" when there is none
	peer   *smtptest.Server
	server *server
	stderr *lockedBuffer
	hup    chan os.Signal
	stop   func() error
}

// lockedBuffer is standard error of a server.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

const serveConfig = `
smarthost = "smtp+plain://%s"
aliases = ""
[identity]
hostname = "box.example"
domain = "box.example"
[queue]
dir = %q
[redirect]
remember = false
[log]
to = %q
[serve]
listen = [%q, "127.0.0.1:0"]
%s
`

// write puts a configuration in place.
func (s *served) write(more string) {
	text := fmt.Sprintf(serveConfig, s.peer.Addr(), filepath.Join(s.dir, "queue"), filepath.Join(s.dir, "log"), "unix:"+s.socket, more)
	s.replace(text)
}

// replace puts a configuration in place at once: a reload may be reading it.
func (s *served) replace(text string) {
	fresh := filepath.Join(s.dir, "fresh")
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Rename(fresh, filepath.Join(s.dir, "serve.toml")); err != nil {
		s.t.Fatal(err)
	}
}

// serveWith starts a server; rules are the smarthost's, more is added to [serve].
func serveWith(t *testing.T, rules, more string) *served {
	t.Helper()
	p, err := newPeer(rules)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	dir := t.TempDir()
	s := &served{t: t, dir: dir, socket: filepath.Join(dir, "run", "submit.sock"), peer: p, stderr: &lockedBuffer{}, hup: make(chan os.Signal)}
	s.write(more)
	f := &face{process: process{Stderr: s.stderr, Getenv: func(string) string { return "" }}, voice: voice{s.stderr}, who: lookUpUser(),
		args: &inject.Args{ConfigFile: filepath.Join(dir, "serve.toml")}}
	first, err := f.settings()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server, err := first.newServer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s.server, s.port = server, server.submit.open[1].Addr().String()
	go func() { ended <- server.run(ctx, s.hup) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *served) dial(network, address string) *smtp.Client {
	s.t.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		s.t.Fatal(err)
	}
	client, err := smtp.NewClient(c, "localhost")
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// send submits one message over the Unix socket.
func (s *served) send(from, to, text string) error {
	c := s.dial("unix", s.socket)
	defer c.Close()
	return submit(c, from, to, text)
}

func submit(c *smtp.Client, from, to, text string) error {
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// eventually looks until something is so; it fails the test after 20 seconds.
func eventually(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !isSo(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

// arrive waits until the smarthost has n messages.
func (s *served) arrive(n int) []smtptest.Message {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if got := s.peer.Messages(); len(got) >= n {
			return got
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	s.t.Fatalf("%d messages, want %d\n%s\n%s", len(s.peer.Messages()), n, s.stderr.String(), log)
	return nil
}

func (s *served) log() string {
	text, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return string(text)
}

func TestServeTakesAMessageAndSendsIt(t *testing.T) {
	s := serveWith(t, "", "")
	if err := s.send("me", "root", "Bcc: hidden@example.org\nSubject: one\n\n.dot\n"); err != nil {
		t.Fatal(err)
	}
	got := s.arrive(1)[0]
	text := got.Text
	for _, want := range []string{"Received: from localhost (uid ", " by box.example (mailchute) with ", "Subject: one\r\n", "\r\nMessage-ID: <", "\r\n\r\n.dot\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "hidden") || !strings.Contains(strings.Join(got.Envelope, "\n"), "RCPT TO:<root@box.example>") {
		t.Errorf("%q\n%s", got.Envelope, text)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if log := s.log(); !strings.Contains(log, "event=session") || !strings.Contains(log, "event=kept") || !strings.Contains(log, "event=sent") {
		t.Error(log)
	}
}

func TestServeKeepsWhatTheSmarthostDoesNotTake(t *testing.T) {
	s := serveWith(t, "once CONNECT => 421 later\n", "")
	if err := s.send("me@box.example", "b@example.org", "Subject: late\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the attempt is in the log", func() bool { return strings.Contains(s.log(), "event=deferred") })
	s.stop()
	ids := 0
	for e, err := range s.server.queue.List() {
		if err != nil || e.Envelope.Recipients[0].Address.String() != "b@example.org" {
			t.Errorf("%v, %+v", err, e)
		}
		ids++
	}
	if ids != 1 {
		t.Errorf("%d messages are kept", ids)
	}
}

func TestServeStopsWithoutWaitingForIdleClients(t *testing.T) {
	s := serveWith(t, "", "")
	c, err := net.Dial("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "220 ") {
		t.Fatal(line, err)
	}
	s.stop()
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "421 4.3.2 ") {
		t.Error(line, err)
	}
	if _, err := os.Stat(s.socket); err == nil {
		t.Error("the socket is still there")
	}
}

func TestReloadKeepsTheOldConfigurationWhenTheNewOneIsWrong(t *testing.T) {
	s := serveWith(t, "", "")
	size := func() string {
		c := s.dial("unix", s.socket)
		defer c.Close()
		c.Hello("x")
		_, size := c.Extension("SIZE")
		return size
	}
	s.write("max_size = 5000")
	s.hup <- os.Interrupt
	s.hup <- os.Interrupt // taken only when the first reload is over
	if got := size(); got != "5000" {
		t.Errorf("SIZE %q after a reload", got)
	}
	s.write("max_syze = 6000")
	s.hup <- os.Interrupt
	s.hup <- os.Interrupt
	s.replace("") // as an editor leaves it for a moment
	s.hup <- os.Interrupt
	s.hup <- os.Interrupt
	if got := size(); got != "5000" {
		t.Errorf("SIZE %q after a wrong configuration", got)
	}
	if text := s.stderr.String(); !strings.Contains(text, "max_syze") || !strings.Contains(text, "no smarthost") || !strings.Contains(text, "the old configuration stays in force") {
		t.Errorf("standard error: %q", text)
	}
}

func TestLoopbackTakesOnlyWhatTheConfigurationAllows(t *testing.T) {
	s := serveWith(t, "", "")
	c := s.dial("tcp", s.port)
	if err := submit(c, "a@box.example", "b@example.org", "x"); err == nil || !strings.Contains(err.Error(), "5.7.1") {
		t.Errorf("without a rule: %v", err)
	}
	if !strings.Contains(s.log(), "takes no mail") && !strings.Contains(s.stderr.String(), "takes no mail") {
		t.Error("nobody was told that the port takes no mail")
	}
	s = serveWith(t, "", "users.loopback = [\"*@box.example\"]")
	c = s.dial("tcp", s.port)
	if err := submit(c, "a@other.example", "b@example.org", "x"); err == nil || !strings.Contains(err.Error(), "5.7.1") {
		t.Errorf("an address that is not allowed: %v", err)
	}
	c = s.dial("tcp", s.port)
	if err := submit(c, "a@box.example", "b@example.org", "From: Boss <boss@box.example>\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	got := s.arrive(1)[0]
	if text := got.Text; !strings.Contains(text, "\r\nSender: a@box.example\r\n") || !strings.Contains(text, "Received: from localhost by box.example") {
		t.Error(text)
	}
}

func TestAFloodOfSessionsLeavesRoomForOthers(t *testing.T) {
	s := serveWith(t, "", "")
	key := client{lookUpUser(), true}.key()
	for range sessionsPerUser {
		if !s.server.gate.enter(key) {
			t.Fatal("the gate closed early")
		}
	}
	c, err := net.Dial("unix", s.socket)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "421 4.7.0 ") {
		t.Errorf("%q, %v", answer, err)
	}
}
