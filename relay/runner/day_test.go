package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/secret"
	"mailchute/relay/smtp"
)

// A day is a world with mail coming in and a run every five minutes.
type day struct {
	*world
	promised map[string]bool // mailboxes of the messages that were accepted
	refused  int             // messages that the full disk did not let in
	runners  int             // at a time
	number   int
}

// mail is a message to three mailboxes, or to one.
func (d *day) mail(names ...string) {
	d.number++
	var to []string
	for _, n := range names {
		to = append(to, fmt.Sprintf("%s%d@x.example", n, d.number))
	}
	if _, err := d.queue.Accept(d.letter("day", to...)); err != nil {
		if !errors.Is(err, syscall.ENOSPC) {
			d.Errorf("accept: %v", err)
		}
		d.refused++
		return
	}
	for _, t := range to {
		d.promised[t] = true
	}
}

// until lets hours go by, with mail every quarter. Each runner may open two
// connections.
func (d *day) until(hours float64) {
	d.Helper()
	for range int(hours * 12) {
		if d.number%3 == 0 {
			d.mail("grey", "a", "b")
		} else if d.clock().Minute()%15 == 0 {
			d.mail("c")
		} else {
			d.number++
		}
		var runs sync.WaitGroup
		for range d.runners {
			runs.Go(func() {
				if _, err := d.runner(2).Run(context.Background(), Scope{}); err != nil {
					d.Error(err)
				}
			})
		}
		runs.Wait()
		d.after(5 * time.Minute)
	}
}

// TestADayInTheLife is a day on which everything goes wrong once. Nothing is lost,
// nothing arrives twice, and the smarthost does not see a storm.
func TestADayInTheLife(t *testing.T) {
	dir, small := smallDisk(t)
	if dir == "" {
		return // it was lived in another process
	}
	w := newWorld(t)
	q, err := queue.Open(filepath.Join(dir, "queue"))
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	w.queue = q
	w.account.Relay.SMTP.Login = &smtp.Login{User: "me", Secret: func(context.Context) (secret.Secret, error) { return secret.New("pw"), nil }}
	w.peer.Say("EHLO", "PIPELINING,AUTH PLAIN")
	w.now = w.now.Truncate(time.Hour)
	d := &day{world: w, promised: map[string]bool{}, runners: 1}
	connections := 0
	count := func(chapter string, most int) {
		t.Helper()
		n := w.peer.Sessions()
		t.Logf("%s: %d connections", chapter, n-connections)
		if n-connections > most {
			t.Errorf("%s: %d connections, want at most %d", chapter, n-connections, most)
		}
		connections = n
	}

	d.until(1)
	count("all is well", 2*12)
	w.peer.Say("CONNECT", "drop")
	d.until(2)
	count("the smarthost is down", 8)
	w.peer.Say("CONNECT", "")
	w.peer.Say("RCPT TO:<grey", "450 4.2.0 come back later")
	d.until(2)
	count("greylisting", 2*24)
	w.peer.Say("RCPT TO:<grey", "")
	w.peer.Say("RCPT TO:<gone", "550 5.1.1 no such user")
	d.mail("gone", "a")
	delete(d.promised, fmt.Sprintf("gone%d@x.example", d.number))
	d.until(1)
	count("one is refused for good", 2*12)
	w.peer.Say("AUTH", "535 5.7.8 wrong")
	d.until(1)
	count("the login is wrong", 1)
	w.peer.Say("AUTH", "")
	d.until(4)
	count("the login is right again", 2*48)
	if small {
		fill := filepath.Join(dir, "fill")
		d.mail("a", "b")
		d.mail("c")
		full(t, fill)
		d.until(1)
		if d.refused == 0 {
			t.Error("the disk was not full")
		}
		count("the disk is full", 2*12)
		os.Remove(fill)
	}
	d.runners = 4
	d.until(2)
	count("many runners at once", 4*2*24)
	d.runners = 1
	w.after(-3 * time.Hour)
	d.until(3)
	count("the clock jumps back", 2*36)
	w.after(4 * time.Hour)
	d.until(1)

	copies := w.peer.copies("day")
	for to := range d.promised {
		if copies[to] != 1 {
			t.Errorf("%s got %d copies", to, copies[to])
		}
		delete(copies, to)
	}
	for to, n := range copies {
		t.Errorf("%s got %d copies of what was not accepted", to, n)
	}
	if got := w.waiting(); got != "" {
		t.Errorf("left: %s", got)
	}
	w.count("reports", len(w.peer.letters("me@here.example")), 1)
	t.Logf("%d mailboxes, %d messages refused by the full disk", len(d.promised), d.refused)
}

// full writes a file until the disk is full.
func full(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 64 << 10; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

const diskVariable = "RUNNER_TEST_DISK"

// smallDisk is a directory on a small file system of its own, in a mount
// namespace of its own: the test runs again there, and here dir is "". Where the
// system does not allow that, it is any directory.
func smallDisk(t *testing.T) (dir string, small bool) {
	t.Helper()
	if dir := os.Getenv(diskVariable); dir != "" {
		if err := mountSmall(dir); err != nil {
			t.Logf("without a full disk: %v", err)
			return t.TempDir(), false
		}
		return dir, true
	}
	cmd := inOwnNamespace(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	if cmd == nil {
		return t.TempDir(), false
	}
	cmd.Env = append(os.Environ(), diskVariable+"="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if len(out) == 0 && err != nil { // it could not be started
		t.Logf("without a full disk: %v", err)
		return t.TempDir(), false
	}
	t.Log(strings.TrimSpace(string(out)))
	if err != nil {
		t.Error(err)
	}
	return "", false
}
