package logbook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
)

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
	places := map[string]string{
		"a directory": dir, "a missing directory": filepath.Join(dir, "missing", "mail.log"),
		"a symbolic link": link, "a pipe that nobody reads": pipe, "a name with a NUL": "/tmp/x\x00y",
	}
	if info, err := os.Stat("/dev/full"); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		places["a full disk"] = "/dev/full"
	}
	for name, path := range places {
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
