package login

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/voice"
	"mailchute/relay/oauth"
)

// authorize has a person let this program in: by device code where the server
// offers it, as that works everywhere, else by browser.
func (c *Command) authorize(ctx context.Context, l *TokenLogin) (oauth.Token, error) {
	client := &l.Source.Client
	if c.Device && client.Device == "" {
		known, _ := oauth.Known(l.Account.OAuth.Provider, "")
		why := known.Note
		if why == "" {
			why = "no oauth.device_endpoint is configured"
		}
		return oauth.Token{}, &oauth.Error{Doing: "asking for a code", Text: why + "; leave --device out"}
	}
	if c.Browser && client.Authorization == "" {
		return oauth.Token{}, &oauth.Error{Doing: "asking for the browser", Text: "no oauth.authorization_endpoint is configured; leave --browser out"}
	}
	if client.Device != "" && !c.Browser {
		return client.DeviceLogin(ctx, l.showCode)
	}
	return l.ByBrowser(ctx)
}

// showCode tells a person where to type the code in.
func (l *TokenLogin) showCode(p oauth.Prompt) {
	fmt.Fprintf(l.Stderr, "On any device, open\n\n  %s\n\nand type in the code\n\n  %s\n\n", voice.Printable(p.Address), voice.Printable(p.Code))
	if p.Complete != "" {
		fmt.Fprintf(l.Stderr, "or open %s\n", voice.Printable(p.Complete))
	}
	fmt.Fprintf(l.Stderr, "Log in there as %s. Waiting until %s ...\n", voice.Printable(l.Account.User), p.Until.Local().Format(time.TimeOnly))
}

// ByBrowser waits for a browser to come back, or for somebody to paste where it
// wanted to go.
func (l *TokenLogin) ByBrowser(ctx context.Context) (oauth.Token, error) {
	b, err := l.Source.Client.NewLoopback(l.Account.User)
	if err != nil {
		return oauth.Token{}, err
	}
	defer b.Close()
	fmt.Fprintf(l.Stderr, "Open this address in a browser and log in as %s:\n\n  %s\n\n", voice.Printable(l.Account.User), voice.Printable(b.Address))
	if opener := l.Browser(); opener != "" {
		if err := OpenBrowser(opener, b.Address); err == nil {
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
func (l *TokenLogin) readPasted(ctx context.Context, b *oauth.Loopback) {
	for l.Stdin != nil && ctx.Err() == nil {
		fds := []unix.PollFd{{Fd: int32(l.Stdin.Fd()), Events: unix.POLLIN}}
		if n, err := unix.Poll(fds, int(glance.Milliseconds())); n == 0 || errors.Is(err, unix.EINTR) {
			continue
		}
		line, err := voice.ReadLine(l.Stdin)
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

// Browser is the program that opens a browser here, "" where none would be seen:
// without a terminal, without a display, on the far side of a connection, and for
// root, whose browser nobody should use.
func (l *TokenLogin) Browser() string {
	if !voice.IsTerminal(l.Stderr) || l.Getenv("SSH_CONNECTION") != "" || host.LookUpUser().UID == 0 {
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

// OpenBrowser starts a program with the address and does not wait for it. What it
// has to say is not for this terminal.
func OpenBrowser(program, address string) error {
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
