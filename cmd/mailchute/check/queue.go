package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"mailchute/cmd/mailchute/desk"
	"mailchute/cmd/mailchute/exit"
	"mailchute/cmd/mailchute/face"
	"mailchute/cmd/mailchute/machine"
	"mailchute/cmd/mailchute/wire"
	"mailchute/relay/queue"
	"mailchute/relay/xqueue"
)

// Limits of what is looked at, and of what is worth a word.
const (
	maxListed    = 20000            // messages of one queue
	littleRoom   = 64 << 20         // octets of a file system
	fewFiles     = 1000             // that it takes more
	overdueAfter = time.Hour        // that something is due and nobody has tried it
	clockSlack   = 10 * time.Minute // that a time may lie in the future
)

// checkQueues looks at the queues of all accounts, and at what the local server
// holds for this user. clocked tells whether something runs them by the clock.
func checkQueues(ctx context.Context, at about, f *face.Call, clocked bool) {
	for _, a := range f.Config.All() {
		if !a.Queue.Enabled && len(a.Smarthosts) > 0 && !wire.ByLocalServer(a) {
			at.about(a.Name).note("queue", "it is turned off: when the smarthost cannot be reached, the caller gets status 75 and keeps the message", "")
		}
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	p, err := desk.OpenStores(ctx, f)
	if err != nil {
		at.error("queue", exit.CantCreate, err.Error(), "")
		return
	}
	defer p.Close()
	now, late := time.Now(), f.Config.Default.Queue.WarnAfter
	for _, q := range p.Queues {
		if h := inspect(q, now); f.TakesMail(q) {
			h.tell(at, now, clocked, late)
		} else {
			h.tellOff(at)
		}
	}
	for _, q := range p.Idle {
		if h := inspect(q, now); h.waiting > 0 {
			at.warn("queue", fmt.Sprintf("%s: %d waiting of another configuration, and this one does not send them", h.path, h.waiting), "mailchute queue list; a configuration with that queue and a smarthost sends them")
		}
	}
	for _, c := range p.Servers {
		h := queueHealth{path: "the local server, for this user"}
		h.count(desk.AtServer(ctx, c), now)
		h.tell(at, now, true, late)
	}
}

// inspect looks at one queue.
func inspect(q *queue.Queue, now time.Time) queueHealth {
	h := queueHealth{path: q.Path()}
	dir := h.path
	if _, err := os.Stat(h.path); errors.Is(err, fs.ErrNotExist) {
		h.missing = true
		dir = nearest(h.path)
		h.err = unix.Access(dir, unix.W_OK|unix.X_OK)
	}
	h.octets, h.files, h.room = machine.Space(dir)
	if h.missing {
		return h
	}
	h.holds, _ = q.RouteHolds()
	done, busy, err := q.LockRun()
	if h.busy = busy; err == nil && !busy {
		done()
	}
	h.count(desk.OnDisk(q), now)
	if entries, err := os.ReadDir(filepath.Join(h.path, "corrupt")); err == nil {
		h.aside = len(entries) / 2 // each has its reason beside it
	}
	return h
}

// nearest is the directory above path that is there.
func nearest(path string) string {
	for path = filepath.Dir(path); path != "/"; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			break
		}
	}
	return path
}

var errEnough = errors.New("enough was seen")

// count goes through the messages.
func (h *queueHealth) count(s desk.Store, now time.Time) {
	ignore := func(error) {}
	err := s.Each(xqueue.Filter{}, func(m queue.Summary) error {
		if h.waiting++; h.waiting > maxListed {
			h.cut = true
			return errEnough
		}
		if h.oldest == nil {
			h.oldest = &m
		}
		if !m.Held && !m.Next.IsZero() && now.Sub(m.Next) > overdueAfter {
			h.overdue++
		}
		if m.Submitted.Sub(now) > clockSlack {
			h.future++
		}
		return nil
	}, ignore)
	if err == nil {
		err = s.Each(xqueue.Filter{Failed: true}, func(queue.Summary) error {
			h.failed++
			return nil
		}, ignore)
	}
	if !errors.Is(err, errEnough) {
		h.err = err
	}
}
