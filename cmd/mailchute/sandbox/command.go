package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"mailchute/headers"
)

// Exit statuses that a shell gives where a command has none.
const (
	exitNotStarted = 126
	exitNotFound   = 127
	exitSignal     = 128 // and the signal's number
)

// killAfter is how long a command that was asked to end may take.
const killAfter = 5 * time.Second

// runCommand runs the command, or sendmail on the message at Stdin, and gives
// its exit status.
func runCommand(ctx context.Context, o Options, r room) (int, error) {
	env := r.environment(o.Env)
	argv, stdin := o.Command, o.Stdin
	if stdin == nil {
		stdin = strings.NewReader("")
	}
	path := r.sendmail()
	if len(argv) == 0 {
		var err error
		if argv, stdin, err = sendmailFor(ctx, stdin); err != nil {
			return exitSoftware, err
		}
	} else {
		var err error
		if path, err = find(argv[0], env); err != nil {
			return exitNotFound, err
		}
	}
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, o.Stdout, o.Stderr
	if o.JSON {
		cmd.Stdout = o.Stderr
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = killAfter
	if err := cmd.Start(); err != nil {
		return exitNotStarted, err
	}
	return status(cmd.Wait(), cmd.ProcessState)
}

// status is the exit status of a command that has run. err is what Wait said; an
// end by ctx and output that somebody still holds open are no errors.
func status(err error, state *os.ProcessState) (int, error) {
	var exited *exec.ExitError
	if errors.As(err, &exited) || errors.Is(err, exec.ErrWaitDelay) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	if state == nil || err != nil {
		return exitSoftware, err
	}
	if wait, ok := state.Sys().(syscall.WaitStatus); ok && wait.Signaled() {
		return exitSignal + int(wait.Signal()), nil
	}
	return state.ExitCode(), nil
}

// find looks a command up as a shell in the sandbox would: a name without a slash
// in the PATH of env.
func find(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, pair := range env {
		list, ok := strings.CutPrefix(pair, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
				return filepath.Abs(path)
			}
		}
	}
	return "", fmt.Errorf("command %q: %w", name, fs.ErrNotExist)
}

// sendmailFor is the command line that sends the message at stdin, and the whole
// message again. The header is read ahead to see whether the message names
// anybody; a terminal keeps Run waiting there, so ctx can end it.
func sendmailFor(ctx context.Context, stdin io.Reader) (argv []string, message io.Reader, err error) {
	var seen bytes.Buffer
	found := make(chan bool, 1)
	go func() {
		h, err := headers.Read(bufio.NewReaderSize(io.TeeReader(stdin, &seen), 64<<10))
		found <- err != nil || len(headers.Recipients(h)) > 0
	}()
	select {
	case <-ctx.Done():
		return nil, nil, errors.New("interrupted while the message was read")
	case named := <-found:
		argv = []string{"sendmail", "-t", "-i"}
		if !named {
			argv = append(argv, "--", fallbackRecipient)
		}
		return argv, io.MultiReader(&seen, stdin), nil
	}
}
