package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mailchute/cmd/mailchute/serve/servetest"
	"mailchute/relay/queue"
)

// shared is a server and a user who hands everything to it, both with one queue.dir.
func shared(t *testing.T) (s *served, h *handing, dir string) {
	s = serveWith(t, "", "")
	dir = filepath.Join(s.Dir, "queue")
	h = &handing{t: t, dir: t.TempDir()}
	h.configure(s.Socket, dir)
	return s, h, dir
}

// startListening starts s, and waits until it can be connected to: its socket may
// have been there before.
func startListening(t *testing.T, s *served) {
	t.Helper()
	s.start(t)
	servetest.Eventually(t, "it listens", func() bool {
		c, err := net.Dial("unix", s.Socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// waitsIn is the messages in a queue, each with its number of attempts.
func waitsIn(t *testing.T, dir string) map[string]int {
	t.Helper()
	q, err := queue.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if holds, err := q.RouteHolds(); err != nil || len(holds) != 0 {
		t.Errorf("%s is held: %+v, %v", dir, holds, err)
	}
	all := map[string]int{}
	for e, err := range q.List() {
		if err != nil {
			t.Fatal(err)
		}
		all[e.ID] = e.Retries[0].Attempts
	}
	return all
}

// runs is every way of a client to have its queue run.
func (h *handing) runs(dir string) {
	for _, args := range [][]string{{"queue", "run", "--all"}, {"queue", "run", "--all", "--queue-dir", dir}, {"queue", "flush"}, {"queue", "flush", "--queue-dir", dir}, {"-q"}} {
		h.run(args...)
	}
}

func TestWhatAServerHoldsIsNotHandedToItAgain(t *testing.T) {
	s, h, dir := shared(t)
	s.Peer.Say("RCPT", "450 4.2.0 later")
	servetest.NoError(t, s.Send("a@box.example", "b@x.example", "Subject: x\r\n\r\nx\r\n"))
	var id string
	servetest.Eventually(t, "it was tried", func() bool {
		for i, n := range waitsIn(t, dir) {
			if n > 0 {
				id = i
			}
		}
		return id != ""
	})
	same := func(when string) {
		t.Helper()
		if all := waitsIn(t, dir); len(all) != 1 || all[id] == 0 {
			t.Errorf("%s: %v wait, want %s alone", when, all, id)
		}
	}
	h.runs(dir)
	same("while it serves")
	s.stop()
	h.runs(dir)
	same("after its end")
	if out, _, _ := h.run("-bp"); strings.Count(out, id) != 1 {
		t.Errorf("it is not seen any more: %s", out)
	}
}

func TestTroubleWithTheServerIsNoneOfTheServers(t *testing.T) {
	s, h, dir := shared(t)
	s.stop()
	if _, words, status := h.send("b@x.example"); status != 0 {
		t.Fatalf("%d: %s", status, words)
	}
	if all := waitsIn(t, dir); len(all) != 0 {
		t.Errorf("%v wait in the server's queue", all)
	}
	if out, _, _ := h.run("-bp"); !strings.Contains(out, "b@x.example") || !strings.Contains(out, " in 1 Request.") {
		t.Errorf("it is not seen: %s", out)
	}
	startListening(t, s)
	servetest.NoError(t, s.Send("a@box.example", "c@x.example", "Subject: x\r\n\r\nx\r\n"))
	s.Arrive(1)
	if _, words, status := h.run("queue", "flush"); status != 0 {
		t.Errorf("%d: %s", status, words)
	}
	s.Arrive(2)
	if out, words, status := h.run("queue", "list", "--json"); status != 0 {
		t.Errorf("%d: %s%s", status, out, words)
	}
}

func TestARunLeavesTheQueueToTheServerWhileItServes(t *testing.T) {
	s, h, dir := shared(t)
	id := s.Keep(os.Getuid(), "a")
	if _, words, status := h.run("queue", "run", "--all", "-C", s.File()); status != 0 {
		t.Errorf("%d: %s", status, words)
	}
	release := func() {
		q, err := queue.Open(dir)
		servetest.NoError(t, err)
		defer q.Close()
		servetest.NoError(t, q.Unhold(id))
	}
	release()
	if _, words, status := h.run("queue", "run", "--all", "-C", s.File()); status != 0 || len(s.Peer.Messages()) != 0 {
		t.Errorf("%d: %s", status, words)
	}
	s.stop()
	if _, words, status := h.run("queue", "run", "--all", "-C", s.File()); status != 0 {
		t.Errorf("%d: %s", status, words)
	}
	s.Arrive(1)
}

func TestWhatLiesBeforeTheFirstStartIsTheServers(t *testing.T) {
	b := &served{Box: servetest.New(t, "", "")}
	b.Port = freePort(t)
	b.Replace(b.Text(b.Port, ""))
	h := &handing{t: t, dir: t.TempDir()}
	h.configure(b.Socket, filepath.Join(b.Dir, "queue"))
	if _, words, status := h.send("b@x.example"); status != 0 {
		t.Fatalf("%d: %s", status, words)
	}
	startListening(t, b)
	servetest.NoError(t, b.Send("a@box.example", "c@x.example", "Subject: x\r\n\r\nx\r\n"))
	b.Arrive(1) // no trouble of the client's holds it
}
