package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The load tests are small by default. In full size, with the released binary,
// they run by hand:
//
//	MAILCHUTE_LOAD=all go test -run 'UnderLoad' -v -timeout 1h ./cmd/mailchute
//
// A number in place of "all" is that many messages, in all else the full size.
// MAILCHUTE_LOAD_BINARY names another binary, to hold one against the other.
type loadSize struct {
	clients, messages, killEvery int
	sessions                     int // that end in every way
	large                        int // octets of a large message
}

func loadSizes() loadSize {
	if !fullLoad() {
		return loadSize{clients: 20, messages: 400, killEvery: 100, sessions: 400, large: 2 << 20}
	}
	size := loadSize{clients: 200, messages: 20_000, killEvery: 500, sessions: 100_000, large: 25 << 20}
	if n, err := strconv.Atoi(os.Getenv("MAILCHUTE_LOAD")); err == nil {
		size.messages, size.sessions = n, n
	}
	return size
}

func fullLoad() bool { return os.Getenv("MAILCHUTE_LOAD") != "" }

// messageSize is the size of each message, peakMemory what serve may take.
const (
	messageSize = 4 << 10
	peakMemory  = 64 << 10 // KiB
)

// TestEveryMessageArrivesOnceUnderLoad: each message that got 250 ends in exactly
// one copy, over the Unix socket and over loopback.
func TestEveryMessageArrivesOnceUnderLoad(t *testing.T) {
	size := loadSizes()
	for _, network := range []string{"unix", "tcp"} {
		t.Run(network, func(t *testing.T) {
			s := newTestSink(t, size.messages)
			d := newDaemon(t, s.address())
			address := map[string]string{"unix": d.socket, "tcp": d.port}[network]
			l := newLoad(network, address, size.clients, size.messages, messageSize)
			l.run()
			if len(l.failures) == 0 {
				s.wait(5 * time.Minute)
			}
			l.judge(t, s)
			t.Log(tell("serve", l, s, d.cmd.Process.Pid))
			if peak := peakOf(d.cmd.Process.Pid); fullLoad() && peak > peakMemory {
				t.Errorf("serve took %d KiB", peak)
			}
		})
	}
}

func newTestSink(t testing.TB, messages int) *sink {
	t.Helper()
	s, err := newSink(messages)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// tell is the figures of a load.
func tell(who string, l *load, s *sink, pid int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%s: answer p50 %.1f ms, p99 %.1f ms; accepted %.0f/s, delivered %.0f/s; processor %.2f ms each; peak memory %.1f MiB; %d connections to the sink, %d at a time",
		who, percentile(l.answers, 50), percentile(l.answers, 99), l.perSecond(l.ended), l.perSecond(s.last), processorOf(pid).Seconds()*1e3/float64(l.messages), float64(peakOf(pid))/1024, s.total, s.most)
}

// judge holds what came against what was taken. A connection to the sink that was
// broken off may have left one reply unread, and a client that had to send again
// another.
func (l *load) judge(t *testing.T, s *sink) {
	t.Helper()
	for _, err := range l.failures {
		t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lost, doubles := 0, 0
	for n, copies := range s.copies {
		if copies == 0 && l.accepted[n] {
			lost++
		}
		doubles += max(copies-1, 0)
	}
	if lost > 0 {
		t.Errorf("%d messages that got 250 are lost", lost)
	}
	if doubles > s.broken+l.again {
		t.Errorf("%d copies too many; the final reply of %d to serve and of %d to clients was not read", doubles, s.broken, l.again)
	}
	t.Logf("%d messages, %d copies too many, of at most %d to serve and %d to clients without a reader of the reply", len(s.copies), doubles, s.broken, l.again)
}

// TestNothingIsLostUnderLoadWhenServeIsKilled kills the server again and again
// while it takes and sends.
func TestNothingIsLostUnderLoadWhenServeIsKilled(t *testing.T) {
	size := loadSizes()
	s := newTestSink(t, size.messages)
	d := newDaemon(t, s.address())
	l := newLoad("unix", d.socket, size.clients, size.messages, messageSize)
	kills := 0
	crash := make(chan bool, size.messages)
	l.every = func(taken int) {
		if taken%size.killEvery == 0 {
			crash <- true
		}
	}
	var killer sync.WaitGroup
	killer.Go(func() {
		for range crash {
			l.up.Lock()
			d.kill()
			kills++
			d.start()
			l.up.Unlock()
		}
	})
	l.run()
	close(crash)
	killer.Wait()
	if len(l.failures) == 0 {
		s.wait(5 * time.Minute)
	}
	d.cmd.Process.Signal(syscall.SIGTERM)
	d.cmd.Wait()
	d.cmd = nil
	if out, err := exec.Command(d.binary, "queue", "flush", "-C", filepath.Join(d.dir, "serve.toml")).CombinedOutput(); err != nil {
		t.Errorf("the run afterwards: %v\n%s", err, out)
	}
	s.settle()
	l.judge(t, s)
	if kills < 3 {
		t.Errorf("only %d kills", kills)
	}
	if left := d.waiting(); left > 0 {
		t.Errorf("%d messages are still in the queue", left)
	}
	t.Logf("%d kills", kills)
}
