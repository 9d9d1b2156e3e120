package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
	"mailchute/relay/logbook"
)

// ears is the sockets of one kind that the server listens on.
type ears struct {
	mode  fs.FileMode // of Unix sockets
	given bool        // by systemd, so they are not ours to change
	open  []socket
}

// at is where the ears are, or will be.
func (e *ears) at(wanted []config.Listen) []config.Listen {
	if !e.given {
		return wanted
	}
	var all []config.Listen
	for _, s := range e.open {
		all = append(all, s.at)
	}
	return all
}

// missing opens what is wanted and not open yet, or cannot be found any more: all of
// it or nothing.
func (e *ears) missing(wanted []config.Listen) (fresh []socket, err error) {
	if e.given {
		return nil, nil
	}
	for _, l := range wanted {
		if slices.ContainsFunc(e.open, func(s socket) bool { return s.at == l && s.isThere() }) {
			continue
		}
		s, err := open(l, e.mode)
		if err != nil {
			closeSockets(fresh)
			return nil, err
		}
		fresh = append(fresh, s)
	}
	return fresh, nil
}

// adopt takes what missing has opened, and closes what is not wanted any more.
func (e *ears) adopt(wanted []config.Listen, fresh []socket) {
	if e.given {
		return
	}
	kept := fresh
	for _, s := range e.open {
		if slices.Contains(wanted, s.at) && s.isThere() {
			kept = append(kept, s)
		} else {
			s.leave()
		}
	}
	e.open = kept
}

// firstInherited is the descriptor of the first socket from systemd, sd_listen_fds(3).
const firstInherited = 3

// metricsName is the FileDescriptorName= of the socket for metrics, systemd.socket(5).
const metricsName = "metrics"

// inherited gives the sockets of socket activation, sd_listen_fds(3), to submit and
// scrape, which are empty. They are not for children of ours, so the variables
// are taken away.
func inherited(getenv func(string) string, submit, scrape *ears) error {
	pid, _ := strconv.Atoi(getenv("LISTEN_PID"))
	n, _ := strconv.Atoi(getenv("LISTEN_FDS"))
	if pid != os.Getpid() || n <= 0 {
		return nil
	}
	names := strings.Split(getenv("LISTEN_FDNAMES"), ":")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		os.Unsetenv(name)
	}
	for i := range n {
		s, err := inheritedSocket(firstInherited + i)
		if err != nil {
			closeSockets(submit.open)
			closeSockets(scrape.open)
			return err
		}
		to := submit
		if i < len(names) && names[i] == metricsName {
			to = scrape
		}
		to.given, to.open = true, append(to.open, s)
	}
	return nil
}

// inheritedSocket is the socket behind a descriptor.
func inheritedSocket(fd int) (socket, error) {
	syscall.CloseOnExec(fd)
	if err := isListening(fd); err != nil {
		syscall.Close(fd)
		return socket{}, &exit.ConfigError{Err: fmt.Errorf("socket %d from systemd: %w", fd, err)}
	}
	file := os.NewFile(uintptr(fd), "socket "+strconv.Itoa(fd))
	l, err := net.FileListener(file)
	file.Close()
	if err != nil {
		return socket{}, &exit.ConfigError{Err: fmt.Errorf("socket %d from systemd: %s", fd, exit.SystemWords(err))}
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
		return socket{Listener: l, at: config.Listen{Network: "unix", Address: l.Addr().String()}}, nil
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		l.Close()
		return socket{}, &exit.ConfigError{Err: fmt.Errorf("socket %s from systemd is no loopback address; serve is for this machine only", l.Addr())}
	}
	return socket{Listener: l, at: config.Listen{Network: "tcp", Address: l.Addr().String()}}, nil
}

// isListening tells whether connections can be taken from a socket: not from one for
// datagrams, nor from one that is a connection itself (Accept=yes).
func isListening(fd int) error {
	kind, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE)
	if err != nil {
		return err
	}
	listens, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err != nil {
		return err
	}
	if kind != syscall.SOCK_STREAM || listens == 0 {
		return errors.New("it does not listen for connections; the unit needs ListenStream= and Accept=no")
	}
	return nil
}

// errDeaf is a server without a socket.
var errDeaf = &exit.ConfigError{Err: errors.New("serve.listen is empty: nothing to listen on")}

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
		s.door <- struct{}{}
		s.sessions.Go(func() { s.session(ctx, c, l.local()) })
	}
}
