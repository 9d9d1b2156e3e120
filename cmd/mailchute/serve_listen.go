package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"mailchute/inject/config"
	"mailchute/relay/logbook"
)

// socket is a socket that the server listens on.
type socket struct {
	net.Listener
	local bool // a Unix socket: the kernel tells who is at the other end
}

// openSockets gives the sockets that systemd has handed over, else those of the
// configuration.
func openSockets(wanted []config.Listen, getenv func(string) string) ([]socket, error) {
	given, err := inherited(getenv)
	if err != nil || len(given) > 0 {
		return given, err
	}
	if len(wanted) == 0 {
		return nil, &configError{errors.New("serve.listen is empty: nothing to listen on")}
	}
	var sockets []socket
	for _, l := range wanted {
		s, err := open(l)
		if err != nil {
			closeSockets(sockets)
			return nil, err
		}
		sockets = append(sockets, s)
	}
	return sockets, nil
}

func closeSockets(sockets []socket) {
	for _, s := range sockets {
		s.Close()
	}
}

// firstInherited is the descriptor of the first socket from systemd, sd_listen_fds(3).
const firstInherited = 3

// inherited is the sockets of socket activation, sd_listen_fds(3). They are not
// for children of ours, so the variables are taken away.
func inherited(getenv func(string) string) ([]socket, error) {
	pid, _ := strconv.Atoi(getenv("LISTEN_PID"))
	n, _ := strconv.Atoi(getenv("LISTEN_FDS"))
	if pid != os.Getpid() || n <= 0 {
		return nil, nil
	}
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	var sockets []socket
	for fd := firstInherited; fd < firstInherited+n; fd++ {
		syscall.CloseOnExec(fd)
		file := os.NewFile(uintptr(fd), "socket "+strconv.Itoa(fd))
		l, err := net.FileListener(file)
		file.Close()
		if err != nil {
			closeSockets(sockets)
			return nil, fmt.Errorf("socket %d from systemd: %w", fd, err)
		}
		if u, ok := l.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false)
			sockets = append(sockets, socket{l, true})
			continue
		}
		if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
			l.Close()
			closeSockets(sockets)
			return nil, &configError{fmt.Errorf("socket %s from systemd is no loopback address; serve is for this machine only", l.Addr())}
		}
		sockets = append(sockets, socket{l, false})
	}
	return sockets, nil
}

// open listens on one socket. Everybody on the machine may connect to a Unix
// socket: who it is decides what is allowed.
func open(l config.Listen) (socket, error) {
	if l.Network != "unix" {
		n, err := net.Listen(l.Network, l.Address)
		return socket{n, false}, err
	}
	if err := os.MkdirAll(filepath.Dir(l.Address), 0o755); err != nil {
		return socket{}, err
	}
	if err := removeStale(l.Address); err != nil {
		return socket{}, err
	}
	n, err := net.Listen("unix", l.Address)
	if err != nil {
		return socket{}, err
	}
	if err := os.Chmod(l.Address, 0o666); err != nil {
		n.Close()
		return socket{}, err
	}
	return socket{n, true}, nil
}

// runningError is a server that is there already.
type runningError struct{ path string }

func (e *runningError) Error() string {
	return fmt.Sprintf("a server is listening on %q already", e.path)
}

// removeStale removes a socket that a server which was killed has left behind.
// Anything else of that name stays.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return &configError{fmt.Errorf("serve.listen: %q is there and is no socket", path)}
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return &runningError{path}
	}
	return os.Remove(path)
}

// accept takes connections until the socket is closed. When there are no
// descriptors left, some will be free again soon.
func (s *server) accept(ctx context.Context, l socket) {
	pause := time.Millisecond
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return
		}
		if err != nil {
			s.live.Load().book.Write(logbook.Record{Event: "warning", Text: "accept: " + err.Error()})
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			pause = min(2*pause, time.Second)
			continue
		}
		pause = time.Millisecond
		s.sessions.Go(func() { s.session(ctx, c, l.local) })
	}
}

// warnLoopback tells of a port that takes nothing.
func (s *settings) warnLoopback(sockets []socket) {
	for _, l := range sockets {
		if _, ok := s.config.Default.Serve.Users[loopback]; !l.local && !ok {
			text := fmt.Sprintf("%s takes no mail: serve.users has no line such as %s = [\"*@example.org\"], and nobody can be known there", l.Addr(), loopback)
			s.voice.say("warning: %s", text)
			s.book.Write(logbook.Record{Event: "warning", Text: text})
		}
	}
}
