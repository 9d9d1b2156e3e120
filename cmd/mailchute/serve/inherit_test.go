package serve

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/serve/servetest"
)

func TestOnlyListeningSocketsAreTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	servetest.NoError(t, err)
	defer l.Close()
	c, err := net.Dial("unix", path)
	servetest.NoError(t, err)
	defer c.Close()
	datagrams, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path + "g", Net: "unixgram"})
	servetest.NoError(t, err)
	defer datagrams.Close()
	for _, tt := range []struct {
		name string
		of   interface{ File() (*os.File, error) }
		ok   bool
	}{{"a socket that listens", l.(*net.UnixListener), true}, {"a connection", c.(*net.UnixConn), false}, {"datagrams", datagrams, false}} {
		file, err := tt.of.File()
		servetest.NoError(t, err)
		fd, err := syscall.Dup(int(file.Fd())) // inheritedSocket closes it
		file.Close()
		servetest.NoError(t, err)
		s, err := inheritedSocket(fd)
		if err == nil {
			s.Close()
		}
		if (err == nil) != tt.ok || err != nil && exit.OfError(err) != exit.Config {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
