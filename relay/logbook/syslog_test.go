package logbook

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

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
