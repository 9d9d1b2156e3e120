package main

import (
	"context"
	"net"
	"os"
	"sync"
	"testing"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/serve/servetest"
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
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx, []string{"mailchute", "serve", "-C", s.File()}, face.Process{Stderr: s.Stderr, Getenv: func(string) string { return "" }})
	}()
	s.stop = sync.OnceFunc(func() { cancel(); <-ended })
	t.Cleanup(s.stop)
	servetest.Eventually(t, "it listens", func() bool {
		_, err := os.Stat(s.Socket) // a connection would count as one
		return err == nil
	})
}

// freePort is an address of loopback that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
