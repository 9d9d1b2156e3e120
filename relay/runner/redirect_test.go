package runner

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/relay/queue"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
)

// learns gives the account a memory, and a smarthost that sends old@x.example on to
// new@y.example.
func (w *world) learns() {
	w.account.Relay.Redirect.Remember = true
	w.account.Relay.Memory = redirect.OpenMemory(filepath.Join(w.TempDir(), "redirects"))
	w.peer.Say("RCPT TO:<old@", "557 5.2.7 moved to <new@y.example>")
}

// remembered is what another process finds in the memory.
func (w *world) remembered() []redirect.Entry {
	w.Helper()
	entries, err := w.account.Relay.Memory.List()
	if err != nil {
		w.Error(err)
	}
	return entries
}

// another is the same world for a process that starts now: it knows what is on disk.
func (w *world) another() {
	w.Helper()
	q, err := queue.Open(w.queue.Path())
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { q.Close() })
	w.queue = q
}

func TestA557WhoseCopyArrivesInALaterAttemptIsLearnt(t *testing.T) {
	w := newWorld(t)
	w.learns()
	w.peer.Say("RCPT TO:<new@", "450 4.2.0 greylisted")
	w.accept(w.letter("hi", "old@x.example"))
	began := time.Now().Add(-time.Second)
	w.flush()
	w.want("waiting", w.waiting(), "from <me@here.example>: new@y.example deferred")
	w.count("learnt before the copy has arrived", len(w.remembered()), 0)

	w.another()
	w.peer.Say("RCPT TO:<new@", "")
	w.flush()
	w.count("questions to the old mailbox", w.peer.Told("RCPT TO:<old@"), 1)
	learnt := w.remembered()
	w.count("learnt", len(learnt), 1)
	if len(learnt) == 1 {
		e := learnt[0]
		w.want("entry", e.Old.String()+" "+e.New.String()+" "+e.Server, "old@x.example new@y.example peer.example")
		if e.Unproven || e.Verified != "" || e.Learned.Before(began.Truncate(time.Second)) {
			t.Errorf("learnt as %+v", e)
		}
	}

	w.accept(w.letter("hi again", "old@x.example"))
	w.flush()
	w.count("questions to the old mailbox", w.peer.Told("RCPT TO:<old@"), 1)
	w.want("left", w.waiting()+w.failed(), "")
	w.count("notices", len(w.peer.letters("me@here.example")), 1)
}

func TestWhatArrivedOnceIsNotLearntOrCountedAgain(t *testing.T) {
	w := newWorld(t)
	w.learns()
	w.peer.Say("RCPT TO:<late@", "450 4.2.0 later")
	w.accept(w.letter("hi", "old@x.example", "late@x.example"))
	w.flush()
	if err := w.account.Relay.Memory.Forget(addr("old@x.example")); err != nil {
		t.Fatal(err)
	}
	w.flush()
	w.count("learnt again by a message that waits for another recipient", len(w.remembered()), 0)
}

func TestWhatLedNowhereForDaysIsForgotten(t *testing.T) {
	w := newWorld(t)
	w.learns()
	m := w.account.Relay.Memory
	if err := m.Learn(redirect.Entry{Old: addr("old@x.example"), New: addr("new@y.example"), Code: 557}); err != nil {
		t.Fatal(err)
	}
	w.peer.Say("RCPT TO:<new@", "450 4.2.0 later")
	w.accept(w.letter("hi", "old@x.example"))
	w.flush()
	w.count("remembered while it is tried", len(w.remembered()), 1)
	for range 16 {
		w.after(8 * time.Hour)
		w.flush()
	}
	w.want("failed", w.failed(), "from <me@here.example>: new@y.example failed")
	w.count("remembered when it was given up", len(w.remembered()), 0)
	w.count("questions to the old mailbox", w.peer.Told("RCPT TO:<old@"), 0)
}

// TestADeadSmarthostUnteachesNothing: it is the way that leads nowhere for days.
func TestADeadSmarthostUnteachesNothing(t *testing.T) {
	w := newWorld(t)
	w.learns()
	if err := w.account.Relay.Memory.Learn(redirect.Entry{Old: addr("old@x.example"), New: addr("new@y.example"), Code: 557}); err != nil {
		t.Fatal(err)
	}
	w.peer.Say("CONNECT", "421 4.3.2 down")
	w.accept(w.letter("hi", "old@x.example"))
	for range 16 {
		w.run()
		w.after(8 * time.Hour)
	}
	w.want("failed", w.failed(), "from <me@here.example>: new@y.example failed")
	w.count("remembered when it was given up", len(w.remembered()), 1)
}

