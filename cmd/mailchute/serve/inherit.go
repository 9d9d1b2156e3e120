package serve

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"

	"mailchute/cmd/mailchute/exit"
	"mailchute/inject/config"
)

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
