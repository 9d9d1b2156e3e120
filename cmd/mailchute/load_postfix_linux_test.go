package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestServeBesidePostfix takes the figures of serve and of Postfix in turn, by the
// same clients and with the same smarthost. It runs as root and by hand, with the
// directory where Debian's package was unpacked:
//
//	apt-get download postfix && dpkg -x postfix_*.deb /tmp/postfix
//	MAILCHUTE_LOAD=all MAILCHUTE_LOAD_POSTFIX=/tmp/postfix go test -run ServeBesidePostfix -v -timeout 1h ./cmd/mailchute
func TestServeBesidePostfix(t *testing.T) {
	unpacked := os.Getenv("MAILCHUTE_LOAD_POSTFIX")
	if unpacked == "" {
		t.Skip("MAILCHUTE_LOAD_POSTFIX does not say where Postfix was unpacked")
	}
	size := loadSizes()
	t.Run("as fast as they are taken", func(t *testing.T) { besidePostfix(t, unpacked, size.messages, 0) })
	t.Run("at a pace that both keep", func(t *testing.T) { besidePostfix(t, unpacked, size.messages/10, commonPace) })
}

// commonPace is messages a second that both can take on a small machine.
const commonPace = 200

func besidePostfix(t *testing.T, unpacked string, messages, pace int) {
	var ours, unix, theirs []figures
	for range 3 {
		unix = append(unix, measureServe(t, "unix", messages, pace))
		ours = append(ours, measureServe(t, "tcp", messages, pace))
		theirs = append(theirs, measurePostfix(t, unpacked, messages, pace))
	}
	t.Logf("%-16s %9s %9s %9s %9s %11s %12s %10s", "median", "p50", "p99", "visit p50", "visit p99", "accepted/s", "delivered/s", "peak MiB")
	t.Logf("%-16s %s", "serve, unix", middle(unix))
	t.Logf("%-16s %s", "serve, loopback", middle(ours))
	t.Logf("%-16s %s", "Postfix", middle(theirs))
	for i := range ours {
		t.Logf("round %d, serve on loopback over Postfix: p50 %.2f, p99 %.2f, of the visit %.2f, %.2f, accepted %.2f, delivered %.2f", i+1,
			ours[i].p50/theirs[i].p50, ours[i].p99/theirs[i].p99, ours[i].visit50/theirs[i].visit50, ours[i].visit99/theirs[i].visit99, ours[i].accepted/theirs[i].accepted, ours[i].delivered/theirs[i].delivered)
	}
}

// figures is what one run shows: milliseconds for the answer to the final dot and
// for the whole visit, messages a second, MiB.
type figures struct{ p50, p99, visit50, visit99, accepted, delivered, peak float64 }

func (f figures) String() string {
	return fmt.Sprintf("%6.1f ms %6.1f ms %6.1f ms %6.1f ms %11.0f %12.0f %10.1f", f.p50, f.p99, f.visit50, f.visit99, f.accepted, f.delivered, f.peak)
}

// middle is the median of each figure.
func middle(all []figures) figures {
	return figures{
		median(all, func(f figures) float64 { return f.p50 }), median(all, func(f figures) float64 { return f.p99 }),
		median(all, func(f figures) float64 { return f.visit50 }), median(all, func(f figures) float64 { return f.visit99 }),
		median(all, func(f figures) float64 { return f.accepted }), median(all, func(f figures) float64 { return f.delivered }),
		median(all, func(f figures) float64 { return f.peak }),
	}
}

func median(all []figures, of func(figures) float64) float64 {
	var values []float64
	for _, f := range all {
		values = append(values, of(f))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func measureServe(t *testing.T, network string, messages, pace int) figures {
	t.Helper()
	s := newTestSink(t, messages)
	d := newDaemon(t, s.address())
	defer d.kill()
	address := map[string]string{"unix": d.socket, "tcp": d.port}[network]
	l := newLoad(network, address, loadSizes().clients, messages, messageSize)
	l.pace = pace
	f := measure(t, "serve, "+network, l, s, d.cmd.Process.Pid)
	f.peak = float64(peakOf(d.cmd.Process.Pid)) / 1024
	return f
}

func measurePostfix(t *testing.T, unpacked string, messages, pace int) figures {
	t.Helper()
	s := newTestSink(t, messages)
	dir, port := t.TempDir(), freePort(t)
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // Postfix changes its user
		t.Fatal(err)
	}
	cmd := exec.Command("../../.project/load/postfix", unpacked, dir, port, s.address())
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cmd.Process.Kill() // unshare takes its children along
		cmd.Wait()
	}()
	log := filepath.Join(dir, "maillog")
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		text, _ := os.ReadFile(log)
		if bytes.Contains(text, []byte("daemon started")) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("Postfix does not start: %s", text)
		}
	}
	l := newLoad("tcp", port, loadSizes().clients, messages, messageSize)
	l.pace = pace
	return measure(t, "Postfix", l, s, cmd.Process.Pid)
}

// measure lets a load run against the server that is pid and its children.
func measure(t *testing.T, who string, l *load, s *sink, pid int) figures {
	t.Helper()
	stop, peak := make(chan bool), make(chan int)
	go func() {
		most := 0
		for tick := time.NewTicker(time.Second); ; {
			select {
			case <-tick.C:
				most = max(most, sharedOf(pid))
			case <-stop:
				tick.Stop()
				peak <- most
				return
			}
		}
	}()
	l.run()
	if len(l.failures) == 0 {
		s.wait(5 * time.Minute)
	}
	close(stop)
	f := figures{percentile(l.answers, 50), percentile(l.answers, 99), percentile(l.visits, 50), percentile(l.visits, 99), l.perSecond(l.ended), l.perSecond(s.last), float64(<-peak) / 1024}
	l.judge(t, s)
	t.Logf("%s: %s; %d connections to the sink, %d at a time", who, f, s.total, s.most)
	return f
}

// sharedOf is the memory of a process and its descendants in KiB; what several of
// them share counts once.
func sharedOf(pid int) (sum int) {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		parent, _ := strconv.Atoi(string(fields[1]))
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		children[parent] = append(children[parent], child)
	}
	for all := []int{pid}; len(all) > 0; {
		one := all[0]
		all = append(all[1:], children[one]...)
		sum += numberIn(fmt.Sprintf("/proc/%d/smaps_rollup", one), "Pss")
	}
	return sum
}
