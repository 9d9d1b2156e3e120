package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/smtp/smtptest"
)

// stage is one performance of a scene, with a smarthost of its own.
type stage struct {
	*testing.T
	dir   string
	peer  *smtptest.Server
	queue *queue.Queue
}

func (s *stage) end() {
	s.queue.Close()
	s.peer.Close()
}

func (s *stage) write(name, text string) {
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.Fatal(err)
	}
}

// accept puts a message of an age into the queue; an old one has been tried.
func (s *stage) accept(age time.Duration, to ...string) string {
	s.Helper()
	var scan message.Scanner
	io.WriteString(&scan, "hi\r\n")
	now := time.Now()
	e := queue.Entry{Submitted: now.Add(-age), Envelope: &envelope.Envelope{Sender: address.Addr{Local: "me", Domain: "sender.example"}},
		Message: &message.Message{Header: []byte("Subject: s\r\n"), Body: message.NewBody([]byte("hi\r\n"), scan.Traits())}}
	for _, text := range to {
		a, err := address.Parse(text)
		if err != nil {
			s.Fatal(err)
		}
		r := &envelope.Recipient{Original: a, Address: a}
		if age > 0 {
			r.Outcome = envelope.Outcome{State: envelope.Deferred, Cause: envelope.CauseRoute, Reason: "down"}
		}
		e.Envelope.Recipients = append(e.Envelope.Recipients, r)
		e.Retries = append(e.Retries, queue.Retry{Attempts: 9, Last: now.Add(-min(age, time.Hour)), Next: now.Add(-min(age, time.Minute))})
	}
	id, err := s.queue.Accept(e)
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// failed puts a message to those that failed for good, some time ago.
func (s *stage) failed(age time.Duration) {
	s.Helper()
	it, err := s.queue.Acquire(s.accept(age, "lost@x.example"))
	if err != nil {
		s.Fatal(err)
	}
	it.Envelope.Recipients[0].Outcome.State = envelope.Failed
	it.Retries[0].Told = true
	if err := it.Fail(time.Now().Add(-age)); err != nil {
		s.Fatal(err)
	}
}

// command is a call of the program in this stage.
func (s *stage) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "HOME="+s.dir, "TMPDIR="+s.dir, "XDG_STATE_HOME="+s.dir, "MAILCHUTE_CONFIG="+filepath.Join(s.dir, "mailchute.toml"),
		"GORACE=atexit_sleep_ms=0") // or each end takes a second under the race detector
	cmd.Dir = s.dir
	stdin, err := os.Open(filepath.Join(s.dir, "stdin"))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { stdin.Close() })
	cmd.Stdin = stdin
	return cmd
}

// said is a file for standard error.
func (s *stage) said() *os.File {
	f, err := os.Create(filepath.Join(s.dir, "stderr"))
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { f.Close() })
	return f
}

func (s *stage) read(f *os.File) string {
	text, err := os.ReadFile(f.Name())
	if err != nil {
		s.Error(err)
	}
	return string(text)
}

// copies is how often each mailbox got a message, reports apart.
func (s *stage) copies() (n map[string]int, reports int) {
	n = map[string]int{}
	for _, m := range s.peer.Messages() {
		for _, line := range m.Envelope[1:] {
			if strings.HasPrefix(m.Envelope[0], "MAIL FROM:<>") {
				reports++
				continue
			}
			to, _, _ := strings.Cut(strings.TrimPrefix(line, "RCPT TO:<"), ">")
			n[to]++
		}
	}
	return n, reports
}

// open is the recipients that wait in the queue, by message; reports apart.
func (s *stage) open() (messages [][]string) {
	s.Helper()
	for e, err := range s.queue.List() {
		if err != nil {
			s.Errorf("the queue: %v", err)
			continue
		}
		var to []string
		for _, r := range e.Envelope.Recipients {
			if st := r.Outcome.State; st == envelope.Pending || st == envelope.Deferred {
				to = append(to, r.Address.String())
			}
		}
		if !e.Envelope.Sender.IsNull() {
			messages = append(messages, to)
		}
	}
	return messages
}

