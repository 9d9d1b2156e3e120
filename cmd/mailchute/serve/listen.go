package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
	"mailchute/relay/durable"
)

// socket is a socket that the server listens on.
type socket struct {
	net.Listener
	at   config.Listen // as the configuration calls it
	file fs.FileInfo   // of a Unix socket that is ours
}

// isThere tells whether clients still find the socket: a file can be removed, and
// another put in its place.
func (s socket) isThere() bool {
	if s.file == nil {
		return true
	}
	now, err := os.Lstat(s.at.Address)
	return err == nil && os.SameFile(now, s.file)
}

// leave closes the socket, and removes its file only if it is still its own.
func (s socket) leave() {
	if u, ok := s.Listener.(*net.UnixListener); ok && !s.isThere() {
		u.SetUnlinkOnClose(false)
	}
	s.Close()
}

// local tells whether the kernel says who is at the other end.
func (s socket) local() bool { return s.at.Network == "unix" }

func closeSockets(sockets []socket) {
	for _, s := range sockets {
		s.leave()
	}
}

// The modes of Unix sockets. Everybody on the machine may submit: who it is decides
// what is allowed. How the server fares is for its own group.
const (
	everybody fs.FileMode = 0o666
	itsGroup  fs.FileMode = 0o660
)

// open listens on one socket.
func open(l config.Listen, mode fs.FileMode) (socket, error) {
	n, err := listen(l, mode)
	s := socket{Listener: n, at: l}
	if err == nil && l.Network == "unix" {
		if s.file, err = os.Lstat(l.Address); err != nil {
			n.Close()
		}
	}
	if err != nil && !errors.As(err, new(*exit.ConfigError)) {
		err = &exit.ListenError{At: l, Err: err}
	}
	return s, err
}

func listen(l config.Listen, mode fs.FileMode) (net.Listener, error) {
	if l.Network != "unix" {
		return net.Listen(l.Network, l.Address)
	}
	if err := makeRunDir(filepath.Dir(l.Address)); err != nil {
		return nil, err
	}
	if err := removeStale(l.Address); err != nil {
		return nil, err
	}
	n, err := net.Listen("unix", l.Address)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(l.Address, mode); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// makeRunDir makes the directory of a socket where it is missing, and what is missing
// above it. Everybody can look into them, whatever the umask is.
func makeRunDir(dir string) error { return durable.MakeDirs(dir, 0o755) }

// errRunning is a server that is there already.
var errRunning = errors.New("a server is listening there already")

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
		return &exit.ConfigError{Err: fmt.Errorf("cannot listen on %q: a file of that name is there and is no socket", path)}
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return errRunning
	}
	if !errors.Is(err, syscall.ECONNREFUSED) { // who listens there may only be busy, or not for us
		return err
	}
	return os.Remove(path)
}
