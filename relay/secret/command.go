package secret

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// run takes the secret from a command. Its standard input is empty.
func run(ctx context.Context, command string) (Secret, error) {
	stdout, stderr := head{limit: maxSize + 2}, tail{limit: 1 << 10}
	cmd := shell(ctx, command)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr

	if err := cmd.Run(); failed(err) {
		words := stderr.lastLine()
		if said, err := firstLine(stdout.kept); err == nil && repeats(words, said.Reveal()) {
			words = "" // set -x and its like repeat what was printed
		}
		return Secret{}, fmt.Errorf("the command for the secret failed: %w", explain(ctx, err, words))
	}
	s, err := firstLine(stdout.kept)
	if err != nil {
		return Secret{}, fmt.Errorf("what the command for the secret printed: %w", err)
	}
	return s, nil
}

// shell is a command. It leads a process group of its own, and the whole group is
// killed when ctx ends, so that no child of the shell goes on without it.
func shell(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for a process left behind with our pipes open, an agent for example
	return cmd
}

// failed tells whether a command did. That it left a process behind is no failure.
func failed(err error) bool { return err != nil && !errors.Is(err, exec.ErrWaitDelay) }

// explain says why a command failed: out of time, or its exit status and its own
// last words.
func explain(ctx context.Context, err error, words string) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		err = errors.New("it took too long")
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	if words == "" {
		return err
	}
	return fmt.Errorf("%w: %s", err, words)
}

// head is a writer that keeps the first octets and takes the rest without
// keeping it.
type head struct {
	limit int
	kept  []byte
}

func (h *head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}

// tail is a writer that keeps the last octets.
type tail struct {
	limit int
	kept  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p[max(0, len(p)-t.limit):]...)
	t.kept = t.kept[max(0, len(t.kept)-t.limit):]
	return len(p), nil
}

// lastLine is the last line that says something, fit to be shown: at most 200
// octets, and what cannot be printed is a blank.
func (t *tail) lastLine() string {
	const limit = 200
	text := strings.TrimSpace(string(t.kept))
	line := text[strings.LastIndexByte(text, '\n')+1:]
	line = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(line, "?"))
	if len(line) > limit {
		line = strings.ToValidUTF8(line[:limit], "") + "..."
	}
	return strings.TrimSpace(line)
}
