package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// ways is how a session can go: what is said, step by step, and how many replies
// are read after each. What is left unread when it is closed is cut off.
var ways = map[string][]step{
	"well":                 {{"", 1}, {"EHLO c\r\n", 1}, {taken, 3}, {"Subject: x\r\n\r\nx\r\n.\r\n", 1}, {"QUIT\r\n", 1}},
	"well, by chunks":      {{"", 1}, {"EHLO c\r\n", 1}, {"MAIL FROM:<a@box.example>\r\nRCPT TO:<b@example.org>\r\nBDAT 4 LAST\r\nx\r\n\r\n", 3}, {"QUIT\r\n", 1}},
	"cut when it connects": {},
	"cut in a command":     {{"EH", 0}},
	"cut behind EHLO":      {{"", 1}, {"EHLO c\r\n", 1}},
	"cut behind RCPT":      {{"", 1}, {"MAIL FROM:<a@box.example>\r\nRCPT TO:<b@example.org>\r\n", 2}},
	"cut in the text":      {{"", 1}, {taken, 3}, {"Subject: x\r\n\r\n" + strings.Repeat("y", 3000), 0}},
	"cut in a long text":   {{"", 1}, {taken, 3}, {"Subject: x\r\n\r\n" + strings.Repeat("y\r\n", 40<<10), 0}},
	"cut in a chunk":       {{"", 1}, {"MAIL FROM:<a@box.example>\r\nRCPT TO:<b@example.org>\r\nBDAT 100000 LAST\r\nx", 2}},
	"cut behind the dot":   {{"", 1}, {taken, 3}, {"Subject: x\r\n\r\nx\r\n.\r\n", 0}},
	"garbage":              {{strings.Repeat("\x00\xff\r\n", 30), 2}},
	"garbage, no line end": {{strings.Repeat("\x80", 5000), 0}},
	"a web page":           {{"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 2}},
	"reads nothing":        {{strings.Repeat("NOOP\r\n", 3000) + "QUIT\r\n", 0}},
}

const taken = "MAIL FROM:<a@box.example>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"

type step struct {
	say  string
	hear int // lines that are replies, not to be continued
}

// goWay goes one way. Errors are part of it: the server may be the first to leave.
func goWay(socket string, steps []step) (net.Conn, error) {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(time.Minute))
	r := bufio.NewReader(c)
	for _, s := range steps {
		if _, err := c.Write([]byte(s.say)); err != nil {
			return c, nil
		}
		for n := s.hear; n > 0; {
			line, err := r.ReadString('\n')
			if err != nil {
				return c, nil
			}
			if len(line) > 3 && line[3] == ' ' {
				n--
			}
		}
	}
	return c, nil
}

// TestSessionsLeaveNothingBehind: descriptors, goroutines and memory are the same
// after many sessions that end in every way as after a few, and stalled ones give
// back what they had once they end.
func TestSessionsLeaveNothingBehind(t *testing.T) {
	size := loadSizes()
	few := afterSessions(t, len(ways)*2)
	many := afterSessions(t, size.sessions)
	t.Logf("after %d sessions: %s", len(ways)*2, few)
	t.Logf("after %d sessions: %s", size.sessions, many)
	if many.descriptors > few.descriptors+2 {
		t.Errorf("descriptors are left: %s", many.open)
	}
	if many.goroutines > few.goroutines+4 {
		t.Errorf("goroutines are left:\n%s", many.stacks)
	}
	if fullLoad() && many.peak > peakMemory {
		t.Errorf("serve took %d KiB", many.peak)
	}
}

// remains is what a server holds when its sessions are over.
type remains struct {
	descriptors, goroutines, threads, memory, peak int // memory in KiB

	open   []string
	stacks string
}

func (r remains) String() string {
	return fmt.Sprintf("%d descriptors, %d goroutines, %d threads, %d KiB, %d KiB at the most", r.descriptors, r.goroutines, r.threads, r.memory, r.peak)
}

func afterSessions(t *testing.T, n int) (r remains) {
	t.Helper()
	s := newTestSink(t, 1)
	d := newDaemon(t, s.address())
	var stalled []net.Conn
	for _, way := range ways {
		c, err := goWay(d.socket, way)
		if err != nil {
			t.Fatal(err)
		}
		stalled = append(stalled, c) // the session hangs while the others come and go
	}
	runWays(t, d.socket, n)
	for _, c := range stalled {
		c.Close()
	}
	d.drain()
	pid := d.cmd.Process.Pid
	r.open, r.descriptors = descriptors(pid), len(descriptors(pid))
	status := fmt.Sprintf("/proc/%d/status", pid)
	r.threads, r.memory, r.peak = numberIn(status, "Threads"), numberIn(status, "VmRSS"), peakOf(pid)
	d.cmd.Process.Signal(syscall.SIGQUIT) // the runtime tells of all goroutines
	d.cmd.Wait()
	d.cmd = nil
	r.stacks = d.stderr.String()
	r.goroutines = strings.Count(r.stacks, "\ngoroutine ")
	return r
}

// runWays goes all ways n times in all, many at a time.
func runWays(t *testing.T, socket string, n int) {
	t.Helper()
	var all [][]step
	for _, way := range ways {
		all = append(all, way)
	}
	var next atomic.Int64
	var clients sync.WaitGroup
	for range 50 {
		clients.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				c, err := goWay(socket, all[i%len(all)])
				if err != nil {
					t.Error(err)
					return
				}
				c.Close()
			}
		})
	}
	clients.Wait()
}

// drain waits until the sessions and deliveries of the server are over: no socket is
// open but those that it listens on, and no message waits.
func (d *daemon) drain() {
	d.t.Helper()
	idle := func() bool {
		sockets := 0
		for _, name := range descriptors(d.cmd.Process.Pid) {
			if strings.HasPrefix(name, "socket:") {
				sockets++
			}
		}
		return sockets <= 2 && d.waiting() == 0
	}
	for end := time.Now().Add(time.Minute); !idle(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Errorf("after a minute there are %q, and %d messages wait", descriptors(d.cmd.Process.Pid), d.waiting())
			return
		}
	}
}

// descriptors is what a process has open.
func descriptors(pid int) (open []string) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			open = append(open, to)
		}
	}
	return open
}

// TestMemoryIsBoundedByClientsThatSendMuch: many clients send a large message each,
// all at the same time; then as many announce one and send nothing.
func TestMemoryIsBoundedByClientsThatSendMuch(t *testing.T) {
	size := loadSizes()
	s := newTestSink(t, size.clients)
	d := newDaemon(t, s.address())
	l := newLoad("unix", d.socket, size.clients, size.clients, size.large)
	began := time.Now()
	l.run()
	if n := s.wait(10 * time.Minute); n < size.clients {
		t.Errorf("%d of %d came", n, size.clients)
	}
	l.judge(t, s)
	t.Logf("%d messages of %d octets at a time: %d KiB at the most, %.1f s", size.clients, size.large, peakOf(d.cmd.Process.Pid), time.Since(began).Seconds())
	var silent []net.Conn
	for range size.clients {
		c, err := goWay(d.socket, []step{{"", 1}, {fmt.Sprintf("EHLO c\r\nMAIL FROM:<a@box.example> SIZE=%d\r\nRCPT TO:<b@example.org>\r\nDATA\r\n", size.large), 4}})
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	peak := peakOf(d.cmd.Process.Pid)
	t.Logf("then %d clients that announce as much and send nothing: %d KiB at the most", size.clients, peak)
	for _, c := range silent {
		c.Close()
	}
	if fullLoad() && peak > peakMemory {
		t.Errorf("serve took %d KiB", peak)
	}
}