// recover lets the program run undisturbed until the queue is empty.
func (s *stage) recover() {
	s.Helper()
	for range 3 {
		if err := s.command("mailchute", "-q").Run(); err != nil {
			s.Errorf("the run afterwards: %v", err)
		}
	}
	if left := s.open(); len(left) > 0 {
		s.Errorf("left in the queue: %v", left)
	}
}

// judge looks at a stage after the disturbance and after the recovery: everything
// that was accepted is delivered, and nothing that was recorded as delivered is
// delivered again. It tells how many messages the smarthost had taken and the
// queue did not know of it: these are sent again, and there is one at most for each
// connection. It is the window between the final reply and its record, which no
// order of the two can close: a record first would lose mail.
func (s *stage) judge(sc *scene, where string, status int, said string) (window int) {
	s.Helper()
	s.peer.Settle()
	before, _ := s.copies()
	open := s.open()
	want := map[string]int{}
	for to, n := range before {
		want[to] = n
	}
	for _, m := range open {
		again := false
		for _, to := range m {
			switch {
			case strings.HasPrefix(to, "gone"), strings.HasPrefix(to, "never"):
				continue
			case strings.HasPrefix(to, "old"):
				to = "new@x.example"
			}
			again = again || before[to] > 0
			want[to]++
		}
		if again {
			window++
		}
	}
	if window > 1 {
		s.Errorf("%s: %d messages are sent again", where, window)
	}
	s.recover()
	after, reports := s.copies()
	for to := range after {
		if after[to] != want[to] {
			s.Errorf("%s: %s had %d copies, waited as %v, has %d copies now", where, to, before[to], open, after[to])
		}
	}
	kept := s.kept()
	for _, to := range s.promised(sc, status) {
		if after[to] == 0 && !kept[to] && !strings.Contains(said, "<"+to+">: ") {
			s.Errorf("%s, status %d: %s is lost", where, status, to)
		}
	}
	if sc.setup != nil && reports == 0 {
		s.Errorf("%s: nobody was told of the failure", where)
	}
	return window
}

// kept is the recipients that failed for good and are there to be looked at.
func (s *stage) kept() map[string]bool {
	s.Helper()
	kept := map[string]bool{}
	for e, err := range s.queue.ListFailed() {
		if err != nil {
			s.Error(err)
			continue
		}
		for _, r := range e.Envelope.Failed() {
			kept[r.Address.String()] = true
		}
	}
	return kept
}

// promised is the recipients that the program is responsible for.
func (s *stage) promised(sc *scene, status int) []string {
	switch sc.name {
	case "flush":
		return []string{"a1@x.example", "a2@x.example", "a3@x.example", "later@x.example", "a4@x.example", "new@x.example", "a5@x.example"}
	case "flush many":
		return []string{"b0@x.example", "b1@x.example", "b2@x.example", "b3@x.example", "b4@x.example", "b5@x.example", "b6@x.example", "b7@x.example"}
	case "expire":
		return []string{"a1@x.example"}
	}
	if status == 0 {
		return sc.named
	}
	return nil
}

func newStage(t *testing.T, sc *scene) *stage {
	t.Helper()
	p, err := NewPeer(crashRules)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, dir: t.TempDir(), peer: p}
	if s.queue, err = queue.Open(filepath.Join(s.dir, "queue")); err != nil {
		t.Fatal(err)
	}
	s.write("mailchute.toml", fmt.Sprintf(`smarthost = "smtp+plain://%s"
aliases = ""
[identity]
hostname = "host.sender.example"
domain = "sender.example"
address = "none"
[log]
to = "none"
[queue]
dir = %q
workers = 1
keep_failed = "30d"
`, p.Addr(), s.queue.Path()))
	s.write("stdin", "From: me@sender.example\n"+sc.stdin)
	if sc.setup != nil {
		sc.setup(s)
	}
	return s
}
