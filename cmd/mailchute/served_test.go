package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/smtp/smtptest"
)

// served is mailchute serve in this process, in a place of its own.
type served struct {
	*servetest.Box
	stop func()
}

// serveWith starts it and waits until it listens; rules are the smarthost's, more
// is added to [serve].
func serveWith(t *testing.T, rules, more string) *served {
	t.Helper()
	s := &served{Box: servetest.New(t, rules, more)}
	s.Port = freePort(t)
	s.Replace(s.Text(s.Port, more))
	s.start(t)
	return s
}

// start starts it, also again after stop.
func (s *served) start(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ready")
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	servetest.NoError(t, err)
	defer ready.Close()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx, []string{"mailchute", "serve", "-C", s.File()}, face.Process{Stderr: s.Stderr, Getenv: func(name string) string {
			return map[string]string{"NOTIFY_SOCKET": path}[name]
		}})
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(s.stop)
	ready.SetReadDeadline(time.Now().Add(servetest.Patience))
	for buf := make([]byte, 256); ; {
		n, err := ready.Read(buf)
		if err != nil {
			t.Fatalf("it is not ready: %v; %s", err, s.Stderr)
		}
		if strings.HasPrefix(string(buf[:n]), "READY=1") {
			return
		}
	}
}

// freePort is an address of loopback that nobody listens on.
func freePort(t testing.TB) string { return fmt.Sprintf("127.0.0.1:%d", smtptest.FreePort(t)) }
