package serve

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/host"
	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/inject"
	"mailchute/relay/queue"
)

// served is a server on real sockets.
type served struct {
	*servetest.Box
	server  *server
	hup     chan os.Signal
	manager net.Conn // of services, as systemd is one
	ctx     context.Context
	cancel  func()
	stop    func() error
}

// atRest is a server that listens and does nothing yet: what is in its queue stays
// there. Rules are the smarthost's, more is added to [serve].
func atRest(t *testing.T, rules, more string) *served {
	t.Helper()
	return atRestUntil(t, rules, more, func(ctx context.Context) context.Context { return past(ctx, lastOrders) })
}

// atRestUntil is atRest; visits makes the end of sessions of that of the server.
func atRestUntil(t *testing.T, rules, more string, visits func(context.Context) context.Context) *served {
	t.Helper()
	s := &served{Box: servetest.New(t, rules, more), hup: make(chan os.Signal)}
	notify := filepath.Join(s.Dir, "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notify, Net: "unixgram"})
	servetest.NoError(t, err)
	t.Cleanup(func() { manager.Close() })
	s.manager = manager
	env := map[string]string{"NOTIFY_SOCKET": notify}
	f := face.New(face.Process{Stderr: s.Stderr, Getenv: func(name string) string { return env[name] }}, &inject.Args{ConfigFile: s.File()})
	first, err := newSettings(f)
	servetest.NoError(t, err)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.server, err = newServer(s.ctx, visits(s.ctx), first)
	servetest.NoError(t, err)
	s.Port = s.server.submit.open[1].Addr().String()
	s.stop = sync.OnceValue(func() error { s.cancel(); closeSockets(s.server.submit.open); s.server.queue.Close(); return nil })
	t.Cleanup(func() { s.stop() })
	return s
}

// serveWith starts a server.
func serveWith(t *testing.T, rules, more string) *served {
	t.Helper()
	s := atRest(t, rules, more)
	s.run()
	return s
}

// run lets a server that is at rest begin.
func (s *served) run() {
	ended := make(chan error, 1)
	go func() { ended <- s.server.run(s.ctx, s.hup) }()
	s.stop = sync.OnceValue(func() error { s.cancel(); return <-ended })
}

// reload makes the server read its configuration again, and waits until it has told
// the service manager that it is over.
func (s *served) reload() {
	s.T.Helper()
	s.hup <- syscall.SIGHUP
	s.told("RELOADING=1\n")
	s.told("READY=1\n")
}

// told waits until the service manager hears of a state.
func (s *served) told(state string) {
	s.T.Helper()
	buf := make([]byte, 1024)
	s.manager.SetReadDeadline(time.Now().Add(servetest.Patience))
	for {
		n, err := s.manager.Read(buf)
		servetest.NoError(s.T, err)
		if strings.HasPrefix(string(buf[:n]), state) {
			return
		}
	}
}

func TestServeTakesAMessageAndSendsIt(t *testing.T) {
	s := serveWith(t, "", "")
	if err := s.Send("me", "root", "Bcc: hidden@example.org\nSubject: one\n\n.dot\n"); err != nil {
		t.Fatal(err)
	}
	got := s.Arrive(1)[0]
	text := got.Text
	for _, want := range []string{"Received: from localhost (uid ", " by box.example (mailchute) with ", "Subject: one\r\n", "\r\nMessage-ID: <", "\r\n\r\n.dot\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "hidden") || !strings.Contains(strings.Join(got.Envelope, "\n"), "RCPT TO:<root@box.example>") {
		t.Errorf("%q\n%s", got.Envelope, text)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if log := s.Log(); !strings.Contains(log, "event=session") || !strings.Contains(log, "event=kept") || !strings.Contains(log, "event=sent") {
		t.Error(log)
	}
}

func TestServeKeepsWhatTheSmarthostDoesNotTake(t *testing.T) {
	s := serveWith(t, "once CONNECT => 421 later\n", "")
	if err := s.Send("me@box.example", "b@example.org", "Subject: late\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	servetest.Eventually(t, "the attempt is in the log", func() bool { return strings.Contains(s.Log(), "event=deferred") })
	s.stop()
	ids := 0
	for e, err := range s.server.queue.List() {
		if err != nil || e.Envelope.Recipients[0].Address.String() != "b@example.org" {
			t.Errorf("%v, %+v", err, e)
		}
		ids++
	}
	if ids != 1 {
		t.Errorf("%d messages are kept", ids)
	}
}

func TestWhoCameBeforeTheEndIsServed(t *testing.T) {
	visits, over := context.WithCancel(t.Context())
	s := atRestUntil(t, "", "", func(context.Context) context.Context { return visits })
	s.run()
	c := s.Dial("unix", s.Socket)
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	servetest.Eventually(t, "the socket is gone", func() bool { _, err := os.Stat(s.Socket); return err != nil })
	servetest.NoError(t, servetest.Submit(c, "me@box.example", "b@example.org", "Subject: just in time\n\nx\n"))
	over()
	servetest.NoError(t, <-ended)
	q, err := queue.Open(filepath.Join(s.Dir, "queue"))
	servetest.NoError(t, err)
	defer q.Close()
	n := 0
	for range q.List() {
		n++
	}
	if n != 1 {
		t.Errorf("%d messages wait for the next server", n)
	}
}

func TestSessionsEndAWhileAfterTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		visits := past(ctx, lastOrders)
		end()
		began := time.Now()
		if synctest.Wait(); visits.Err() != nil {
			t.Error("they end at once")
		}
		if <-visits.Done(); time.Since(began) != lastOrders {
			t.Errorf("they end after %v", time.Since(began))
		}
	})
}

