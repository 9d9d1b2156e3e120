package logbook

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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

// parseJournal reads a packet as systemd-journald does.
func parseJournal(t *testing.T, packet []byte) map[string][]string {
	t.Helper()
	fields := map[string][]string{}
	for len(packet) > 0 {
		end := bytes.IndexByte(packet, '\n')
		if end < 0 {
			t.Fatalf("no line feed behind %q", packet)
		}
		name, value, plain := strings.Cut(string(packet[:end]), "=")
		packet = packet[end+1:]
		if !plain {
			size := binary.LittleEndian.Uint64(packet)
			value, packet = string(packet[8:8+size]), packet[8+size:]
			if packet[0] != '\n' {
				t.Fatalf("no line feed behind the value of %s", name)
			}
			packet = packet[1:]
		}
		if !regexp.MustCompile(`^[A-Z][A-Z_]*$`).MatchString(name) {
			t.Fatalf("field name %q", name)
		}
		fields[name] = append(fields[name], value)
	}
	return fields
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

func TestAFileGetsALineForEachRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	b := mustOpen(t, path, "text", "sendmail")
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is there before the first record")
	}
	b.Write(example())
	b.Write(Record{Event: "warning", Text: "two\nlines"})
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`\A2026-03-01T12:30:15\.250Z sendmail\[\d+\]: id=5KQ2 event=sent .*
\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S+ sendmail\[\d+\]: event=warning text="two\\nlines"
\z`)
	if !want.Match(got) {
		t.Errorf("got %s", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestAFileMovedAwayIsMadeAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	b := mustOpen(t, path, "json", "")
	b.Write(example())
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	b.Write(example())
	for _, p := range []string{path, path + ".1"} {
		text, err := os.ReadFile(p)
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: %q, %v", p, text, err)
		}
	}
}

func TestRecordsOfManyWritersStayWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	const writers, records = 8, 50
	var wait sync.WaitGroup
	for range writers {
		b := mustOpen(t, path, "json", "")
		wait.Go(func() {
			for range records {
				b.Write(example())
			}
		})
	}
	wait.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) != writers*records {
		t.Errorf("%d lines", len(lines))
	}
	for _, l := range lines {
		if !json.Valid([]byte(l)) {
			t.Fatalf("torn line %s", l)
		}
	}
}

func TestAFileThatCannotBeWrittenIsNoFailure(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a directory": dir, "a missing directory": filepath.Join(dir, "missing", "mail.log"), "a full disk": "/dev/full",
		"a symbolic link": link, "a pipe that nobody reads": pipe, "a name with a NUL": "/tmp/x\x00y",
	} {
		b := mustOpen(t, path, "text", "")
		b.Write(example())
		if b.Err() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "target")); err == nil {
		t.Error("the symbolic link was followed")
	}
}

func TestAFullPipeIsNoFailure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(path, os.O_RDWR, 0) // never reads
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	b := mustOpen(t, path, "text", "")
	writeUntilStuck(t, b)
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

func TestTheJournalGetsFields(t *testing.T) {
	dir := t.TempDir()
	journal := listen(t, filepath.Join(dir, "journal"))
	b := onSockets(t, "text", filepath.Join(dir, "journal"), filepath.Join(dir, "log"))
	b.Write(with(func(r *Record) {
		r.Event, r.Text = "failed", "first line\nMESSAGE=forged\n\x1b[2J"
		r.Recipients = []Recipient{{"c@d", "old@d", "failed", "550 no"}, {"e@f", "e@f", "failed", "550 no"}}
	}))
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	packet := receive(t, journal)
	if !bytes.Contains(packet, []byte("\nMAILCHUTE_TEXT\n\x21\x00\x00\x00\x00\x00\x00\x00first line\nMESSAGE=forged\n\\x1b[2J\n")) {
		t.Errorf("a value with line feeds does not go by its length: %q", packet)
	}
	fields := parseJournal(t, packet)
	for name, want := range map[string]string{
		"PRIORITY": "4", "SYSLOG_FACILITY": "2", "SYSLOG_IDENTIFIER": "tag", "MAILCHUTE_ID": "5KQ2", "MAILCHUTE_EVENT": "failed",
		"MAILCHUTE_SENDER": "a@b.example", "MAILCHUTE_RECIPIENT": "c@d e@f", "MAILCHUTE_ORIGINAL_RECIPIENT": "old@d",
		"MAILCHUTE_REPLY": "550 no", "MAILCHUTE_MESSAGE_ID": "1.2@b.example", "MAILCHUTE_USER": "joe",
	} {
		if got := strings.Join(fields[name], " "); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	message := strings.Join(fields["MESSAGE"], "|")
	if !strings.HasPrefix(message, "id=5KQ2 event=failed from=<a@b.example> to=<c@d> ") {
		t.Errorf("MESSAGE is %q", message)
	}
	mustBeOneLine(t, []byte(message))
}

var syslogForm = regexp.MustCompile(`\A<22>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d tag\[\d+\]: (.*)\z`)

func TestSyslogGetsALineWhereThereIsNoJournal(t *testing.T) {
	dir := t.TempDir()
	syslog := listen(t, filepath.Join(dir, "log"))
	for _, format := range []string{"text", "json"} {
		b := onSockets(t, format, filepath.Join(dir, "journal"), filepath.Join(dir, "log"))
		b.Write(example())
		m := syslogForm.FindSubmatch(receive(t, syslog))
		switch {
		case m == nil:
			t.Errorf("%s: not the form of syslog", format)
		case format == "json" && !json.Valid(m[1]):
			t.Errorf("not JSON: %s", m[1])
		case format == "text" && !bytes.HasPrefix(m[1], []byte("id=5KQ2 event=sent ")):
			t.Errorf("got %s", m[1])
		}
	}
}

func TestASyslogStreamGetsLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := onSockets(t, "text", path+"x", path)
	b.Write(example())
	b.Write(example())
	if err := b.Err(); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) != 3 || !syslogForm.MatchString(lines[0]) || !syslogForm.MatchString(lines[1]) || lines[2] != "" {
		t.Errorf("got %q", lines)
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
