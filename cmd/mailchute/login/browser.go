package login

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/terminal"
	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/oauth"
)

// byBrowser waits for a browser to come back, or for somebody to paste where it
// wanted to go.
func (l *subject) byBrowser(ctx context.Context) (oauth.Token, error) {
	b, err := l.source.Client.NewLoopback(l.account.User)
	if err != nil {
		return oauth.Token{}, err
	}
	defer b.Close()
	fmt.Fprintf(l.Stderr, "Open this address in a browser and log in as %s:\n\n  %s\n\n", voice.Printable(l.account.User), voice.Printable(b.Address))
	if program := l.opener(); program != "" {
		if err := openBrowser(program, b.Address); err == nil {
			fmt.Fprintln(l.Stderr, "A browser should open by itself.")
		}
	}
	fmt.Fprintln(l.Stderr, "If it runs on another machine, it ends at a page that cannot be reached, on 127.0.0.1\nor localhost: paste that address here.")
	reading, stop := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() { defer close(stopped); l.readPasted(reading, b) }()
	t, err := b.Wait(ctx)
	stop()
	select { // what is typed from now on is for somebody else
	case <-stopped:
	case <-time.After(2 * glance): // half a line came: it was for us
	}
	return t, err
}

// glance is how often somebody who waits for input looks whether he still has to.
const glance = 100 * time.Millisecond

// readPasted takes lines of standard input until one is the answer, or ctx ends.
func (l *subject) readPasted(ctx context.Context, b *oauth.Loopback) {
	for l.Stdin != nil && ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(l.Stdin.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, int(glance.Milliseconds())); n == 0 || errors.Is(err, unix.EINTR) {
			continue
		}
		line, err := terminal.ReadLine(l.Stdin)
		if err != nil {
			return // nobody is there; the browser may come all the same
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if err = b.Paste(line); err == nil {
			return
		}
		l.voice.Say("%v; paste all of the address, from http:// on", err)
	}
}

// opener is the program that opens a browser here, "" where none would be seen:
// without a terminal, without a display, on the far side of a connection, and for
// root, whose browser nobody should use.
func (l *subject) opener() string {
	if !terminal.Is(l.Stderr) || l.Getenv("SSH_CONNECTION") != "" || os.Getuid() == 0 {
		return ""
	}
	if runtime.GOOS == "darwin" {
		return "open"
	}
	if l.Getenv("DISPLAY") == "" && l.Getenv("WAYLAND_DISPLAY") == "" {
		return ""
	}
	return "xdg-open"
}

// openBrowser starts a program with the address and does not wait for it. What it
// has to say is not for this terminal.
func openBrowser(program, address string) error {
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return errors.New("no address of the web")
	}
	cmd := exec.Command(program, address)
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
