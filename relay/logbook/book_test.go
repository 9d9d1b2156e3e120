package logbook

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func mustOpen(t *testing.T, to, format, tag string) *Book {
	t.Helper()
	b, err := Open(to, format, tag)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// onSockets is a book in front of these two sockets.
func onSockets(t *testing.T, format, journal, syslog string) *Book {
	t.Helper()
	b := mustOpen(t, "none", format, "tag")
	b.toSockets(journal, syslog)
	return b
}

func listen(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func receive(t *testing.T, c *net.UnixConn) []byte {
	t.Helper()
	packet := make([]byte, 1<<20)
	n, err := c.Read(packet)
	if err != nil {
		t.Fatal(err)
	}
	return packet[:n]
}

func TestOpenRefusesWhatMeansNothing(t *testing.T) {
	for _, tt := range []struct{ to, format, err string }{
		{"syslog", "text", `log destination "syslog" is neither`},
		{"log/mail.log", "text", `log destination "log/mail.log" is neither`},
		{"", "text", `log destination "" is neither`},
		{"auto", "xml\n", `log format "xml\n" is neither`},
	} {
		if _, err := Open(tt.to, tt.format, ""); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("Open(%q, %q): %v", tt.to, tt.format, err)
		}
	}
}

func TestStandardErrorGetsLines(t *testing.T) {
	var out bytes.Buffer
	b := mustOpen(t, "none", "text", "")
	b.toStream(&out)
	b.Write(example())
	if got := out.String(); !strings.Contains(got, " mailchute[") || !strings.HasSuffix(got, " user=joe\n") {
		t.Errorf("got %q", got)
	}
}

func TestADaemonThatRestartsMissesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log")
	b := onSockets(t, "text", filepath.Join(dir, "journal"), path)
	for range 3 {
		syslog := listen(t, path)
		b.Write(example())
		if err := b.Err(); err != nil {
			t.Fatal(err)
		}
		receive(t, syslog)
		_ = syslog.Close()
		_ = os.Remove(path)
	}
}

func TestNoLogOnTheMachineIsNoFailure(t *testing.T) {
	dir := t.TempDir()
	b := onSockets(t, "text", filepath.Join(dir, "journal"), filepath.Join(dir, "log"))
	b.Write(example())
	if err := b.Err(); err != nil {
		t.Error(err)
	}
}

func TestASocketThatNobodyHoldsIsNoFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	if _, err := os.Stat(path); err != nil { // some systems remove it with the socket
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := onSockets(t, "text", path+"x", path)
	b.Write(example())
	if !errors.Is(b.Err(), syscall.ECONNREFUSED) {
		t.Errorf("error %v", b.Err())
	}
}

func TestADaemonThatHangsIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	listen(t, filepath.Join(dir, "journal")) // never reads
	stream, err := net.Listen("unix", filepath.Join(dir, "stream"))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close() // never accepts

	writeUntilStuck(t, onSockets(t, "text", filepath.Join(dir, "journal"), filepath.Join(dir, "log")))
	writeUntilStuck(t, onSockets(t, "text", filepath.Join(dir, "none"), filepath.Join(dir, "stream")))
}

// writeUntilStuck fills what is behind b, and wants Write to come back all the
// same, with nothing worse than a record lost for want of time.
func writeUntilStuck(t *testing.T, b *Book) {
	t.Helper()
	r := with(func(r *Record) { r.Text = strings.Repeat("x", maxValue) })
	for range 10_000 {
		b.Write(r)
		if err := b.Err(); err != nil {
			if !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("stuck with %v", err)
			}
			return
		}
	}
	t.Error("it never got stuck")
}

func TestANilBookTakesRecords(t *testing.T) {
	var b *Book
	b.Write(example())
	if b.Err() != nil || b.Close() != nil {
		t.Error("a nil Book fails")
	}
	none := mustOpen(t, "none", "json", "")
	none.Write(example())
	if none.Err() != nil {
		t.Error("no log fails")
	}
}
