package main

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestFlushShowsProgressOnATerminalAlone(t *testing.T) {
	flush := func(s *stage) *exec.Cmd {
		s.accept(0, "a@x.example")
		s.accept(0, "b@x.example")
		return s.command("mailchute", "queue", "flush")
	}
	s := newStage(t, &scene{})
	defer s.end()
	cmd := flush(s)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("without a terminal: %v, %q", err, out)
	}

	cmd = flush(s)
	text := onTerminal(t, func(theirs *os.File) error {
		cmd.Stdout = theirs
		return cmd.Run()
	})
	if first, last := strings.Index(text, "\r1 messages: 1 recipients delivered"), strings.Index(text, "\r2 messages: 2 recipients delivered, 0 deferred, 0 failed\r\n"); first < 0 || last < first {
		t.Errorf("a terminal sees %q", text)
	}
}

// onTerminal runs something with one end of a terminal, and gives what came out
// of the other.
func onTerminal(t *testing.T, run func(theirs *os.File) error) string {
	t.Helper()
	ours, theirs := openTerminal(t)
	seen := make(chan string)
	go func() {
		text, _ := io.ReadAll(ours) // ends with EIO when the other end is closed
		seen <- string(text)
	}()
	err := run(theirs)
	theirs.Close()
	if err != nil {
		t.Error(err)
	}
	return <-seen
}

func TestALargeMessageShowsProgressWithV(t *testing.T) {
	s := newStage(t, &scene{stdin: "Subject: large\n\n" + strings.Repeat("a line of text\n", 200_000)})
	defer s.end()
	send := func(options ...string) string {
		return onTerminal(t, func(theirs *os.File) error {
			cmd := s.command(append([]string{"sendmail", "a@x.example"}, options...)...)
			cmd.Stderr = theirs
			return cmd.Run()
		})
	}
	if text := send("-v"); !strings.Contains(text, " MB sent\r") {
		t.Errorf("a terminal sees %q", text)
	}
	if text := send(); strings.Contains(text, "MB") {
		t.Errorf("without -v a terminal sees %q", text)
	}
}