// hearsay makes the way to the smarthost one where anybody may stand between.
func (w *world) hearsay() {
	r := w.account.Relay
	address := w.peer.Addr()
	r.Smarthosts = []route.Smarthost{{Scheme: route.Plain, Host: "192.0.2.1", Port: 25}}
	r.Redirect.Follow = redirect.FollowAlways
	r.SMTP.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
}

func TestHearsayStaysHearsayInTheQueue(t *testing.T) {
	w := newWorld(t)
	w.learns()
	w.hearsay()
	w.peer.Say("RCPT TO:<new@", "450 4.2.0 greylisted")
	w.accept(w.letter("hi", "old@x.example"))
	w.flush()
	w.another()
	w.peer.Say("RCPT TO:<new@", "")
	w.flush()
	if learnt := w.remembered(); len(learnt) != 1 || !learnt[0].Unproven {
		t.Errorf("learnt %+v", learnt)
	}
	w.account.Relay.Redirect.Follow = redirect.FollowVerified
	w.peer.Say("RCPT TO:<old@", "550 5.1.1 asked myself")
	w.accept(w.letter("ho", "old@x.example"))
	w.flush()
	w.count("questions to the old mailbox", w.peer.Told("RCPT TO:<old@"), 2)
	w.count("copies that hearsay led astray", w.peer.copies("ho")["new@y.example"], 0)
}

const flushVariable = "RUNNER_TEST_FLUSH"

// TestALessonSurvivesItsProcess kills a run at each step of a redirect: the next
// one learns what the 557 taught, and nobody is left without a copy.
func TestALessonSurvivesItsProcess(t *testing.T) {
	if paths := strings.Fields(os.Getenv(flushVariable)); len(paths) == 3 {
		flushIn(t, paths[0], paths[1], paths[2])
		return
	}
	for _, step := range []struct {
		name, prefix string
		nth          int
	}{
		{"when the old mailbox has redirected", "RCPT TO:<old@", 1},
		{"when the new one has put it off", "RCPT TO:<new@", 1},
		{"when the new one is asked again", "RCPT TO:<new@", 2},
		{"when the new one has got the text", "END", 1},
	} {
		t.Run(step.name, func(t *testing.T) {
			w := newWorld(t)
			w.learns()
			w.peer.SayOnce("RCPT TO:<new@", 1, "450 4.2.0 greylisted", nil)
			w.accept(w.letter("hi", "old@x.example"))
			memory := filepath.Join(t.TempDir(), "redirects")
			w.account.Relay.Memory = redirect.OpenMemory(memory)
			child, killed := make(chan *os.Process, 1), make(chan bool, 1)
			w.peer.SayOnce(step.prefix, step.nth, "", func() {
				(<-child).Kill()
				killed <- true
			})
			for dead := false; !dead; {
				cmd := exec.Command(os.Args[0], "-test.run", "^TestALessonSurvivesItsProcess$")
				cmd.Env = append(os.Environ(), flushVariable+"="+strings.Join([]string{w.queue.Path(), memory, w.peer.Addr()}, " "))
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				child <- cmd.Process
				err := cmd.Wait()
				select {
				case dead = <-killed:
				case <-child: // it came to its end
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 2 { // greylisted once more, maybe
				w.flush()
			}
			w.want("left", w.waiting()+w.failed(), "")
			if learnt := w.remembered(); len(learnt) != 1 || learnt[0].Unproven {
				t.Errorf("learnt %+v", learnt)
			}
			if w.peer.copies("hi")["new@y.example"] == 0 {
				t.Error("no copy has arrived")
			}
		})
	}
}

// flushIn makes one run of the queue in dir, in a process of its own.
func flushIn(t *testing.T, dir, memory, peer string) {
	w := newWorld(t)
	q, err := queue.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	w.queue = q
	w.learns()
	w.account.Relay.Memory = redirect.OpenMemory(memory)
	w.account.Relay.SMTP.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, peer)
	}
	w.flush()
}

// TestThoseWhoMeetBehindARedirectAreTriedTogether: each has a time of its own for the
// next attempt, and there is one copy for both.
func TestThoseWhoMeetBehindARedirectAreTriedTogether(t *testing.T) {
	w := newWorld(t)
	w.peer.Say("RCPT TO:<old@", "558 5.2.8 moved to <new@y.example>")
	w.peer.Say("RCPT TO:<new@", "450 4.2.0 later")
	w.accept(w.letter("hi", "old@x.example", "new@y.example"))
	w.run()
	w.peer.Say("RCPT TO:<new@", "")
	for range 3 * 60 { // the first two waits, whatever their jitter
		w.after(time.Second)
		w.run()
	}
	w.want("left", w.waiting()+w.failed(), "")
	w.count("copies", w.peer.copies("hi")["new@y.example"], 1)
}
