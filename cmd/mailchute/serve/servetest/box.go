// Package servetest is what the local submission server needs around it in a
// test: a scripted smarthost behind it, a configuration, and clients in front.
// How the server itself is started is the test's own.
package servetest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mailchute/relay/smtp/smtptest"
)

// Box is one such place.
type Box struct {
	T      testing.TB
	Dir    string
	Socket string
	Port   string // of loopback, once the server listens there
	Peer   *smtptest.Server
	Stderr *Buffer
}

// New makes the place. Rules are the smarthost's, more is added to [serve].
func New(t testing.TB, rules, more string) *Box {
	t.Helper()
	p := smtptest.New(rules)
	p.Keywords = "PIPELINING,SIZE 100000000,DSN,8BITMIME"
	NoError(t, p.Start())
	t.Cleanup(p.Close)
	dir := t.TempDir()
	b := &Box{T: t, Dir: dir, Socket: filepath.Join(dir, "run", "submit.sock"), Peer: p, Stderr: &Buffer{}}
	b.Write(more)
	return b
}

// File is the path of the configuration.
func (b *Box) File() string { return filepath.Join(b.Dir, "serve.toml") }

// Config is a configuration, to be filled in with smarthost, queue, log, socket,
// port and more keys of [serve].
const Config = `
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
listen = [%q, %q]
%s
`

// Write puts a configuration in place that listens on any port of loopback.
func (b *Box) Write(more string) { b.Replace(b.Text("127.0.0.1:0", more)) }

// Text is a configuration that listens on a port of loopback too.
func (b *Box) Text(port, more string) string {
	return fmt.Sprintf(Config, b.Peer.Addr(), filepath.Join(b.Dir, "queue"), filepath.Join(b.Dir, "log"), "unix:"+b.Socket, port, more)
}

// Replace puts a configuration in place at once: a reload may be reading it.
func (b *Box) Replace(text string) {
	fresh := filepath.Join(b.Dir, "fresh")
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		b.T.Fatal(err)
	}
	if err := os.Rename(fresh, filepath.Join(b.Dir, "serve.toml")); err != nil {
		b.T.Fatal(err)
	}
}

func (b *Box) Dial(network, address string) *smtp.Client {
	b.T.Helper()
	c, err := net.Dial(network, address)
	if err != nil {
		b.T.Fatal(err)
	}
	client, err := smtp.NewClient(c, "localhost")
	if err != nil {
		b.T.Fatal(err)
	}
	return client
}

// Send submits one message over the Unix socket.
func (b *Box) Send(from, to, text string) error {
	c := b.Dial("unix", b.Socket)
	defer c.Close()
	return Submit(c, from, to, text)
}

// Submit hands in one message, and quits.
func Submit(c *smtp.Client, from, to, text string) error {
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

// Patience is how long a test waits for what must come: far longer than it takes on a
// machine that is busy with other things.
const Patience = time.Minute

// Eventually looks until something is so; it fails the test when Patience is over.
func Eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(Patience); !isSo(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}

// Arrive waits until the smarthost has n messages.
func (b *Box) Arrive(n int) []smtptest.Message {
	b.T.Helper()
	for end := time.Now().Add(Patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if got := b.Peer.Messages(); len(got) >= n {
			return got
		}
	}
	log, _ := os.ReadFile(filepath.Join(b.Dir, "log"))
	b.T.Fatalf("%d messages, want %d\n%s\n%s", len(b.Peer.Messages()), n, b.Stderr.String(), log)
	return nil
}

func (b *Box) Log() string {
	text, _ := os.ReadFile(filepath.Join(b.Dir, "log"))
	return string(text)
}

// Buffer is standard error of a server.
type Buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}
