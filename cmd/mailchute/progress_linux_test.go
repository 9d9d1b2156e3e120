package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is both ends of a pseudo terminal.
func terminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("a pseudo terminal is needed: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Skipf("a pseudo terminal is needed: %v", err)
	}
	return ours, theirs
}

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

	ours, theirs := terminal(t)
	cmd = flush(s)
	cmd.Stdout = theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	seen := make(chan string)
	go func() {
		text, _ := io.ReadAll(ours) // ends with EIO when the other end is closed
		seen <- string(text)
	}()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	text := <-seen
	if first, last := strings.Index(text, "\r1 messages: 1 recipients delivered"), strings.Index(text, "\r2 messages: 2 recipients delivered, 0 deferred, 0 failed\r\n"); first < 0 || last < first {
		t.Errorf("a terminal sees %q", text)
	}
}