func TestServeStopsWithoutWaitingForIdleClients(t *testing.T) {
	s := serveWith(t, "", "")
	c, err := net.Dial("unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "220 ") {
		t.Fatal(line, err)
	}
	s.stop()
	if line, err := r.ReadString('\n'); err != nil || !strings.HasPrefix(line, "421 4.3.2 ") {
		t.Error(line, err)
	}
	if _, err := os.Stat(s.Socket); err == nil {
		t.Error("the socket is still there")
	}
}

func TestReloadKeepsTheOldConfigurationWhenTheNewOneIsWrong(t *testing.T) {
	s := serveWith(t, "", "")
	size := func() string {
		c := s.Dial("unix", s.Socket)
		defer c.Close()
		c.Hello("x")
		_, size := c.Extension("SIZE")
		return size
	}
	s.Write("max_size = 5000")
	s.reload()
	if got := size(); got != "5000" {
		t.Errorf("SIZE %q after a reload", got)
	}
	s.Write("max_syze = 6000")
	s.reload()
	s.Replace("") // as an editor leaves it for a moment
	s.reload()
	if got := size(); got != "5000" {
		t.Errorf("SIZE %q after a wrong configuration", got)
	}
	if text := s.Stderr.String(); !strings.Contains(text, "max_syze") || !strings.Contains(text, "no smarthost") || !strings.Contains(text, "the old configuration stays in force") {
		t.Errorf("standard error: %q", text)
	}
}

func TestLoopbackTakesOnlyWhatTheConfigurationAllows(t *testing.T) {
	s := serveWith(t, "", "")
	c := s.Dial("tcp", s.Port)
	if err := servetest.Submit(c, "a@box.example", "b@example.org", "x"); err == nil || !strings.Contains(err.Error(), "5.7.1") {
		t.Errorf("without a rule: %v", err)
	}
	if !strings.Contains(s.Log(), "takes no mail") && !strings.Contains(s.Stderr.String(), "takes no mail") {
		t.Error("nobody was told that the port takes no mail")
	}
	s = serveWith(t, "", "users.loopback = [\"*@box.example\"]")
	c = s.Dial("tcp", s.Port)
	if err := servetest.Submit(c, "a@other.example", "b@example.org", "x"); err == nil || !strings.Contains(err.Error(), "5.7.1") {
		t.Errorf("an address that is not allowed: %v", err)
	}
	c = s.Dial("tcp", s.Port)
	if err := servetest.Submit(c, "a@box.example", "b@example.org", "From: Boss <boss@box.example>\n\nx\n"); err != nil {
		t.Fatal(err)
	}
	got := s.Arrive(1)[0]
	if text := got.Text; !strings.Contains(text, "\r\nSender: a@box.example\r\n") || !strings.Contains(text, "Received: from localhost by box.example") {
		t.Error(text)
	}
}

func TestAFloodOfSessionsLeavesRoomForOthers(t *testing.T) {
	s := serveWith(t, "", "")
	key := client{User: host.Caller(), known: true}.share()
	for range sessionsPerUser {
		if !s.server.gate.enter(key) {
			t.Fatal("the gate closed early")
		}
	}
	c, err := net.Dial("unix", s.Socket)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(c); err != nil || !strings.HasPrefix(string(answer), "421 4.7.0 ") {
		t.Errorf("%q, %v", answer, err)
	}
}
