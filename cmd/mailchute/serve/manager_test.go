package serve

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTheServiceManagerIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	notify(path, "READY=1")
	notify("", "lost")
	notify(path+"x", "lost")
	notify(path, reloading())
	buf := make([]byte, 100)
	if n, err := l.Read(buf); err != nil || string(buf[:n]) != "READY=1" {
		t.Errorf("%q, %v", buf[:n], err)
	}
	if n, err := l.Read(buf); err != nil || !strings.HasPrefix(string(buf[:n]), "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("%q, %v", buf[:n], err)
	}
}

func TestTheWatchdogIsToldTwiceInItsTime(t *testing.T) {
	for _, tt := range []struct {
		name, usec, pid string
		want            time.Duration
	}{
		{"nobody asks", "", "", usualPulse},
		{"ten seconds", "10000000", "", 5 * time.Second},
		{"and it is for us", "10000000", strconv.Itoa(os.Getpid()), 5 * time.Second},
		{"it is for another process", "10000000", "1", usualPulse},
		{"an hour", "3600000000", "", usualPulse},
		{"nothing that could be kept", "1", "", usualPulse},
		{"no number", "-5", "", usualPulse},
		{"more than there is", "99999999999999999999", "", usualPulse},
	} {
		env := map[string]string{"WATCHDOG_USEC": tt.usec, "WATCHDOG_PID": tt.pid}
		if got := pulseEvery(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAServiceManagerThatDoesNotReadHoldsNobodyUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for range 1000 { // more than a queue of datagrams holds, or this does not end
		if notify(path, "WATCHDOG=1"); isFull(t, path) {
			notify(path, "WATCHDOG=1")
			return
		}
	}
	t.Error("its queue has no end")
}

// isFull tells whether a socket takes no datagram at the moment.
func isFull(t *testing.T, path string) bool {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	err = syscall.Sendto(fd, []byte("x"), 0, &syscall.SockaddrUnix{Name: path})
	return err == syscall.EAGAIN || err == syscall.ENOBUFS
}
