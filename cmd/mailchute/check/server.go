package check

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"

	"mailchute/inject/config"
)

// serverTime bounds the wait for the local server's greeting.
const serverTime = 3 * time.Second

// checkServer tells whether the local server answers, and this user may connect.
func checkServer(ctx context.Context, at about, l config.Listen, needed bool) (serves bool) {
	if _, err := os.Lstat(l.Address); l.Network == "unix" && err != nil {
		if needed {
			at.warn("serve", "there is no socket "+l.Address+": the local server does not run", "systemctl enable --now mailchute.socket, or mailchute serve")
		} else {
			at.ok("serve", "the local server is not in use")
		}
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, serverTime)
	defer cancel()
	greeting, err := greetingOf(ctx, l)
	switch {
	case err == nil && strings.HasPrefix(greeting, "220"):
		at.ok("serve", "the local server answers on "+l.Address)
		return true
	case errors.Is(err, fs.ErrPermission):
		at.warn("serve", "this user cannot connect to "+l.Address, "who may is said by the mode of the socket and of the directories above it")
		return true
	case err != nil && l.Network != "unix" && !needed:
		at.ok("serve", "the local server is not in use")
		return false
	case err != nil:
		at.warn("serve", l.Address+" is there, but the local server does not answer: "+err.Error(), "systemctl status mailchute.service; a socket that was left behind may be removed")
	default:
		at.warn("serve", l.Address+" belongs to something else: "+clip(greeting), "")
	}
	return false
}

// greetingOf is the first line that a server says.
func greetingOf(ctx context.Context, l config.Listen) (string, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, l.Network, l.Address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if end, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(end)
	}
	line := make([]byte, 512)
	n, err := conn.Read(line)
	if err != nil {
		return "", err
	}
	_, _ = conn.Write([]byte("QUIT\r\n"))
	text, _, _ := strings.Cut(string(line[:n]), "\r\n")
	return text, nil
}
