package runner

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"mailchute/headers/address"
	"mailchute/relay"
	"mailchute/relay/envelope"
	"mailchute/relay/message"
	"mailchute/relay/queue"
	"mailchute/relay/redirect"
	"mailchute/relay/route"
	"mailchute/relay/smtp"
)

// world is a queue, a smarthost and a clock.
type world struct {
	*testing.T
	peer    *peer
	queue   *queue.Queue
	account *Account
	gone    map[string]bool // accounts that are not configured

	mu     sync.Mutex
	now    time.Time
	events []Event
}

func newWorld(t *testing.T) *world {
	p := newPeer(t)
	q, err := queue.Open(filepath.Join(t.TempDir(), "queue"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return &world{T: t, peer: p, queue: q, now: time.Now().Truncate(time.Second), gone: map[string]bool{},
		account: &Account{RetryMin: time.Minute, RetryMax: 4 * time.Hour, Expire: 5 * 24 * time.Hour, WarnAfter: 0,
			Reporter: addr("mailer-daemon@here.example"), Host: "host.here.example",
			Relay: &relay.Relay{Smarthosts: []route.Smarthost{p.smarthost()}, SMTP: smtp.Options{Hello: "client.example"},
				Redirect: redirect.Policy{Follow: redirect.FollowVerified, Codes: []int{557, 558}, Via: redirect.ViaSmarthost, MaxHops: 5, AllowDomains: []string{"*"}}}}}
}

func addr(s string) address.Addr {
	a, err := address.Parse(s)
	if err != nil {
		panic(fmt.Sprintf("%q: %v", s, err))
	}
	return a
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// after moves the clock.
func (w *world) after(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// letter is a message to some mailboxes, accepted now.
func (w *world) letter(subject string, to ...string) queue.Entry {
	var s message.Scanner
	io.WriteString(&s, "hello\r\n")
	e := queue.Entry{Submitted: w.clock(), Envelope: &envelope.Envelope{Sender: addr("me@here.example")},
		Message: &message.Message{Header: []byte("From: me@here.example\r\nSubject: " + subject + "\r\n"), Body: message.NewBody([]byte("hello\r\n"), s.Traits())}}
	for _, r := range to {
		e.Envelope.Recipients = append(e.Envelope.Recipients, &envelope.Recipient{Original: addr(r), Address: addr(r)})
	}
	return e
}

func (w *world) accept(e queue.Entry) string {
	w.Helper()
	id, err := w.queue.Accept(e)
	if err != nil {
		w.Fatal(err)
	}
	return id
}

func (w *world) runner(workers int) *Runner {
	return &Runner{Queue: w.queue, Workers: workers, Now: w.clock,
		Account: func(name string) (*Account, error) {
			if w.gone[name] {
				return nil, fmt.Errorf("account %q is not configured", name)
			}
			return w.account, nil
		},
		Told: func(e Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		}}
}

func (w *world) scope(s Scope) Tally {
	w.Helper()
	tally, err := w.runner(4).Run(context.Background(), s)
	if err != nil {
		w.Error(err)
	}
	return tally
}

// run makes a run for what is due, flush one for all.
func (w *world) run() Tally   { w.Helper(); return w.scope(Scope{}) }
func (w *world) flush() Tally { w.Helper(); return w.scope(Scope{All: true}) }

// waiting and failed are the subjects of what is in the queue, with the state of
// each recipient: "hi: a@x deferred 1m0s".
func (w *world) waiting() string { w.Helper(); return w.list(w.queue.List()) }
func (w *world) failed() string  { w.Helper(); return w.list(w.queue.ListFailed()) }

func (w *world) list(entries func(func(queue.Entry, error) bool)) string {
	w.Helper()
	var lines []string
	for e, err := range entries {
		if err != nil {
			w.Error(err)
			continue
		}
		line := "from <" + e.Envelope.Sender.String() + ">:"
		for _, f := range e.Summary().Fates {
			line += " " + f.Recipient + " " + f.State
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

func (w *world) want(what, got, want string) {
	w.Helper()
	if got != want {
		w.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func (w *world) count(what string, got, want int) {
	w.Helper()
	if got != want {
		w.Errorf("%s: %d, want %d", what, got, want)
	}
}

// file writes a file below the queue directory.
func (w *world) file(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.queue.Path(), name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// trouble is the words of what the runner told of besides attempts.
func (w *world) trouble() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var words []string
	for _, e := range w.events {
		if e.Err != nil {
			words = append(words, e.Err.Error())
		}
	}
	return strings.Join(words, "; ")
}
